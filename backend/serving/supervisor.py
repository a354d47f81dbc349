"""The workers: granian, set up for Duly and mended where signals would hang it.

A terminal sends Ctrl-C to the whole process group, systemd sends SIGTERM to every process of
the service, and Granian's parent passes on what it gets: two or three signals within a
millisecond are the rule. Granian 2.8 stands one: in the parent a second signal waits for a lock
that the first one's handler holds, in a worker it blocks the event loop, requests and all.
"""

import asyncio
import os
import signal
import threading
from collections.abc import Callable
from functools import partial
from typing import Any, TypeVarTuple

import uvloop

# Read by granian's allocator when it is imported: what is free goes back to the system at once.
os.environ.setdefault("_RJEM_MALLOC_CONF", "narenas:1,dirty_decay_ms:0")

from granian import loops
from granian.constants import HTTPModes, Interfaces
from granian.http import HTTP1Settings
from granian.log import LogLevels
from granian.server import MPServer

from backend.config import Settings
from backend.core.lifecycle import stopping

_Arguments = TypeVarTuple("_Arguments")

_HEADER_MILLISECONDS = 5_000
_BACKLOG = 4_096
_RESPAWN_SECONDS = 0.5
_STOP_SECONDS = 5  # after draining; requests have 2


def serve_with_workers(settings: Settings) -> None:
    """Keep the workers running until SIGINT or SIGTERM; requests in progress are answered."""
    loops.register("auto")(partial(_worker_loop, settings.drain_seconds))
    _Supervisor(
        "backend.main:create_app",
        factory=True,
        interface=Interfaces.ASGI,
        address=settings.host,
        port=settings.port,
        workers=settings.workers,
        http=HTTPModes.http1,
        http1_settings=HTTP1Settings(header_read_timeout=_HEADER_MILLISECONDS),
        websockets=False,
        backlog=_BACKLOG,
        backpressure=_BACKLOG,
        respawn_failed_workers=True,
        respawn_interval=_RESPAWN_SECONDS,
        workers_kill_timeout=settings.drain_seconds + _STOP_SECONDS,
        log_enabled=True,
        log_level=LogLevels.warning,
    ).serve()


class _Supervisor(MPServer):
    """The parent of the workers: stops them at the first signal, and ignores the others."""

    def signal_handler_interrupt(self, *args: Any, **kwargs: Any) -> None:
        if not self.interrupt_signal:
            super().signal_handler_interrupt(*args, **kwargs)  # type: ignore[no-untyped-call]


class _WorkerLoop(uvloop.Loop):
    """The event loop of a worker: acts on the first signal, and ignores the others.

    Args:
        drain_seconds: How long the worker goes on serving after the signal.
    """

    def __init__(self, drain_seconds: int) -> None:
        super().__init__()
        self._drain_seconds = drain_seconds
        self._first_signal = threading.Lock()  # taken by it

    def add_signal_handler(
        self, sig: int, callback: Callable[[*_Arguments], object], *args: *_Arguments
    ) -> None:
        def act(*_: object) -> None:
            if self._first_signal.acquire(blocking=False):
                stopping.set()
                self.call_soon_threadsafe(self.call_later, self._drain_seconds, callback, *args)

        # uvloop's own handlers lose what comes between the runs for start-up and for serving.
        signal.signal(sig, act)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, (sig,))


def _worker_loop(drain_seconds: int) -> _WorkerLoop:
    # Signals wait for the loop's handlers: until then those of the parent would swallow them.
    signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGINT, signal.SIGTERM))
    loop = _WorkerLoop(drain_seconds)
    asyncio.set_event_loop(loop)
    return loop
