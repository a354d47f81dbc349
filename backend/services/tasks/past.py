"""Tasks as they were at a moment: those of now, and over them what later changes found.

A moment is behind all that had begun to take effect by then, and so never within a transaction.
Tasks that are gone for good are in no past.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Final, TypeVar

from sqlalchemy import ARRAY, DateTime, bindparam, inspect
from sqlalchemy.dialects.postgresql import dialect

from backend.core.problems import HistoryGone
from backend.database.connection.wire import Rows
from backend.database.queries import Parts, select
from backend.database.statements import Bound, Fragment, Statement, Where
from backend.models import Change, Space, Task
from backend.models.domains import base_type
from backend.models.history import kept_columns

A = TypeVar("A")

_DIALECT: Final = dialect()  # type: ignore[no-untyped-call]
_COLUMNS: Final = inspect(Task).local_table.c
_NAMES: Final = [each.name for each in _COLUMNS if each.name != "words"]
_KEPT: Final = {each.name for each in kept_columns(Task)}


def _was(name: str) -> Parts:
    """SQL: the value that a column had."""
    if name not in _KEPT:
        return (f"now.{name}",)
    type_ = base_type(_COLUMNS[name].type)
    then = f"(now.was ->> '{name}')::{type_.compile(_DIALECT)}"
    if isinstance(type_, ARRAY):
        then = f"ARRAY(SELECT jsonb_array_elements_text(now.was -> '{name}'))"
    return (f"CASE WHEN jsonb_exists(now.was, '{name}') THEN {then} ELSE now.{name} END",)


_AS_OF: Final = Fragment(bindparam("as_of", type_=DateTime(timezone=True)))
_FIRST: Final = "coalesce((SELECT following.version FROM following), {})".format
_ALL_OR_NONE: Final = f"CASE WHEN EXISTS (SELECT FROM latest) THEN {2**63 - 1} ELSE 0 END"
# Of several changes of a field the oldest one found what it was. What was created later is null.
_WAS: Final = (
    "CASE WHEN bool_or(later.change = 'created') THEN 'null' ELSE coalesce("
    "jsonb_object_agg(field.key, field.value ORDER BY later.version DESC)"
    " FILTER (WHERE field.key IS NOT NULL), '{}') END AS was"
)
WITH: Final[Parts] = (
    "WITH latest AS MATERIALIZED (",
    *select("history.version, history.operation", Change, Fragment("history.at <= ", _AS_OF)),
    "\nORDER BY history.version DESC LIMIT 1), following AS MATERIALIZED (",
    *select(
        "history.version",
        Change,
        Fragment("history.version > (SELECT latest.version FROM latest)"),
        Fragment("history.operation <> (SELECT latest.operation FROM latest)"),
    ),
    "\nORDER BY history.version LIMIT 1), boundary AS MATERIALIZED (",
    f"SELECT {_FIRST(_ALL_OR_NONE)} AS first), later AS (",
    *select(
        "history.version, history.entity_id, history.change, history.before",
        Change,
        Fragment("history.type = 'task'"),
        Fragment("history.version >= (SELECT boundary.first FROM boundary)"),
    ),
    f"), past AS (SELECT later.entity_id, {_WAS}\nFROM later LEFT JOIN LATERAL",
    " jsonb_each(later.before) AS field ON true GROUP BY later.entity_id),",
    # Not joined, or a plan made for few tasks would read all of the past for each of many.
    " pasts AS MATERIALIZED (SELECT jsonb_object_agg(past.entity_id, past.was) AS was FROM past)\n",
)
"""Where a statement begins that reads `rows`."""

_OWN: Final = (
    Fragment("history.entity_id = now.id"),
    Fragment("history.version < (SELECT boundary.first FROM boundary)"),
)
# What follows from other columns, and what no history keeps; of what is forgotten, little is said.
_DERIVED: Final[dict[str, Parts]] = {
    "title_key": ("duly.title_key(", *_was("title"), ")"),
    "due_key": (*_was("due_date"), " + coalesce(", *_was("due_time"), ", '23:59:59.999999')"),
    "completed": (*_was("completed_at"), " IS NOT NULL"),
    "version": (
        *("CASE WHEN now.was IS NULL THEN now.version ELSE coalesce(("),
        *(*select("max(history.version)", Change, *_OWN), "), 0) END"),
    ),
    "updated_at": (
        *("CASE WHEN now.was IS NULL THEN now.updated_at ELSE coalesce(("),
        *(*select("max(history.at)", Change, *_OWN), "), now.created_at) END"),
    ),
}


def _columns() -> Parts:
    parts: list[Parts] = [(", ", *_DERIVED.get(name, _was(name)), f" AS {name}") for name in _NAMES]
    return tuple(part for column in parts for part in column)[1:]


# OFFSET, so that what it was is found once for a task, and not for each of its columns.
_PAST: Final[Parts] = (
    *("(SELECT ", *_columns(), "\nFROM ("),
    *select("tasks.*, (SELECT pasts.was FROM pasts) -> tasks.id::text AS was", Task),
    "\nOFFSET 0) AS now",
    Where((Fragment("now.was IS DISTINCT FROM 'null'"),)),
    ") AS tasks",
)

_TOO_EARLY: Final = Statement(
    *select("true", Space, Fragment("spaces.history_from > ", _AS_OF)), " LIMIT 1"
)


def rows(what: Fragment | str, *conditions: Fragment) -> Parts:
    """Selects from the caller's tasks as they were; behind `WITH`."""
    return "SELECT ", what, "\nFROM ", *_PAST, Where(conditions)


def too_early(as_of: datetime) -> Bound:
    """Gives a row if the history does not reach back so far; behind what reads the past."""
    return _TOO_EARLY.bind(as_of=as_of)


def reading(read: Callable[[list[Rows]], A]) -> Callable[[list[Rows]], A]:
    """Reads what was there, if the last statement, that of `too_early`, gave no row.

    What it gives raises:
        HistoryGone: otherwise.
    """

    def read_or_refuse(found: list[Rows]) -> A:
        *those, refusal = found
        if refusal:
            raise HistoryGone
        return read(those)

    return read_or_refuse
