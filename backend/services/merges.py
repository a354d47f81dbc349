"""One account takes another's things over: the same person has come to have another subject.

A call begins in the caller's space, goes to the other one and reads some tasks, comes back and puts
them in, and goes there once more to delete them, in one transaction. A task takes along what it is
a part of, which stays there until nothing is below it any more; so whatever is not in one of the
two is in the other. The last of them closes the other account, as an erasure does. Who may ask for
it is the route's business.
"""

from enum import Enum
from typing import Final

from sqlalchemy import Text, bindparam, inspect
from sqlmodel import SQLModel, col

from backend.core.principal import Principal
from backend.database.connection.call import Rows
from backend.database.operations import Operation
from backend.database.queries import Parts, delete, has_own, select
from backend.database.statements import Fragment, Statement, Where
from backend.models import Change, List, Space, Task, User
from backend.services.erasures import CHANGES
from backend.services.tasks.gone import BY_INDEX, delete_batch

BATCH: Final = 1_000
"""Tasks that one transaction moves, besides those that they are a part of."""

LEVELS: Final = 5
"""How deep tasks stand."""

# Of their descriptions: a setting carries them across, and the words of each are found anew.
_MOST_BYTES: Final = 1_000_000

_SET_BY_DATABASE: Final = {
    *("space_id", "title_key", "words", "due_key", "version", "updated_at"),
}


def _moved(model: type[SQLModel]) -> tuple[str, ...]:
    """The columns that a row keeps. Its version is the next one of its new space."""
    return tuple(
        column.name
        for column in inspect(model).local_table.c
        if column.name not in _SET_BY_DATABASE and column.computed is None
    )


MOVED: Final = {model: _moved(model) for model in (List, Task)}
"""What comes along, by table; ids of lists and tasks in them follow what those are called here."""


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
        f"SELECT set_config('app.user_id', {who}, true), set_config('app.space_id', {who}, true), ",
        BY_INDEX,
    )


_OTHER: Final = Fragment(bindparam("other", type_=Text))
_NAME_BOTH: Final = Statement(
    "SELECT set_config('duly.merge_into', current_setting('app.space_id'), true),"
    " set_config('duly.merge_from', CASE WHEN pg_try_advisory_xact_lock(hashtextextended(",
    *(_OTHER, ", 0)) THEN ", _OTHER, " ELSE '' END, true)"),
)
_GO_THERE: Final = _go("duly.merge_from")
_COME_BACK: Final = _go("duly.merge_into")
_IS_OPEN: Final = has_own(Space, Fragment(col(Space.erasing_at).is_(None)))
_IS_EMPTY: Final = Fragment("NOT ", has_own(Task))

# No statement sees both spaces: the rows lie in settings meanwhile, which end with the transaction.
_SETTING: Final = {List: "duly.merging_lists", Task: "duly.merging_tasks"}
_IDS: Final = "duly.merging_ids"


def _keep(setting: str, what: str) -> str:
    return f"length(set_config('{setting}', {what}, true))"


def _columns(model: type[List | Task]) -> str:
    table = inspect(model).local_table.name
    return ", ".join(f"{table}.{name}" for name in MOVED[model])


_KEEP_LISTS: Final = Statement(
    "SELECT ",
    _keep(_SETTING[List], "coalesce(json_agg(mine)::text, '[]')"),
    "\nFROM (",
    *(*select(f"{_columns(List)}, lists.is_inbox", List, _IS_OPEN), ") AS mine"),
)
# Tasks that nothing is below, mostly the newest, each with all that it is a part of, which comes
# first. It has the place of the first of them, so what fits is whole above.
_IS_LEAF: Final = Where((Fragment("NOT ", has_own(Task, Fragment("tasks.parent_id = mine.id"))),))
_KEEP_TASKS: Final = Statement(
    "WITH RECURSIVE leaf AS (\n"
    "SELECT id, parent_id, row_number() OVER (ORDER BY id DESC) AS place\nFROM (",
    *(*select("tasks.id, tasks.parent_id", Task, _IS_OPEN), ") AS mine", _IS_LEAF),
    f"\nORDER BY id DESC LIMIT {BATCH}\n), chain (id, parent_id, place, steps) AS (\n"
    "SELECT id, parent_id, place, 0 FROM leaf\nUNION ALL"
    " SELECT above.id, above.parent_id, place, steps + 1\nFROM chain JOIN (",
    *(*select("tasks.id, tasks.parent_id", Task), ") AS above ON above.id = chain.parent_id"),
    "\n), chosen AS (\n"
    "SELECT id, min(place) AS place, max(steps) AS steps FROM chain GROUP BY id\n), sized AS (\n"
    "SELECT mine.*, place, steps,"
    " sum(octet_length(description)) OVER (ORDER BY place, steps DESC) AS octets"
    "\nFROM chosen JOIN (",
    *(*select(_columns(Task), Task), ") AS mine USING (id)\n)\nSELECT "),
    _keep(_SETTING[Task], "coalesce(json_agg(sized ORDER BY place, steps DESC)::text, '[]')"),
    ", ",
    _keep(_IDS, "coalesce(array_agg(id)::text, '{}')"),
    "\nFROM sized",
    Where((Fragment(f"coalesce(octets, 0) <= {_MOST_BYTES}"),)),
)

# An id that is taken here: by the same thing, which stays as it is here, or by another one. Then it
# gets another id of the same millisecond, each time the same one.
_HASH: Final = "md5(moved.id::text || current_setting('duly.merge_from'))"
_FRESH: Final = (
    f"(left(moved.id::text, 18) || '-8' || left({_HASH}, 3) || '-' || right({_HASH}, 12))::uuid"
)
_INBOX: Final = "duly.inbox_of(current_setting('app.space_id'))"
_WANTED: Final = {
    List: f"CASE WHEN moved.is_inbox THEN {_INBOX} ELSE moved.id END",
    Task: "moved.id",
}
# What an earlier step has brought, or what a client has made in both accounts.
_IS_SAME: Final = {
    List: "moved.is_inbox OR own.created_at = moved.created_at OR"
    " (own.name, own.deleted_at IS NULL) = (moved.name, moved.deleted_at IS NULL)",
    Task: "own.created_at = moved.created_at OR"
    " (own.title, own.description, own.completed, own.deleted_at IS NULL) IS NOT DISTINCT FROM"
    " (moved.title, moved.description, moved.completed_at IS NOT NULL, moved.deleted_at IS NULL)",
}


def _met(model: type[List | Task]) -> Parts:
    """What comes, in its order, with what it is called here and whether it is here already."""
    table = inspect(model).local_table.fullname
    known = f"own.id IS NOT NULL AND ({_IS_SAME[model]})"
    shown = f"""SELECT moved.*, {known} AS is_known,
    CASE WHEN {known} OR own.id IS NULL THEN {_WANTED[model]} ELSE {_FRESH} END AS new_id,
    CASE WHEN {known} THEN own.deleted_at ELSE moved.deleted_at END AS trashed_at
FROM json_populate_recordset(NULL::{table}, current_setting('{_SETTING[model]}')::json)
    WITH ORDINALITY AS moved
LEFT JOIN ("""  # noqa: S608 - our own names
    return shown, *select("*", model), f") AS own ON own.id = {_WANTED[model]}"


_PUT_LISTS: Final = Statement(
    f"INSERT INTO duly.lists ({', '.join(MOVED[List])})\nSELECT ",
    ", ".join("new_id" if name == "id" else name for name in MOVED[List]),
    *("\nFROM (", *_met(List), ") AS list"),
    Where((Fragment("NOT is_known"), Fragment("NOT is_inbox"))),
    "\nON CONFLICT DO NOTHING",
)
# Nothing comes to be outside the trash below what is in it, or in a list that is.
_PARENT: Final = (
    "CASE WHEN parent.trashed_at IS NULL OR task.deleted_at IS NOT NULL THEN parent.new_id END"
)
_PLACED: Final = {
    "id": "task.new_id",
    "parent_id": _PARENT,
    # Without a list: the parent's, or the inbox.
    "list_id": f"CASE WHEN {_PARENT} IS NULL AND"
    " (list.trashed_at IS NULL OR task.deleted_at IS NOT NULL) THEN list.new_id END",
    "trashed_with": "coalesce(taker.new_id, holder.new_id, task.trashed_with)",
    "completed_with": "coalesce(finisher.new_id, task.completed_with)",
}
_PUT_TASKS: Final = Statement(
    f"INSERT INTO duly.tasks ({', '.join(MOVED[Task])})\nWITH list AS MATERIALIZED (\n",
    *(*_met(List), "\n), task AS MATERIALIZED (\n", *_met(Task), "\n)\nSELECT "),
    ", ".join(_PLACED.get(name, f"task.{name}") for name in MOVED[Task]),
    """
FROM task
LEFT JOIN task AS parent ON parent.id = task.parent_id
LEFT JOIN list ON list.id = task.list_id
LEFT JOIN task AS taker ON taker.id = task.trashed_with
LEFT JOIN list AS holder ON holder.id = task.trashed_with
LEFT JOIN task AS finisher ON finisher.id = task.completed_with""",
    Where((Fragment("NOT task.is_known"),)),
    "\nORDER BY task.ordinality\nON CONFLICT DO NOTHING",
)
# One level, from below.
_TAKE_OUT: Final = Statement(
    *delete_batch(
        (
            "SELECT id FROM ",
            f"unnest(current_setting('{_IDS}', true)::uuid[]) AS mine (id)",
            _IS_LEAF,
        ),
        "tasks.id",
    ),
    "SELECT count(*) FROM gone",
)
_FORGET_CHANGES: Final = Statement(
    *("WITH batch AS (", *select("history.version", Change, _IS_OPEN, _IS_EMPTY)),
    f" LIMIT {CHANGES})\n",
    *delete(Change, Fragment("history.version = ANY (ARRAY(SELECT batch.version FROM batch))")),
)
_IS_FORGOTTEN: Final = Fragment("NOT ", has_own(Change))
_CLOSE_USER: Final = Statement(*delete(User, _IS_OPEN, _IS_EMPTY, _IS_FORGOTTEN))
_CLOSE_SPACE: Final = Statement(
    *delete(Space, Fragment(col(Space.erasing_at).is_(None)), _IS_EMPTY, _IS_FORGOTTEN)
)
_FORGET: Final = ", ".join(f"set_config('{each}', '', true)" for each in (*_SETTING.values(), _IDS))
_STANDING: Final = Statement(
    "SELECT CASE WHEN current_setting('duly.merge_from') = '' THEN 'busy' WHEN EXISTS (",
    *select("", Space, Fragment(col(Space.erasing_at).is_not(None))),
    *(") THEN 'being erased' WHEN EXISTS (", *select("", Task), ") OR EXISTS ("),
    *select("", Change),
    f") THEN 'left' ELSE 'done' END, {_FORGET}",
)


def merge_from(other: Principal) -> Operation[Merge]:
    """Take over some of what `other` has; the last of it closes their account.

    Args:
        other: Who is known to be the same person as the caller.

    The operation raises:
        TooManyTasks: when the caller would have more than they may; nothing was moved.
    """
    statements = (
        *(_GO_THERE, _KEEP_LISTS, _KEEP_TASKS, _COME_BACK, _PUT_LISTS, _PUT_TASKS),
        *(_GO_THERE, *[_TAKE_OUT] * LEVELS, _FORGET_CHANGES, _CLOSE_USER, _CLOSE_SPACE, _STANDING),
    )
    bound = (_NAME_BOTH.bind(other=other.subject), *(each.bind() for each in statements))
    return Operation(bound, _standing, writes=True)


def _standing(rows: list[Rows]) -> Merge:
    return Merge(rows[-1][0][0])
