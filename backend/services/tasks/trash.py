"""Emptying the trash, some tasks at a time."""

from datetime import datetime
from typing import Final, NamedTuple
from uuid import UUID

from sqlalchemy import DateTime, Uuid, bindparam, func
from sqlmodel import col

from backend.database.connection.call import Rows
from backend.database.operations import Operation
from backend.database.queries import select, value_of
from backend.database.statements import Fragment, Statement
from backend.models import List, Task
from backend.services.tasks.filters import IS_TRASHED
from backend.services.tasks.gone import delete_batch

BATCH: Final = 5_000
"""Tasks that one transaction deletes: 0.1 s, a twentieth of the deadline of a request."""


class TrashLeft(NamedTuple):
    """What of a trash is still to go.

    Attributes:
        until: What was there at this time.
        behind: What has a larger id.
    """

    until: datetime
    behind: UUID


LISTS: Final = 10
"""Lists that one transaction deletes: for each, PostgreSQL looks through all tasks of the user."""

_START: Final = UUID(int=0)
_END: Final = UUID(int=2**128 - 1)
_UNTIL: Final = func.coalesce(bindparam("until", type_=DateTime(timezone=True)), func.now())
_IS_LEFT: Final = (
    IS_TRASHED,
    Fragment(col(Task.id) > bindparam("behind", type_=Uuid)),
    Fragment(col(Task.deleted_at) <= _UNTIL),
)
_EMPTY: Final = Statement(
    *delete_batch(
        (*select("tasks.id", Task, *_IS_LEFT), f"\nORDER BY tasks.id LIMIT {BATCH}"), "tasks.id"
    ),
    *("SELECT ", Fragment(_UNTIL)),
    f", gone.id FROM gone ORDER BY gone.id OFFSET {BATCH - 1}",
)
# A list goes when none of its tasks is left, in the trash or outside.
_IS_EMPTY: Final = Fragment(col(List.id), " NOT IN ", value_of(Task, "tasks.list_id"))
_EMPTY_LISTS: Final = Statement(
    *delete_batch(
        (
            *select(
                "lists.id",
                List,
                Fragment(col(List.deleted_at) <= _UNTIL),
                _IS_EMPTY,
            ),
            f" LIMIT {LISTS}",
        ),
        "lists.id",
        List,
    ),
    *("SELECT ", Fragment(_UNTIL)),
    f" FROM gone OFFSET {LISTS - 1}",
)


def empty_trash(left: TrashLeft | None = None) -> Operation[TrashLeft | None]:
    """Delete some tasks in the caller's trash for good, and lists there without any.

    Args:
        left: Where the operation before ended; None for the first.

    Answers where to go on; None when all is gone that was there at the first.
    """
    until, behind = left or (None, _START)
    tasks = _EMPTY.bind(until=until, behind=behind)
    return Operation((tasks, _EMPTY_LISTS.bind(until=until)), _left, writes=True)


def _left(rows: list[Rows]) -> TrashLeft | None:
    """A whole batch of tasks gives the last id of it; one of lists says that there may be more."""
    tasks, lists = rows
    if tasks:
        until, behind = ((value or b"").decode() for value in tasks[0])
        return TrashLeft(datetime.fromisoformat(until), UUID(behind))
    if lists:
        return TrashLeft(datetime.fromisoformat((lists[0][0] or b"").decode()), _END)
    return None
