"""What goes from the trash for good: all of it, what has lain there for long, one task's tree.

Everything below a task in the trash lies there too, and goes with it by the foreign key. So a step
takes what has nothing below it, or else it would have no bound.
"""

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import Final, NamedTuple
from uuid import UUID

from sqlalchemy import DateTime, Integer, Uuid, bindparam, func
from sqlmodel import col

from backend.database.connection.call import Rows
from backend.database.operations import Operation
from backend.database.queries import select, value_of
from backend.database.statements import Fragment, Statement
from backend.models import List, Task
from backend.services.tasks.filters import IS_TRASHED
from backend.services.tasks.gone import BY_INDEX, delete_batch
from backend.services.tasks.shape import HAS_ID, HAS_VERSION, REPRESENTATION, stale

BATCH: Final = 2_500
"""Tasks that one transaction deletes: 0.1 s, a twentieth of the deadline of a request."""


class TrashLeft(NamedTuple):
    """What of a trash is still to go.

    Attributes:
        until: What was there at this time.
        behind: What has a larger id; of what had something below it before, there is more.
    """

    until: datetime
    behind: UUID


LISTS: Final = 10
"""Lists that one transaction deletes: for each, PostgreSQL looks through all tasks of the user."""

_START: Final = UUID(int=0)
_END: Final = UUID(int=2**128 - 1)
_UNTIL: Final = Fragment(
    func.coalesce(
        bindparam("until", type_=DateTime(timezone=True)),
        func.now() - func.make_interval(0, 0, 0, bindparam("days", type_=Integer)),
    )
)
_IS_DUE: Final = (IS_TRASHED, Fragment(col(Task.deleted_at), " <= ", _UNTIL))
_IS_PART: Final = Fragment(col(Task.parent_id).is_not(None))
_HAS_PARTS: Final = Fragment("tasks.id IN ", value_of(Task, "tasks.parent_id", _IS_PART))
_IS_NEXT: Final = (
    *_IS_DUE,
    Fragment(col(Task.id) > bindparam("behind", type_=Uuid)),
    Fragment("NOT ", _HAS_PARTS),
)
_STEP: Final = Statement(
    *delete_batch(
        (*select("tasks.id", Task, *_IS_NEXT), f"\nORDER BY tasks.id LIMIT {BATCH}"), "tasks.id"
    ),
    *("SELECT ", _UNTIL),
    *(", (SELECT gone.id FROM gone ORDER BY gone.id OFFSET ", f"{BATCH - 1})"),
    ", EXISTS (SELECT FROM gone), EXISTS (",
    *select("", Task, _IS_PART, *_IS_DUE),
    f"), {BY_INDEX}",
)
# A list goes when none of its tasks is left, in the trash or outside.
_IS_EMPTY: Final = Fragment(col(List.id), " NOT IN ", value_of(Task, "tasks.list_id"))
_EMPTY_LISTS: Final = Statement(
    *delete_batch(
        (
            *select(
                "lists.id",
                List,
                Fragment(col(List.deleted_at), " <= ", _UNTIL),
                _IS_EMPTY,
            ),
            f" LIMIT {LISTS}",
        ),
        "lists.id",
        List,
    ),
    *("SELECT ", _UNTIL),
    f" FROM gone OFFSET {LISTS - 1}",
)
_SPACE: Final = "nullif(current_setting('app.space_id', true), '')"
# What lies deepest goes first, so that nothing goes along that is not counted.
_PURGE: Final = {
    conditional: Statement(
        *delete_batch(
            (
                "SELECT part.id FROM (",
                *select(
                    "tasks.id", Task, HAS_ID, IS_TRASHED, *([HAS_VERSION] if conditional else [])
                ),
                f") AS task, LATERAL duly.parts_of({_SPACE}, task.id) AS part",
                f"\nORDER BY part.depth DESC LIMIT {BATCH}",
            ),
            "tasks.id",
        ),
        *("SELECT bool_or(", Fragment("gone.id = ", bindparam("id", type_=Uuid)), "), "),
        f"{BY_INDEX} FROM gone HAVING count(*) > 0",
    )
    for conditional in (False, True)
}
_SHOW: Final = Statement(*select(REPRESENTATION, Task, HAS_ID, IS_TRASHED))


def empty_trash(left: TrashLeft | None = None) -> Operation[TrashLeft | None]:
    """Delete some tasks in the caller's trash for good, and lists there without any.

    Args:
        left: Where the operation before ended; None for the first.

    Answers where to go on; None when all is gone that was there at the first.
    """
    return _step(0, left)


def purge_old(days: int, left: TrashLeft | None = None) -> Operation[TrashLeft | None]:
    """Delete some tasks for good that have been in the caller's trash for `days` or longer.

    Arguments and answer as those of `empty_trash`.
    """
    return _step(days, left)


def purge_task(task_id: UUID, versions: Sequence[int] | None = None) -> Operation[bool]:
    """Delete a task in the caller's trash for good, with some or all of what is below it.

    Args:
        task_id: Which task.
        versions: The versions that `If-Match` allows; None for any.

    Answers whether all of it is gone.

    The operation raises:
        NotFound: when no such task is in the caller's trash.
        StaleVersion: when the task has another version than those allowed.
    """
    conditional = versions is not None
    purge = _PURGE[conditional].bind(id=task_id, versions=list(versions or ()))
    reasons = (_SHOW.bind(id=task_id),) if conditional else ()
    return Operation((purge,), _is_gone, writes=True, reasons=reasons)


def _step(days: int, left: TrashLeft | None) -> Operation[TrashLeft | None]:
    until, behind = left or (None, _START)
    given = {"days": days, "until": until}
    tasks = _STEP.bind(**given, behind=behind)
    lists = _EMPTY_LISTS.bind(**given)
    return Operation((tasks, lists), partial(_left, behind), writes=True)


def _left(behind: UUID, rows: list[Rows]) -> TrashLeft | None:
    """Behind a whole batch, or once more from the start when there was something below others.

    Those others may stand before the batch. A whole batch of lists says that there may be more.
    """
    [(until, last, has_gone, has_parts, _)], lists = rows[0], rows[1]
    start = _START if last is None or has_parts == b"t" else UUID(last.decode())
    if last is None and (has_parts == b"f" or (has_gone == b"f" and behind == _START)):
        if not lists:
            return None
        start = _END
    return TrashLeft(datetime.fromisoformat((until or b"").decode()), start)


def _is_gone(rows: list[Rows]) -> bool:
    if not rows[0]:
        raise stale(rows)
    return rows[0][0][0] == b"t"
