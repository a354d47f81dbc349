"""The states that are sampled: of keys, tokens, database, clients and process.

Each function gives what writes one of them down. Gauges of several workers are added up, or the one
that is worst off speaks for all; one that is gone has no say any more. Counters go on counting what
the dead did.
"""

import math
import os
import platform
import sys
import time
from collections.abc import Callable, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Final, Protocol

from prometheus_client import Counter, Gauge

from backend.core.key_sets import KeySetStates
from backend.database.connection.pools import Pools
from backend.database.replica import Replica
from backend.observability.sampling import Sample, Total

_BUILD = Gauge(
    "duly_build_info",
    "Always 1: which version runs, on which Python.",
    ("version", "python"),
    multiprocess_mode="livemax",
)
_KEYS = Gauge(
    "duly_keys",
    "Keys in force of an issuer, in the worker that has fewest.",
    ("issuer",),
    multiprocess_mode="livemin",
)
_AGE = Gauge(
    "duly_key_set_age_seconds",
    "Time since an issuer confirmed its keys, in the worker that waits longest; +Inf: never.",
    ("issuer",),
    multiprocess_mode="livemax",
)
_FETCHES = Counter(
    "duly_key_set_fetches_total", "Fetches of an issuer's key set, by all workers.", ("issuer",)
)
_LOOKUPS = Counter(
    "duly_token_cache_lookups_total",
    "Tokens that were verified lately (hit), and tokens that had to be verified (miss).",
    ("outcome",),
)
_REMEMBERED = Gauge(
    "duly_token_cache_entries", "Verified tokens in memory.", multiprocess_mode="livesum"
)

_POOL: Final = ("pool",)
_CONNECTIONS = Gauge(
    "duly_database_connections", "Connections that are ready.", _POOL, multiprocess_mode="livesum"
)
_MOST_CONNECTIONS = Gauge(
    "duly_database_connections_limit",
    "Connections that there may be.",
    _POOL,
    multiprocess_mode="livesum",
)
_IN_FLIGHT = Gauge(
    "duly_database_calls_in_flight",
    "Calls that PostgreSQL has not answered yet.",
    _POOL,
    multiprocess_mode="livesum",
)
_WAITING = Gauge(
    "duly_database_calls_waiting",
    "Calls that wait for a turn of their user.",
    _POOL,
    multiprocess_mode="livesum",
)
_WAITS = Counter("duly_database_waits_total", "Calls that had to wait for a turn.", _POOL)
_WAIT_SECONDS = Counter(
    "duly_database_wait_seconds_total", "Time that calls have waited for a turn.", _POOL
)
_REFUSALS = Counter(
    "duly_database_refusals_total",
    "Calls that were refused without being sent, by reason.",
    ("pool", "reason"),
)
_CONNECTS = Counter(
    "duly_database_connects_total", "Attempts to connect, by outcome.", ("pool", "outcome")
)
_LOST = Counter(
    "duly_database_connections_lost_total", "Connections that broke while they were used.", _POOL
)
_REPLICA_READS = Counter(
    "duly_replica_reads_total",
    "Reads that might go to the replica: it was used, behind, failed, or had a rest after silence.",
    ("outcome",),
)
_ISOLATION_LOST = Gauge(
    "duly_isolation_lost",
    "1 while a worker finds that the database does not keep users apart, and answers nothing.",
    multiprocess_mode="livemax",
)

_CLIENTS = Gauge(
    "duly_client_connections",
    "Connections of clients, with a request in progress (busy) or without (idle).",
    ("state",),
    multiprocess_mode="livesum",
)
_MOST_CLIENTS = Gauge(
    "duly_client_connections_limit",
    "Connections of clients that there may be.",
    multiprocess_mode="livesum",
)

_STREAMS = Gauge(
    "duly_event_streams", "Open streams of events of all workers.", multiprocess_mode="livesum"
)

_WORKER: Final = ("worker",)
_CPU = Counter(
    "duly_process_cpu_seconds_total", "Processor time of a worker, user and system.", _WORKER
)
_MEMORY = Gauge(
    "duly_process_resident_memory_bytes",
    "Memory of a worker, what it shares with others included.",
    _WORKER,
    multiprocess_mode="livesum",
)
_FILES = Gauge(
    "duly_process_open_fds",
    "Open file descriptors of a worker.",
    _WORKER,
    multiprocess_mode="livesum",
)
_MOST_FILES = Gauge(
    "duly_process_max_fds",
    "File descriptors that a worker may open.",
    _WORKER,
    multiprocess_mode="livesum",
)
_STARTED = Gauge(
    "duly_process_start_time_seconds",
    "When a worker started, since the epoch.",
    _WORKER,
    multiprocess_mode="livemax",
)
_PROC: Final = Path("/proc/self")


class TokenCache(Protocol):
    """Whoever remembers verified tokens."""

    @property
    def hits(self) -> int:
        """How many tokens were found."""

    @property
    def misses(self) -> int:
        """How many were not."""

    @property
    def remembered(self) -> int:
        """How many are in memory."""


class Streams(Protocol):
    """Whoever knows the open streams."""

    @property
    def streams(self) -> int:
        """How many there are."""


def build() -> Sample:
    """Which program this is."""
    series = _BUILD.labels(version("duly"), platform.python_version())
    return lambda: series.set(1)


def key_sets(keys: KeySetStates) -> Sample:
    """The keys of all issuers."""
    fetches = Total(_FETCHES)

    def sample() -> None:
        for name, state in keys.states().items():
            _KEYS.labels(name).set(state.keys)
            _AGE.labels(name).set(math.inf if state.age is None else state.age)
            fetches.follow(state.fetches, name)

    return sample


def tokens(cache: TokenCache) -> Sample:
    """The memory of verified tokens."""
    lookups = Total(_LOOKUPS)

    def sample() -> None:
        lookups.follow(cache.hits, "hit")
        lookups.follow(cache.misses, "miss")
        _REMEMBERED.set(cache.remembered)

    return sample


def database(pools: Pools, replica: Replica | None) -> Sample:
    """The connections to the database, and to its replica, and who waits for them."""
    waits, seconds, lost = Total(_WAITS), Total(_WAIT_SECONDS), Total(_LOST)
    refusals, connects, reads = Total(_REFUSALS), Total(_CONNECTS), Total(_REPLICA_READS)

    def sample() -> None:
        _ISOLATION_LOST.set(pools.isolation_lost)
        for name, state in (pools.states() | (replica.states() if replica else {})).items():
            _CONNECTIONS.labels(name).set(state.connections)
            _MOST_CONNECTIONS.labels(name).set(state.most_connections)
            _IN_FLIGHT.labels(name).set(state.in_flight)
            _WAITING.labels(name).set(state.waiting)
            waits.follow(state.waits, name)
            seconds.follow(state.wait_seconds, name)
            for reason, count in state.refusals.items():
                refusals.follow(count, name, reason)
            connects.follow(state.made, name, "made")
            connects.follow(state.failed, name, "failed")
            lost.follow(state.lost, name)
        for outcome, count in (replica.outcomes if replica else {}).items():
            reads.follow(count, outcome)

    return sample


def streams(hub: Streams) -> Sample:
    """The open streams of events."""
    return lambda: _STREAMS.set(hub.streams)


def clients(count: Callable[[], Mapping[str, int]], most: int) -> Sample:
    """The connections of clients.

    Args:
        count: How many there are in each state.
        most: How many there may be.
    """

    def sample() -> None:
        _MOST_CLIENTS.set(most)
        for state, connections in count().items():
            _CLIENTS.labels(state).set(connections)

    return sample


def process(worker: str) -> Sample:
    """This process, which does the work of `worker`: its successor has the same name."""
    cpu = Total(_CPU)
    _STARTED.labels(worker).set(time.time())

    def sample() -> None:
        cpu.follow(time.process_time(), worker)
        if sys.platform == "linux":  # others tell less, and each in its own way
            import resource  # noqa: PLC0415 - Windows has none

            pages = int((_PROC / "statm").read_text().split()[1])
            _MEMORY.labels(worker).set(pages * resource.getpagesize())
            _FILES.labels(worker).set(_open_files())
            _MOST_FILES.labels(worker).set(resource.getrlimit(resource.RLIMIT_NOFILE)[0])

    return sample


def _open_files() -> int:
    # As the size of the folder since Linux 6.2: to list ten thousand takes milliseconds.
    folder = _PROC / "fd"
    return folder.stat().st_size or len(os.listdir(folder))  # noqa: PTH208 - only their number
