"""One worker: an event loop, the application, and its share of the connections."""

import asyncio
import logging
import os
import signal
import socket
from collections.abc import Callable
from typing import Final

import uvloop

from backend.config import Settings
from backend.core.lifecycle import stopping
from backend.main import create_app
from backend.middleware.headers import protective_fields
from backend.serving.connections import Connections, Timers
from backend.serving.supervisor import Family, name_process

STOP_SECONDS: Final = 5  # after draining; requests have 2
_SPARE_DESCRIPTORS: Final = 128  # for the database, files and what is being refused

log = logging.getLogger(__name__)


def work(settings: Settings, listener: socket.socket, descriptors: int, family: Family) -> int:
    """Serve until told to stop, or until the parent is gone.

    Args:
        settings: Those of the program.
        listener: Where connections come from, shared by all workers.
        descriptors: How many files the process may have open.
        family: The parent.

    Returns:
        The status of the process.
    """
    name_process("duly-worker")
    most = max(1, min(settings.max_connections, descriptors - _SPARE_DESCRIPTORS))
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        try:
            runner.run(_work(settings, listener, most, family))
        except Exception as error:
            log.exception("worker_failed", extra={"reason": str(error)})
            return 1
    return 0


async def _work(settings: Settings, listener: socket.socket, most: int, family: Family) -> None:
    told = asyncio.Event()
    orphaned = _listen_for_the_end(told.set, family.lifeline)
    app = create_app(settings)
    timers = Timers(settings.head_timeout, settings.idle_timeout, settings.write_timeout)
    async with app.router.lifespan_context(app):
        fields = protective_fields(https_only=not settings.development)
        connections = Connections(app, timers, most, fields)
        connections.listen(listener)
        family.tell_ready()
        await told.wait()
        stopping.set()
        if not orphaned():
            await asyncio.sleep(settings.drain_seconds)
        await connections.close(listener, STOP_SECONDS)


def _listen_for_the_end(tell: Callable[[], None], lifeline: int) -> Callable[[], bool]:
    """Tell of the first signal to stop, or of the parent's end; says which it was."""
    loop = asyncio.get_running_loop()
    orphaned = False

    def note_orphaned() -> None:
        nonlocal orphaned
        orphaned = True
        loop.remove_reader(lifeline)
        os.close(lifeline)
        tell()

    loop.add_reader(lifeline, note_orphaned)
    # A terminal sends Ctrl-C to every process of the group and the parent passes it on: the second
    # changes nothing.
    for each in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(each, tell)
    return lambda: orphaned
