"""One account takes another's tasks over: the same person has come to have another subject.

A call begins in the caller's space, goes to the other one and takes some tasks out, comes back and
puts them in, in one transaction; so each task is in one of the two at any moment. The last of them
closes the other account, as an erasure does. Who may ask for it is the route's business.
"""

from enum import Enum
from typing import Final

from sqlalchemy import Text, bindparam, inspect
from sqlmodel import col

from backend.core.principal import Principal
from backend.database.connection.call import Rows
from backend.database.operations import Operation
from backend.database.queries import Parts, delete, has_own, select
from backend.database.statements import Fragment, Statement
from backend.models import Space, Task, User
from backend.services.tasks.gone import delete_batch

BATCH: Final = 2_000
"""Tasks that one transaction moves."""

_MOST_BYTES: Final = 4_000_000  # of their descriptions, which a setting carries across

_SET_BY_DATABASE: Final = {
    *("space_id", "title_key", "words", "due_key", "version", "updated_at"),
    *("list_id", "parent_id", "trashed_with", "completed_with"),
}
MOVED: Final = tuple(
    column.name
    for column in inspect(Task).local_table.c
    if column.name not in _SET_BY_DATABASE and column.computed is None
)
"""The columns that a task keeps. Its version is the next one of its new space."""


class Merge(Enum):
    """How far a merge has come, as PostgreSQL says it."""

    DONE = b"done"
    LEFT = b"left"
    BUSY = b"busy"
    """Somebody was writing there, so nothing was moved: waiting could end in a deadlock."""
    BEING_ERASED = b"being erased"


def _go(setting: str) -> Statement:
    """Act from here on as whom the setting names, in their space."""
    who = f"current_setting('{setting}')"
    return Statement(
        f"SELECT set_config('app.user_id', {who}, true), set_config('app.space_id', {who}, true)"
    )


_OTHER: Final = Fragment(bindparam("other", type_=Text))
_NAME_BOTH: Final = Statement(
    "SELECT set_config('duly.merge_into', current_setting('app.space_id'), true),"
    " set_config('duly.merge_from', CASE WHEN pg_try_advisory_xact_lock(hashtextextended(",
    *(_OTHER, ", 0)) THEN ", _OTHER, " ELSE '' END, true)"),
)
_IS_OPEN: Final = has_own(Space, Fragment(col(Space.erasing_at).is_(None)))
_IS_EMPTY: Final = Fragment("NOT ", has_own(Task))


def _some() -> Parts:
    """The ids of as many tasks as one transaction moves."""
    octets = Fragment("tasks.id, octet_length(tasks.description) AS octets")
    return (
        "SELECT id FROM (SELECT id, sum(octets) OVER (ORDER BY id) AS octets\nFROM (",
        *select(octets, Task, _IS_OPEN),
        f"\nORDER BY tasks.id LIMIT {BATCH}) AS first) AS sized",
        f"\nWHERE coalesce(octets, 0) <= {_MOST_BYTES}",
    )


# No statement sees both spaces: the rows lie in a setting meanwhile, which ends with the
# transaction.
_TAKE_OUT: Final = Statement(
    *delete_batch(_some(), ", ".join(MOVED)),
    "SELECT length(set_config('duly.merging', coalesce(json_agg(gone)::text, '[]'), true))"
    " FROM gone",
)
# An id that is taken here: the same task made twice, which is left out, or another one, which gets
# an id of the same millisecond.
_OWN: Final = Fragment(
    "tasks.id, tasks.title, tasks.description, tasks.completed, tasks.deleted_at"
)
_FRESH: Final = "(left(moved.id::text, 18) || substr(gen_random_uuid()::text, 19))::uuid"
_PUT_IN: Final = Statement(
    f"INSERT INTO duly.tasks ({', '.join(MOVED)})\nSELECT ",
    ", ".join(
        f"CASE WHEN own.id IS NULL THEN moved.id ELSE {_FRESH} END"
        if name == "id"
        else f"moved.{name}"
        for name in MOVED
    ),
    "\nFROM json_populate_recordset(NULL::duly.tasks, current_setting('duly.merging')::json)"
    " AS moved\nLEFT JOIN (",
    *select(_OWN, Task),
    ") AS own ON own.id = moved.id\nWHERE own.id IS NULL"
    " OR (own.title, own.description, own.completed, own.deleted_at IS NULL) IS DISTINCT FROM"
    " (moved.title, moved.description, moved.completed_at IS NOT NULL, moved.deleted_at IS NULL)",
)
_CLOSE_USER: Final = Statement(*delete(User, _IS_OPEN, _IS_EMPTY))
_CLOSE_SPACE: Final = Statement(
    *delete(Space, Fragment(col(Space.erasing_at).is_(None)), _IS_EMPTY)
)
_STANDING: Final = Statement(
    "SELECT CASE WHEN current_setting('duly.merge_from') = '' THEN 'busy' WHEN EXISTS (",
    *select("", Space, Fragment(col(Space.erasing_at).is_not(None))),
    *(") THEN 'being erased' WHEN EXISTS (", *select("", Task)),
    ") THEN 'left' ELSE 'done' END, set_config('duly.merging', '', true)",
)
_GO_THERE: Final = _go("duly.merge_from")
_COME_BACK: Final = _go("duly.merge_into")


def merge_from(other: Principal) -> Operation[Merge]:
    """Take over some of what `other` has; the last of it closes their account.

    Args:
        other: Who is known to be the same person as the caller.

    The operation raises:
        TooManyTasks: when the caller would have more than they may; nothing was moved.
    """
    there, back = (_GO_THERE, _TAKE_OUT), (_COME_BACK, _PUT_IN)
    closing = (_GO_THERE, _CLOSE_USER, _CLOSE_SPACE, _STANDING)
    statements = tuple(each.bind() for each in (*there, *back, *closing))
    return Operation((_NAME_BOTH.bind(other=other.subject), *statements), _standing, writes=True)


def _standing(rows: list[Rows]) -> Merge:
    return Merge(rows[-1][0][0])
