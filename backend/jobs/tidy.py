"""Purges the trash of everybody, and forgets old keys, once and now."""

import asyncio
from collections.abc import Callable
from typing import NamedTuple

from backend.config import Settings
from backend.core.principal import Principal
from backend.core.problems import Problem, Unavailable
from backend.database.connection.pool import Pool
from backend.database.session import Session
from backend.jobs import pools
from backend.jobs.failures import explained
from backend.jobs.progress import Progress
from backend.services.directory import DIRECTORY, count_spaces
from backend.services.tidier import claim, purge
from backend.services.users import Nobody


class Tidied(NamedTuple):
    """What was done.

    Attributes:
        accounts: How many were visited.
        tasks, lists: How many went for good.
        failed: How many accounts could not be tidied.
    """

    accounts: int = 0
    tasks: int = 0
    lists: int = 0
    failed: int = 0

    def __str__(self) -> str:
        """What to tell the operator."""
        said = f"{self.tasks:,} tasks and {self.lists:,} lists were deleted for good"
        again = f" {self.failed:,} accounts failed: run it again." if self.failed else ""
        return f"{said}; {self.accounts:,} accounts were looked at.{again}"


def tidy(settings: Settings, progress: Callable[[int], Progress]) -> Tidied:
    """Delete for good what has been in the trash for `TRASH_DAYS`, of every user, and old keys.

    Args:
        settings: Of the service.
        progress: Made for the number of accounts.

    Raises:
        JobFailed: when the database refuses; what is done stays.
    """
    with explained():
        return asyncio.run(_tidy(settings, settings.trash_days, progress))


async def _tidy(
    settings: Settings, days: int | None, progress: Callable[[int], Progress]
) -> Tidied:
    done = Tidied()
    async with pools.opened(settings) as pool:
        stock = await Session(pool, Principal(DIRECTORY, 0), Nobody()).run(count_spaces())
        with progress(stock.spaces) as told:
            while spaces := await claim(pool, stock.at):
                for space in spaces:
                    done = await _tidy_one(pool, space, days, done)
                    told.add(1)
    return done


async def _tidy_one(pool: Pool, space: str, days: int | None, done: Tidied) -> Tidied:
    try:
        gone = await purge(pool, space, days)
    except Unavailable:
        raise
    except Problem:  # of this account alone
        return done._replace(accounts=done.accounts + 1, failed=done.failed + 1)
    return done._replace(
        accounts=done.accounts + 1, tasks=done.tasks + gone.tasks, lists=done.lists + gone.lists
    )
