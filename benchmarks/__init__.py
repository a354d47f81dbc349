"""Duly against its peers and its limit, in one run: `python -m benchmarks`."""
