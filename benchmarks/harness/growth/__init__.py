"""Duly alone, on databases of different sizes: latency, deep pages, sizes, updates."""
