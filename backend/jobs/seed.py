"""Makes believable tasks for a user, in bulk and through the services."""

import asyncio
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from random import Random
from typing import Final, NamedTuple

from pydantic_core import to_json

from backend.config import Settings
from backend.jobs import pools
from backend.jobs.failures import JobFailed, check_user, explained
from backend.jobs.life import Life, Row
from backend.jobs.progress import Progress
from backend.services.transfers import import_lists, import_tasks

_BATCH: Final = 500  # tasks of a transaction


class Seeded(NamedTuple):
    """What was made.

    Attributes:
        tasks, lists: How many; lists of an earlier time are used again.
    """

    tasks: int
    lists: int


def seed(
    settings: Settings,
    user: str,
    tasks: int,
    number: int | None,
    progress: Callable[[int], Progress],
) -> Seeded:
    """Make `tasks` tasks for a user, who is made if there is none.

    Args:
        settings: Of the service.
        user: The user id.
        tasks: How many.
        number: Where chance begins: the same number makes the same tasks, as of now.
        progress: Made for the number of tasks.

    Raises:
        JobFailed: when the user may not have as many, or the database refuses.
    """
    check_user(user)
    most = settings.max_tasks_per_user
    if most is not None and tasks > most:
        raise JobFailed(f"MAX_TASKS_PER_USER is {most:,}, so nobody may have {tasks:,} tasks.")
    life = Life(Random(number), datetime.now(UTC))  # noqa: S311 - made-up data
    with explained():
        return asyncio.run(_seed(settings, user, life, tasks, progress))


async def _seed(
    settings: Settings, user: str, life: Life, tasks: int, progress: Callable[[int], Progress]
) -> Seeded:
    made = 0
    async with pools.opened(settings) as pool:
        session = pools.acting(pool, settings, user)
        lists = await pools.put(session, import_lists, _lines(life.lists()))
        with progress(tasks) as told:
            for batch in _batches(life, tasks):
                made += await pools.put(session, import_tasks, _lines(batch))
                told.add(len(batch))
    return Seeded(made, lists)


def _batches(life: Life, tasks: int) -> Iterator[list[Row]]:
    """Whole trees, until there are so many tasks."""
    batch: list[Row] = []
    while tasks:
        tree = life.tree(tasks)
        tasks -= len(tree)
        batch += tree
        if len(batch) >= _BATCH or not tasks:
            yield batch
            batch = []


def _lines(rows: list[Row]) -> list[bytes]:
    return [to_json(row) for row in rows]
