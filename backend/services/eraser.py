"""Goes on with what erasures have left, and keeps the users of marked accounts out meanwhile."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Final, TypeVar

from backend.core.principal import Principal
from backend.core.problems import Problem
from backend.database.connection.pools import Pools
from backend.database.operations import Operation
from backend.database.session import Session
from backend.services.erasures import LIST, claim_erasure, erase_batch, find_erasures
from backend.services.users import Nobody

A = TypeVar("A")

LOOK_SECONDS: Final = 2.0
"""Between two looks at the list: less than what passes before the first claim of an account."""


class Eraser:
    """What one worker knows of marked accounts, and does about them.

    The database alone could hide a marked account too, but asking it costs each list 3 us. So the
    workers know, and no rows go before all of them do: nobody sees an account half erased. It looks
    only while there are requests, so that a database can sleep.

    Args:
        pool: Where calls go.

    Attributes:
        marked: The subjects of marked accounts, whose requests are refused.
        is_used: Whether there were requests since the last look; set by whoever takes them.
    """

    def __init__(self, pool: Pools) -> None:
        self._pool = pool
        self.marked: set[str] = set()
        self._noted: set[str] = set()  # since the last look began
        self.is_used = True  # what was left before the start is to be found
        self._erasing: asyncio.Task[None] | None = None

    def note(self, subject: str) -> None:
        """An account has been marked."""
        self._noted.add(subject)
        self.marked.add(subject)

    @asynccontextmanager
    async def kept(self) -> AsyncIterator[None]:
        """Look and erase for as long as the context lasts."""
        keeper = asyncio.create_task(self._keep(), name="eraser")
        try:
            yield
        finally:
            tasks = [task for task in (keeper, self._erasing) if task]
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)

    async def _keep(self) -> None:
        while True:
            if self.is_used or self.marked:
                self.is_used = False
                try:
                    await self._look()
                except Problem:
                    self.is_used = True
            await asyncio.sleep(LOOK_SECONDS)

    async def _look(self) -> None:
        self._noted = set()
        found = await self._run(LIST, find_erasures())
        self.marked = self._noted.union(found)
        if found and (self._erasing is None or self._erasing.done()):
            self._erasing = asyncio.create_task(self._erase(), name="erasure")

    async def _erase(self) -> None:
        with suppress(Problem):  # the next look starts again
            while subject := await self._run(LIST, claim_erasure()):
                is_done = False
                while not is_done:
                    started = time.monotonic()
                    is_done = await self._run(subject, erase_batch())
                    # Others need the disk and the processor as much.
                    await asyncio.sleep(time.monotonic() - started)

    async def _run(self, subject: str, operation: Operation[A]) -> A:
        return await Session(self._pool, Principal(subject, 0), Nobody()).run(operation)
