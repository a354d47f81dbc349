"""All that a user has, as lines of JSON that another account takes up.

A line is a row: its members are the columns that requests may give a new row, nulls left out. What
the database sets by itself is not there: whose it is, versions, what follows from the rest.
`list_id` is null in the inbox, whose id each account has of its own. So what an empty account takes
up, it gives out again to the byte.
"""

from typing import Final, NamedTuple

from sqlalchemy import Text, bindparam, inspect
from sqlmodel import SQLModel, col

from backend.database.connection.call import Rows
from backend.database.migrations.rights import RIGHTS
from backend.database.operations import Operation
from backend.database.queries import Parts, has_own, select, where
from backend.database.statements import Fragment, Statement, Where
from backend.models import List, Space, SpaceSettings, Task


class Lines(NamedTuple):
    """Some rows of one kind.

    Attributes:
        lines: A JSON object in UTF-8 for each.
    """

    lines: list[bytes]


def _columns(model: type[SQLModel]) -> tuple[str, ...]:
    """What requests may give a new row, in the order of the model."""
    table = inspect(model).local_table
    given = set(RIGHTS[table.name].insert)
    return tuple(column.name for column in table.c if column.name in given)


COLUMNS: Final = {
    "settings": _columns(SpaceSettings),
    "inbox": tuple(
        name for name in _columns(List) if name not in {"id", "created_at", "deleted_at"}
    ),
    "list": _columns(List),
    "task": _columns(Task),
}
"""The members of each kind of line; an export has the kinds in this order."""

_IS_INBOX: Final = Fragment(col(List.is_inbox))
_INBOX: Final = "(SELECT duly.inbox_of(nullif(current_setting('app.space_id', true), '')))"


def _line(kind: str, **expressions: str) -> str:
    """SQL that gives a row as a line."""
    shown = ", ".join(f"{expressions.get(each, each)} AS {each}" for each in COLUMNS[kind])
    row = f"SELECT r FROM (SELECT '{kind}' AS type, {shown}) r"  # noqa: S608 - names of columns
    return f"json_strip_nulls(row_to_json(({row})))::text"


_HAS_ACCOUNT: Final = Statement(*select("spaces.erasing_at IS NULL", Space))
_EXPORT_SETTINGS: Final = Statement(*select(_line("settings"), SpaceSettings))
_EXPORT_INBOX: Final = Statement(*select(_line("inbox"), List, _IS_INBOX))
_EXPORT_LISTS: Final = Statement(
    *select(_line("list"), List, Fragment("NOT ", _IS_INBOX)), "\nORDER BY lists.id"
)
_EXPORT_TASKS: Final = Statement(
    "WITH RECURSIVE tree (id, level) AS (\n",
    *select("tasks.id, 1", Task, Fragment(col(Task.parent_id).is_(None))),
    "\nUNION ALL\nSELECT below.id, level + 1 FROM tree JOIN (",
    *select("tasks.id, tasks.parent_id", Task),
    ") AS below ON below.parent_id = tree.id)\nSELECT ",
    _line("task", id="tasks.id", list_id=f"nullif(list_id, {_INBOX})"),
    *("\nFROM tree JOIN (", *select("*", Task), ") AS tasks ON tasks.id = tree.id"),
    "\nORDER BY tree.level, tasks.id",
)

_LINES: Final = Fragment("CAST(", bindparam("lines", type_=Text), " AS json)")


def _given(model: type[SQLModel]) -> Parts:
    """The lines as rows, which keep their order."""
    table = f"NULL::{inspect(model).local_table.fullname}"
    return f"json_populate_recordset({table}, ", _LINES, ") WITH ORDINALITY AS given"


def _value(model: type[SQLModel], name: str) -> str:
    """SQL for a column of a new row: what the line says, or else the column's default."""
    column = inspect(model).local_table.c[name]
    if column.nullable or column.server_default is None:
        return f"given.{name}"
    return f"coalesce(given.{name}, {column.server_default.arg})"


def _insert(model: type[SQLModel], kind: str, is_there: str, **values: str) -> Statement:
    """Make the rows of lines that are not there yet, in their order, and count them."""
    made = ", ".join(values.get(each) or _value(model, each) for each in COLUMNS[kind])
    return Statement(
        f"WITH made AS (INSERT INTO {inspect(model).local_table.fullname}",
        f" ({', '.join(COLUMNS[kind])})\nSELECT {made}\nFROM ",
        *_given(model),
        # In a select of its own, so that it is asked of the index for each, whatever is there.
        Where((Fragment("NOT (SELECT ", has_own(model, Fragment(is_there)), ")"),)),
        "\nORDER BY given.ordinality\nRETURNING 1)\nSELECT count(*) FROM made",
    )


_IMPORT_SETTINGS: Final = _insert(SpaceSettings, "settings", "true")
# No write has made an inbox that has version 0.
_IMPORT_INBOX: Final = Statement(
    "WITH made AS (UPDATE duly.lists SET ",
    f"({', '.join(COLUMNS['inbox'])}) = ",
    f"ROW ({', '.join(_value(List, each) for each in COLUMNS['inbox'])})\nFROM ",
    *_given(List),
    where(List, _IS_INBOX, Fragment(col(List.version), " = 0")),
    "\nRETURNING 1)\nSELECT count(*) FROM made",
)
_IMPORT_LISTS: Final = _insert(List, "list", "lists.id = given.id")
_IMPORT_TASKS: Final = _insert(
    *(Task, "task", "tasks.id = given.id"),
    list_id="CASE WHEN given.parent_id IS NULL THEN given.list_id END",
)


def has_account() -> Operation[bool | None]:
    """Whether the caller can have something; None: while the account is being erased."""
    return Operation((_HAS_ACCOUNT.bind(),), _standing)


def export_settings() -> Operation[Lines]:
    """What the caller has chosen: one line, or none."""
    return _export(_EXPORT_SETTINGS)


def export_inbox() -> Operation[Lines]:
    """The caller's inbox, in one line."""
    return _export(_EXPORT_INBOX)


def export_lists() -> Operation[Lines]:
    """The caller's other lists, those in the trash included."""
    return _export(_EXPORT_LISTS)


def export_tasks() -> Operation[Lines]:
    """The caller's tasks, those in the trash included; each behind what it is a part of."""
    return _export(_EXPORT_TASKS)


def import_settings(lines: Lines) -> Operation[int]:
    """Choose so for a caller who has chosen nothing. Answers how many lines took effect."""
    return _import(_IMPORT_SETTINGS, lines)


def import_inbox(lines: Lines) -> Operation[int]:
    """Change the caller's inbox, if nobody ever has. Answers as `import_settings`."""
    return _import(_IMPORT_INBOX, lines)


def import_lists(lines: Lines) -> Operation[int]:
    """Make those lists that the caller does not have. Answers as `import_settings`."""
    return _import(_IMPORT_LISTS, lines)


def import_tasks(lines: Lines) -> Operation[int]:
    """Make those tasks that the caller does not have, all or none.

    A task below another is in the list of that one.

    Args:
        lines: Each behind that of the task that it is a part of.

    Answers how many were made; the others were there and are as they were.
    """
    return _import(_IMPORT_TASKS, lines)


def _export(statement: Statement) -> Operation[Lines]:
    return Operation((statement.bind(),), lambda rows: Lines([row[0] or b"" for row in rows[0]]))


def _import(statement: Statement, lines: Lines) -> Operation[int]:
    array = b"[%s]" % b",".join(lines.lines)
    return Operation((statement.bind(lines=array.decode()),), _count, writes=True)


def _standing(rows: list[Rows]) -> bool | None:
    if not rows[0]:
        return False
    return True if rows[0][0][0] == b"t" else None


def _count(rows: list[Rows]) -> int:
    return int(rows[0][0][0] or 0)
