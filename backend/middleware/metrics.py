"""Prometheus metrics, summed over all workers."""

import os
from functools import lru_cache

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Histogram,
    generate_latest,
)
from prometheus_client import multiprocess as prometheus_multiprocess

_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0)
_METHODS = frozenset({"GET", "HEAD", "POST", "PATCH", "PUT", "DELETE", "OPTIONS"})
_LABELS = ("method", "route", "status")

_DURATION = Histogram(
    "duly_request_duration_seconds", "Time to answer a request.", _LABELS, buckets=_BUCKETS
)


@lru_cache(maxsize=1024)
def _series(method: str, route: str, status: int) -> Histogram:
    return _DURATION.labels(method, route, str(status))


def observe(method: str, route: str, status: int, seconds: float) -> None:
    """Count one request. Clients may make methods up, but not series."""
    known = method if method in _METHODS else "other"
    _series(known, route, status).observe(seconds)


def exposition() -> tuple[bytes, str]:
    """All metrics in Prometheus' text format, and its media type.

    With several workers each keeps its numbers in a file under `PROMETHEUS_MULTIPROC_DIR`, and
    whoever is asked adds them up.
    """
    if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
        return generate_latest(), CONTENT_TYPE_LATEST
    registry = CollectorRegistry()
    prometheus_multiprocess.MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return generate_latest(registry), CONTENT_TYPE_LATEST
