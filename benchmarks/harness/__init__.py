"""Starts each system on the same data, checks it, measures it, reports."""
