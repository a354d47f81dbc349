"""Puts an export into an account: what is not there yet, a batch of lines in each transaction."""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Final

from backend.config import Settings
from backend.core.problems import Problem, Unavailable
from backend.database.operations import Operation
from backend.database.session import Session
from backend.jobs import pools
from backend.jobs.failures import JobFailed, check_user, explained, sentence
from backend.jobs.lines import Line, batches, read
from backend.jobs.progress import Progress
from backend.services.transfers import (
    Lines,
    import_inbox,
    import_lists,
    import_settings,
    import_tasks,
)

_IMPORTS: Final[dict[str, Callable[[Lines], Operation[int]]]] = {
    "settings": import_settings,
    "inbox": import_inbox,
    "list": import_lists,
    "task": import_tasks,
}


class Outcome(Counter[str]):
    """How many lines of each kind took effect, and as `kept` how many met what was there."""

    def __str__(self) -> str:
        """What to tell the operator."""
        made = f"{self['task']:,} tasks and {self['list']:,} lists were made"
        kept = f"{self['kept']:,} lines met what was there already, which is as it was"
        return f"{made}; {kept}." if self["kept"] else f"{made}."


def import_account(
    settings: Settings, user: str, stream: Iterable[bytes], progress: Callable[[], Progress]
) -> Outcome:
    """Read an export into the account of a user, which is made if there is none.

    Raises:
        JobFailed: with the number of a line that is refused; nothing of its batch took effect, and
            what was before it stays.
    """
    check_user(user)
    with explained():
        return asyncio.run(_import(settings, user, stream, progress))


async def _import(
    settings: Settings, user: str, stream: Iterable[bytes], progress: Callable[[], Progress]
) -> Outcome:
    outcome = Outcome()
    async with pools.opened(settings) as pool:
        session = pools.acting(pool, settings, user)
        with progress() as told:
            for batch in batches(read(stream)):
                made = await _put(session, batch)
                outcome[batch[0].kind] += made
                outcome["kept"] += len(batch) - made
                told.add(len(batch))
    return outcome


async def _put(session: Session, batch: list[Line]) -> int:
    """Put a batch in, or say which of its lines cannot be."""
    import_lines = _IMPORTS[batch[0].kind]
    try:
        return await pools.put(session, import_lines, [line.text for line in batch])
    except Unavailable:
        raise
    except Problem:  # PostgreSQL does not say of which line
        pass
    operations = [import_lines(Lines([each.text])) for each in batch]
    try:
        made = await session.run_all(operations, atomic=True)
    except Problem as problem:
        if problem.position is None:
            raise
        refused = batch[problem.position].number
        raise JobFailed(f"Line {refused}: {sentence(problem)}.") from problem
    return sum(each for each in made if isinstance(each, int))
