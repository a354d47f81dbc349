"""Faults, neighbours and overload against the served program; run by `make faults`."""
