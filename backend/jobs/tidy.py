"""Purges the trash of everybody, thins their histories and forgets old keys, once and now."""

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
from backend.services.tidier import Keeping, claim, tidy_space
from backend.services.users import Nobody


class Tidied(NamedTuple):
    """What was done.

    Attributes:
        accounts: How many were visited.
        tasks, lists: How many went for good.
        failed: How many accounts could not be tidied.
        changes: How many the history forgot.
    """

    accounts: int = 0
    tasks: int = 0
    lists: int = 0
    failed: int = 0
    changes: int = 0

    def __str__(self) -> str:
        """What to tell the operator."""
        said = (
            f"{self.tasks:,} tasks and {self.lists:,} lists were deleted for good,"
            f" {self.changes:,} changes were forgotten"
        )
        again = f" {self.failed:,} accounts failed: run it again." if self.failed else ""
        return f"{said}; {self.accounts:,} accounts were looked at.{again}"


def tidy(settings: Settings, progress: Callable[[int], Progress]) -> Tidied:
    """Delete for good what has been in the trash for `TRASH_DAYS`, of every user, and old keys.

    What the history has kept for `HISTORY_DAYS` goes with it.

    Args:
        settings: Of the service.
        progress: Made for the number of accounts.

    Raises:
        JobFailed: when the database refuses; what is done stays.
    """
    keeping = Keeping(settings.trash_days, settings.history_days)
    with explained():
        return asyncio.run(_tidy(settings, keeping, progress))


async def _tidy(
    settings: Settings, keeping: Keeping, progress: Callable[[int], Progress]
) -> Tidied:
    done = Tidied()
    async with pools.opened(settings) as pool:
        stock = await Session(pool, Principal(DIRECTORY, 0), Nobody()).run(count_spaces())
        with progress(stock.spaces) as told:
            while spaces := await claim(pool, stock.at):
                for space in spaces:
                    done = await _tidy_one(pool, space, keeping, done)
                    told.add(1)
    return done


async def _tidy_one(pool: Pool, space: str, keeping: Keeping, done: Tidied) -> Tidied:
    try:
        gone = await tidy_space(pool, space, keeping)
    except Unavailable:
        raise
    except Problem:  # of this account alone
        return done._replace(accounts=done.accounts + 1, failed=done.failed + 1)
    return done._replace(
        accounts=done.accounts + 1,
        tasks=done.tasks + gone.tasks,
        lists=done.lists + gone.lists,
        changes=done.changes + gone.changes,
    )
