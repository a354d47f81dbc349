"""Work in a process of its own: whoever loads the program must not slow the measuring down."""

import asyncio
import os
import time
from collections.abc import Awaitable, Callable
from multiprocessing import get_context
from multiprocessing.connection import Connection
from types import TracebackType
from typing import Any, Generic, ParamSpec, Self, TypeVar

import uvloop

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")

now = time.monotonic  # the same clock in all processes (clock_gettime(2))

_CONTEXT = get_context("spawn")


class Aside(Generic[Result]):
    """An asynchronous function that runs elsewhere until it is told to stop.

    Args:
        work: A function of a module; its first argument is the event that tells it to stop.
        arguments: Its other arguments.
    """

    def __init__(self, work: Callable[..., Awaitable[Result]], *arguments: Any) -> None:
        self._connection, theirs = _CONTEXT.Pipe()
        self._process = _CONTEXT.Process(target=_run, args=(theirs, work, arguments), daemon=True)
        self._process.start()
        theirs.close()
        self._connection.recv()  # it has started
        self._result: list[Result] = []

    def result(self, *, stop: bool = True) -> Result:
        """What it found; without `stop`, as soon as it has ended by itself."""
        if not self._result:
            if stop:
                self._connection.send(None)
            self._result.append(self._connection.recv())
            self._process.join()
        return self._result[0]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is None:
            self.result()
        self._process.kill()
        self._process.join()


def _run(
    connection: Connection, work: Callable[..., Awaitable[Any]], arguments: tuple[Any, ...]
) -> None:
    async def main() -> Any:
        stopping = asyncio.Event()
        asyncio.get_running_loop().add_reader(connection.fileno(), stopping.set)
        connection.send(None)
        return await work(stopping, *arguments)

    result = uvloop.run(main())
    os.set_blocking(connection.fileno(), True)  # the loop has made it non-blocking
    connection.send(result)


async def pause(stopping: asyncio.Event, seconds: float) -> bool:
    """Wait that long, or until it is time to stop; whether to go on."""
    try:
        async with asyncio.timeout(max(0.0, seconds)):
            await stopping.wait()
    except TimeoutError:
        return True
    return False
