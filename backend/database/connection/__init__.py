"""Connections to PostgreSQL: one wire, a pool of them, the pools of a worker."""
