"""Prometheus metrics of all workers."""

import logging
import math
import os
import re
import struct
import sys
import time
from bisect import bisect_left
from collections import Counter as Tally
from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Final

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    REGISTRY,
    CollectorRegistry,
    Counter,
    Histogram,
    Metric,
    generate_latest,
)
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0)
_BOUNDS = (*_BUCKETS, math.inf)
_METHODS = frozenset({"GET", "HEAD", "POST", "PATCH", "PUT", "DELETE", "OPTIONS"})
_LABELS = ("method", "route", "status")

_DURATION = Histogram(
    "duly_request_duration_seconds", "Time to answer a request.", _LABELS, buckets=_BUCKETS
)

_REFUSED_CONNECTIONS = Counter(
    "duly_refused_connections_total",
    "Connections that the server itself ended with an error, by its code.",
    ("code",),
)
_PROBLEMS = Counter(
    "duly_problems_total", "Answers that were problems, by the code that clients see.", ("code",)
)
_PAUSES = 20  # times as long as it took to sum up
_LIVE_FILE = re.compile(r"gauge_live[a-z]*_(\d+)\.db")
# What reading a file raises that is empty, cut off, or something else.
_UNREADABLE = (OSError, LookupError, RuntimeError, ValueError, struct.error)

log = logging.getLogger(__name__)


@lru_cache(maxsize=1024)
def _series(method: str, route: str, status: int) -> Histogram:
    return _DURATION.labels(method, route, str(status))


def observe(method: str, route: str, status: int, durations: list[float]) -> None:
    """Count requests of one kind, which took so many seconds each.

    Clients may make methods up, but not series. Together, because each increment of Prometheus'
    client asks for the process and takes a lock.
    """
    known = method if method in _METHODS else "other"
    series = _series(known, route, status)
    series._sum.inc(sum(durations))  # noqa: SLF001 - docs/decisions/0016-private-parts.md
    places = Tally(bisect_left(_BOUNDS, seconds) for seconds in durations)
    for place, count in places.items():
        series._buckets[place].inc(count)  # noqa: SLF001 - as above


def count_problems(codes: Mapping[str, int]) -> None:
    """Count how many answers were problems, by their codes."""
    for code, count in codes.items():
        _PROBLEMS.labels(code).inc(count)


def count_refused_connection(code: str) -> None:
    """Count one connection that ended with this problem, before any route had a say."""
    _REFUSED_CONNECTIONS.labels(code).inc()


def forget_dead_workers() -> None:
    """Take the gauges of workers that are gone out of the sums."""
    directory = os.environ.get("PROMETHEUS_MULTIPROC_DIR")
    if directory is None or sys.platform == "win32":  # there, signal 0 would end the process
        return
    for file in Path(directory).iterdir():
        match = _LIVE_FILE.fullmatch(file.name)
        if match and not _is_alive(int(match[1])):
            file.unlink(missing_ok=True)  # another worker may have been faster


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # somebody else's by now, but alive
        return True
    return True


class Exposition:
    """All metrics in Prometheus' text format.

    With several workers each keeps its numbers in a file under `PROMETHEUS_MULTIPROC_DIR`, and
    whoever is asked adds them up. Everybody may ask, and others wait meanwhile: so the sums are
    made again only when that takes no more than a twentieth of the time.
    """

    media_type = CONTENT_TYPE_LATEST

    def __init__(self) -> None:
        self._text = b""
        self._not_before = 0.0

    def text(self) -> bytes:
        """The numbers of the moment, or of a little earlier."""
        began = time.monotonic()
        if began >= self._not_before:
            self._text = generate_latest(_registry())
            ended = time.monotonic()
            self._not_before = ended + _PAUSES * (ended - began)
        return self._text


def _registry() -> CollectorRegistry:
    directory = os.environ.get("PROMETHEUS_MULTIPROC_DIR")
    if directory is None:
        return REGISTRY
    forget_dead_workers()
    return all_workers(Path(directory))


def all_workers(directory: Path) -> CollectorRegistry:
    """What the workers that keep their numbers in a directory have counted together."""
    registry = CollectorRegistry()
    registry.register(_Workers(directory))
    return registry


class _Workers(Collector):
    """Adds files up to which others write meanwhile, so that one file never hides the rest.

    A worker's file is empty for a moment after it was made, and that of one which is gone may
    vanish between being listed and being read.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def collect(self) -> Iterable[Metric]:
        files = [str(each) for each in self._directory.iterdir() if each.suffix == ".db"]
        try:
            return _sums(files)
        except _UNREADABLE:
            return _sums([each for each in files if _is_readable(each)])


def _sums(files: list[str]) -> Iterable[Metric]:
    sums: Iterable[Metric] = MultiProcessCollector.merge(files)  # type: ignore[no-untyped-call]
    return sums


def _is_readable(file: str) -> bool:
    """Whether a file can be read; says so when it holds what cannot."""
    try:
        if not Path(file).stat().st_size:
            return False
        _sums([file])
    except FileNotFoundError:
        return False
    except _UNREADABLE as error:
        known = {"file": Path(file).name, "reason": str(error)}
        log.warning("metrics_file_unreadable", extra=known)
        return False
    return True


exposition: Final = Exposition()
