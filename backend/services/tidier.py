"""Lets go what is kept too long: trash, history, keys of retries; of every user once a day.

Whose turn it is stands in the directory of spaces, so all workers of all instances share the work,
and each user has another time of the day.
"""

import asyncio
import logging
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import datetime
from typing import Final, NamedTuple

from backend.core.principal import Principal
from backend.core.problems import Problem
from backend.database.connection.pool import Pool
from backend.database.connection.pools import Pools
from backend.database.session import Session
from backend.services.directory import DIRECTORY, claim_spaces
from backend.services.history import thinning
from backend.services.keys import forget_old_keys, has_old_keys
from backend.services.purges import Trash, count_old
from backend.services.tasks import purge_old
from backend.services.users import Nobody

LOOK_SECONDS: Final = 300.0
"""Between two looks at the directory."""

log = logging.getLogger(__name__)


class Keeping(NamedTuple):
    """How long things are kept; None: for ever.

    Attributes:
        trash_days: What is in the trash.
        history_days: What is known of changes.
    """

    trash_days: int | None
    history_days: int | None


class Gone(NamedTuple):
    """What is kept no more.

    Attributes:
        tasks, lists: How many of those in the trash.
        changes: How many of the history.
    """

    tasks: int = 0
    lists: int = 0
    changes: int = 0


class Tidier:
    """The part of one worker. It looks only while there are requests, so a database can sleep.

    Args:
        pool: Where calls go.
        keeping: How long things are kept.
        look_seconds: Between two looks.

    Attributes:
        is_used: Whether there were requests since the last look; set by whoever takes them.
    """

    def __init__(
        self, pool: Pool | Pools, keeping: Keeping, look_seconds: float = LOOK_SECONDS
    ) -> None:
        self._pool = pool
        self._keeping = keeping
        self._look_seconds = look_seconds
        self.is_used = False

    @asynccontextmanager
    async def kept(self) -> AsyncIterator[None]:
        """Look and tidy for as long as the context lasts."""
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
        tasks = changes = 0
        while spaces := await claim(self._pool):
            for space in spaces:
                with suppress(Problem):  # it has its next turn tomorrow
                    gone = await tidy_space(self._pool, space, self._keeping)
                    tasks += gone.tasks
                    changes += gone.changes
        if tasks:
            log.info("trash_purged", extra={"tasks": tasks})
        if changes:
            log.info("history_thinned", extra={"changes": changes})


async def claim(pool: Pool | Pools, before: datetime | None = None) -> list[str]:
    """Some spaces whose turn it is; see `claim_spaces`."""
    return await _acting(pool, DIRECTORY).run(claim_spaces(before))


async def tidy_space(pool: Pool | Pools, space: str, keeping: Keeping) -> Gone:
    """Let go what has been kept in a space for long, old keys as well.

    Returns:
        How much of trash and history that was.
    """
    session = _acting(pool, space)
    has_old = await session.run(has_old_keys())
    while has_old:
        started = time.monotonic()
        has_old = await session.run(forget_old_keys())
        await _rest(started)
    days = keeping.trash_days
    tasks, lists = (0, 0) if days is None else await _purge(session, days)
    changes = 0 if keeping.history_days is None else await _thin(session, keeping.history_days)
    return Gone(tasks, lists, changes)


async def _purge(session: Session, days: int) -> Trash:
    old = await session.run(count_old(days))
    is_left, left = any(old), None
    while is_left:
        started = time.monotonic()
        left = await session.run(purge_old(days, left))
        is_left = left is not None
        await _rest(started)
    return old


async def _thin(session: Session, days: int) -> int:
    gone = 0
    while await session.run(thinning.count_old(days)):
        started = time.monotonic()
        gone += await session.run(thinning.thin_history(days))
        await _rest(started)
    return gone


async def _rest(started: float) -> None:
    """Wait as long as that took: others need the disk and the processor as much."""
    await asyncio.sleep(time.monotonic() - started)


def _acting(pool: Pool | Pools, space: str) -> Session:
    return Session(pool, Principal(space, 0), Nobody())
