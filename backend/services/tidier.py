"""Deletes what has been in the trash for long, and keys that are too old, of every user once a day.

Whose turn it is stands in the directory of spaces, so all workers of all instances share the work,
and each user has another time of the day.
"""

import asyncio
import logging
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import datetime
from typing import Final

from backend.core.principal import Principal
from backend.core.problems import Problem
from backend.database.connection.pool import Pool
from backend.database.connection.pools import Pools
from backend.database.session import Session
from backend.services.directory import DIRECTORY, claim_spaces
from backend.services.keys import forget_old_keys, has_old_keys
from backend.services.purges import Trash, count_old
from backend.services.tasks import purge_old
from backend.services.users import Nobody

LOOK_SECONDS: Final = 300.0
"""Between two looks at the directory."""

log = logging.getLogger(__name__)


class Tidier:
    """The part of one worker. It looks only while there are requests, so a database can sleep.

    Args:
        pool: Where calls go.
        days: How long something stays in the trash; None: for ever.
        look_seconds: Between two looks.

    Attributes:
        is_used: Whether there were requests since the last look; set by whoever takes them.
    """

    def __init__(
        self, pool: Pool | Pools, days: int | None, look_seconds: float = LOOK_SECONDS
    ) -> None:
        self._pool = pool
        self._days = days
        self._look_seconds = look_seconds
        self.is_used = False

    @asynccontextmanager
    async def kept(self) -> AsyncIterator[None]:
        """Look and purge for as long as the context lasts."""
        keeper = asyncio.create_task(self._keep(), name="tidier")
        try:
            yield
        finally:
            keeper.cancel()
            await asyncio.wait([keeper])

    async def _keep(self) -> None:
        while True:
            await asyncio.sleep(self._look_seconds)
            if self.is_used:
                self.is_used = False
                with suppress(Problem):
                    await self._look()

    async def _look(self) -> None:
        gone = 0
        while spaces := await claim(self._pool):
            for space in spaces:
                with suppress(Problem):  # it has its next turn tomorrow
                    gone += (await purge(self._pool, space, self._days)).tasks
        if gone:
            log.info("trash_purged", extra={"tasks": gone})


async def claim(pool: Pool | Pools, before: datetime | None = None) -> list[str]:
    """Some spaces whose turn it is; see `claim_spaces`."""
    return await _acting(pool, DIRECTORY).run(claim_spaces(before))


async def purge(pool: Pool | Pools, space: str, days: int | None) -> Trash:
    """Purge a space: forget old keys, and delete what has been in the trash for `days` or longer.

    Returns:
        How much of the trash that was.
    """
    session = _acting(pool, space)
    has_old = await session.run(has_old_keys())
    while has_old:
        started = time.monotonic()
        has_old = await session.run(forget_old_keys())
        await _rest(started)
    if days is None:
        return Trash(0, 0)
    old = await session.run(count_old(days))
    is_left, left = any(old), None
    while is_left:
        started = time.monotonic()
        left = await session.run(purge_old(days, left))
        is_left = left is not None
        await _rest(started)
    return old


async def _rest(started: float) -> None:
    """Wait as long as that took: others need the disk and the processor as much."""
    await asyncio.sleep(time.monotonic() - started)


def _acting(pool: Pool | Pools, space: str) -> Session:
    return Session(pool, Principal(space, 0), Nobody())
