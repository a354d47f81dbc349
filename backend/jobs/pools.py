"""The database as a job calls it: one call at a time."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Final

from backend.config import Settings
from backend.core.principal import Principal
from backend.core.problems import ReadOnly, Unavailable
from backend.database.connection.pool import Pool, PoolOptions
from backend.database.operations import Operation
from backend.database.session import Session
from backend.services.transfers import Lines
from backend.services.users import KnownUsers

_PAUSE: Final = 0.5  # seconds, in which a connection that broke is made anew
_PREPARE: Final = {"auto": None, "on": True, "off": False}


@asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[Pool]:
    """A connection to the database of the settings.

    Raises:
        IsolationBroken: when the database would not keep users apart.
    """
    assert settings.database_url is not None  # noqa: S101 - `serving.run.ready` has set it
    prepare = _PREPARE[settings.database_prepared_statements]
    pool = Pool(settings.database_url.get_secret_value(), PoolOptions(size=1, prepare=prepare))
    await pool.start()
    try:
        yield pool
    finally:
        await pool.close()


def acting(pool: Pool, settings: Settings, user: str) -> Session:
    """The database as a user sees it, who is made with their first write."""
    return Session(pool, Principal(user, 0), KnownUsers(), "", settings.max_tasks_per_user)


async def put(
    session: Session, import_lines: Callable[[Lines], Operation[int]], lines: list[bytes]
) -> int:
    """Import some lines; on a busy machine, what takes too long at once goes in halves.

    Whether a call took effect that got no answer is not known, and does not matter: what is there
    is left as it is.

    Raises:
        Problem: that of a call of one line, or one that is not about time.
    """
    try:
        return await session.run(import_lines(Lines(lines)))
    except Unavailable as problem:
        if len(lines) == 1 or isinstance(problem, ReadOnly):
            raise
    await asyncio.sleep(_PAUSE)
    half = len(lines) // 2
    first = await put(session, import_lines, lines[:half])
    return first + await put(session, import_lines, lines[half:])
