"""Granian, mended where signals would hang it.

A terminal sends Ctrl-C to the whole process group, systemd sends SIGTERM to every process of
the service, and Granian's parent passes on what it gets: two or three signals within a
millisecond are the rule. Granian 2.8 stands one: in the parent a second signal waits for a lock
that the first one's handler holds, in a worker it blocks the event loop, requests and all.
"""

import asyncio
import signal
import threading
from collections.abc import Callable
from typing import Any, TypeVarTuple

import uvloop
from granian import loops
from granian.server import MPServer

_Arguments = TypeVarTuple("_Arguments")


class Supervisor(MPServer):
    """The parent of the workers: stops them at the first signal, and ignores the others."""

    def signal_handler_interrupt(self, *args: Any, **kwargs: Any) -> None:
        """Wake the main loop, which stops the workers."""
        if not self.interrupt_signal:
            super().signal_handler_interrupt(*args, **kwargs)  # type: ignore[no-untyped-call]


class WorkerLoop(uvloop.Loop):
    """The event loop of a worker: acts on the first signal, and ignores the others."""

    def __init__(self) -> None:
        super().__init__()
        self._stop = threading.Lock()  # taken by the first signal

    def add_signal_handler(
        self, sig: int, callback: Callable[[*_Arguments], object], *args: *_Arguments
    ) -> None:
        """Call back at the first signal; uvloop's own loses those between start-up and serving."""
        signal.signal(sig, lambda *_: self._stop.acquire(blocking=False) and callback(*args))


@loops.register("auto")
def _worker_loop() -> WorkerLoop:
    # Until the loop has its handlers a worker has those of its parent, which stop nothing here.
    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, signal.SIG_DFL)
    loop = WorkerLoop()
    asyncio.set_event_loop(loop)
    return loop
