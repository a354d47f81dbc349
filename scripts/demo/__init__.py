"""Runs the example: PostgreSQL, Better Auth in Next.js, and Duly, by one command."""
