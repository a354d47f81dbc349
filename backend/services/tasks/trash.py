"""Emptying the trash, some tasks at a time."""

from datetime import datetime
from typing import Final, NamedTuple
from uuid import UUID

from sqlalchemy import DateTime, Uuid, bindparam, func
from sqlmodel import col

from backend.database.connection.call import Rows
from backend.database.operations import Operation
from backend.database.queries import select
from backend.database.statements import Fragment, Statement
from backend.models import Task
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


_START: Final = UUID(int=0)
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


def empty_trash(left: TrashLeft | None = None) -> Operation[TrashLeft | None]:
    """Delete some tasks in the caller's trash for good.

    Args:
        left: Where the operation before ended; None for the first.

    Answers where to go on; None when all is gone that was there at the first.
    """
    until, behind = left or (None, _START)
    return Operation((_EMPTY.bind(until=until, behind=behind),), _left, writes=True)


def _left(rows: list[Rows]) -> TrashLeft | None:
    """A whole batch gives the last id of it."""
    if not rows[0]:
        return None
    until, behind = ((value or b"").decode() for value in rows[0][0])
    return TrashLeft(datetime.fromisoformat(until), UUID(behind))
