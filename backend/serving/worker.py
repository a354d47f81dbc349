"""One worker: an event loop, the application, and its share of the connections."""

import asyncio
import logging
import os
import signal
import socket
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from typing import Final

import uvloop
from starlette.types import ASGIApp

from backend.config import Settings
from backend.core.lifecycle import closing, stopping
from backend.main import create_app
from backend.observability.sampling import Sampler
from backend.observability.states import clients, process
from backend.serving.allocator import return_large_blocks
from backend.serving.connections import Connections, Timers
from backend.serving.refusals import Refusals
from backend.serving.supervisor import Family, name_process

STOP_SECONDS: Final = 5  # after draining; requests have 2

log = logging.getLogger(__name__)

Opened = Callable[[], AbstractAsyncContextManager[ASGIApp]]
"""Opens the application for as long as the context lasts."""


@dataclass(frozen=True, slots=True)
class WorkerOptions:
    """How a worker behaves; `Connections` says more of the first three.

    Attributes:
        timers: How long clients may take.
        most: How many connections there may be.
        refusals: Makes the server's own answers.
        drain_seconds: How long to serve on when told to stop.
        name: What metrics call it; one that takes the place of another has its name.
    """

    timers: Timers
    most: int
    refusals: Refusals = field(default_factory=Refusals)
    drain_seconds: int = 0
    name: str = "1"


@asynccontextmanager
async def duly(settings: Settings) -> AsyncIterator[ASGIApp]:
    """The application of these settings, with what it holds open."""
    app = create_app(settings)
    async with app.router.lifespan_context(app):
        yield app


def work(
    opened: Opened, options: WorkerOptions, listeners: Sequence[socket.socket], family: Family
) -> int:
    """Serve until told to stop, or until the parent is gone.

    Args:
        opened: What to serve.
        options: See `WorkerOptions`.
        listeners: Where connections come from, shared by all workers.
        family: The parent.

    Returns:
        The status of the process.
    """
    name_process("duly-worker")
    return_large_blocks()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        try:
            runner.run(_work(opened, options, listeners, family))
        except Exception as error:
            log.exception("worker_failed", extra={"reason": str(error)})
            return 1
    return 0


async def _work(
    opened: Opened, options: WorkerOptions, listeners: Sequence[socket.socket], family: Family
) -> None:
    told = asyncio.Event()
    orphaned = _listen_for_the_end(told.set, family.lifeline)
    async with opened() as application:
        connections = Connections(application, options.timers, options.most, options.refusals)
        sampler = Sampler(process(options.name), clients(connections.states, options.most))
        async with sampler.kept():
            for each in listeners:
                connections.listen(each)
            family.tell_ready()
            await told.wait()
            stopping.set()
            if not orphaned():
                await asyncio.sleep(options.drain_seconds)
            closing.set()
            await connections.close(listeners, STOP_SECONDS)


def _listen_for_the_end(tell: Callable[[], None], lifeline: int) -> Callable[[], bool]:
    """Tell of the first signal to stop, or of the parent's end; says whether it was that."""
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
