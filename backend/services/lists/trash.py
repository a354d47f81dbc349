"""Lists that go to the trash with their tasks, come back with them, or go for good.

A step writes so many tasks at most; the list itself goes with the last of them, and comes back with
the first. So a list is always outside the trash as long as one of its tasks is.
"""

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Final, TypeVar
from uuid import UUID

from sqlalchemy import Uuid, bindparam, func, null
from sqlmodel import col

from backend.core.problems import InboxProtected, NotFound
from backend.database.connection.wire import Rows
from backend.database.operations import Operation
from backend.database.queries import has_own, select, update, value_of
from backend.database.statements import Fragment, Statement, Value
from backend.models import List, Task
from backend.services.lists.shape import (
    HAS_ID,
    HAS_VERSION,
    IS_LIVE,
    IS_TRASHED,
    SHOW,
    SHOW_ANY,
    ListRepresentation,
    only,
    show,
)
from backend.services.lists.writes import IS_NO_INBOX, reading
from backend.services.tasks.filters import IS_LIVE as IS_LIVE_TASK
from backend.services.tasks.filters import IS_TRASHED as IS_TRASHED_TASK

A = TypeVar("A")

BATCH: Final = 2_500
"""Tasks that one transaction writes: 0.1 s, a twentieth of the deadline of a request."""

_ID: Final = bindparam("id", type_=Uuid)
_IS_IN_LIST: Final = Fragment(col(Task.list_id) == _ID)
_WAS_TAKEN: Final = (
    _IS_IN_LIST,
    IS_TRASHED_TASK,
    Fragment(col(Task.trashed_with) == _ID),
)
_NOW: Final = Fragment(func.now())
_NULL: Final = Fragment(null())


def delete_list(list_id: UUID, versions: Sequence[int] | None = None) -> Operation[bool]:
    """Move some of a list's tasks to the trash, and with the last of them the list.

    Args:
        list_id: Which list.
        versions: The versions that `If-Match` allows; None for any.

    Answers whether all of it is there.

    The operation raises:
        NotFound: when the caller has no such list.
        StaleVersion: when the list has another version than those allowed.
        InboxProtected: when it is the inbox.
    """
    read = reading(versions, _is_whole, InboxProtected)
    return _steps(_delete(is_conditional=versions is not None), list_id, versions, read, SHOW)


def restore_list(
    list_id: UUID, versions: Sequence[int] | None = None
) -> Operation[ListRepresentation | None]:
    """Take a list out of the trash, and some of the tasks that went there with it.

    One that is not in the trash stays as it is; what a deletion that was not finished has taken
    from it comes back. Errors as `update_list`.

    Answers the list, or None while some of its tasks are in the trash still.
    """
    read = reading(versions, _restored, NotFound)
    return _steps(_restore(is_conditional=versions is not None), list_id, versions, read, SHOW_ANY)


def _steps(
    statements: tuple[Statement, ...],
    list_id: UUID,
    versions: Sequence[int] | None,
    read: Callable[[list[Rows]], A],
    reason: Statement,
) -> Operation[A]:
    values: dict[str, Value] = {"id": list_id, "versions": list(versions or ())}
    bound = tuple(statement.bind(**values) for statement in statements)
    return Operation(bound, read, writes=True, decisive=True, reasons=(reason.bind(**values),))


@lru_cache
def _delete(*, is_conditional: bool) -> tuple[Statement, ...]:
    expected = (HAS_ID, IS_LIVE, IS_NO_INBOX, *([HAS_VERSION] if is_conditional else []))
    taken = {"deleted_at": _NOW, "trashed_with": Fragment(_ID)}
    is_empty = Fragment("NOT ", has_own(Task, _IS_IN_LIST, IS_LIVE_TASK))
    return (
        Statement(*select("lists.id", List, *expected)),
        _write_some(taken, _IS_IN_LIST, IS_LIVE_TASK, of_list=expected),
        Statement(*update(List, {"deleted_at": _NOW}, *expected, is_empty, returning="lists.id")),
    )


@lru_cache
def _restore(*, is_conditional: bool) -> tuple[Statement, ...]:
    expected = (HAS_ID, *([HAS_VERSION] if is_conditional else []))
    given_back = {"deleted_at": _NULL, "trashed_with": _NULL}
    return (
        show(*expected),
        _write_some(given_back, *_WAS_TAKEN, of_list=expected),
        Statement(*update(List, {"deleted_at": _NULL}, *expected, IS_TRASHED, returning="NULL")),
        SHOW,
        Statement(*select("NULL", Task, *_WAS_TAKEN), " LIMIT 1"),
    )


def _write_some(
    values: dict[str, Fragment], *conditions: Fragment, of_list: tuple[Fragment, ...]
) -> Statement:
    """Change as many of a list's tasks as a step may, if the list is as expected.

    Those at the top first: what is below them goes along, and is never without them.
    """
    some = value_of(Task, "tasks.id", *conditions)
    order = f" ORDER BY tasks.parent_id IS NOT NULL, id LIMIT {BATCH}"
    is_one = Fragment("tasks.id = ANY (ARRAY(", some, order, "))")
    changed = update(Task, values, is_one, has_own(List, *of_list), returning="NULL")
    return Statement("WITH changed AS (", *changed, ")\nSELECT count(*) FROM changed")


def _is_whole(rows: list[Rows]) -> bool:
    return bool(rows[-1])


def _restored(rows: list[Rows]) -> ListRepresentation | None:
    *_, shown, left = rows
    return None if left else only([shown])
