"""Behaviour, one file per noun: builds statements, applies the core's rules, knows no HTTP."""
