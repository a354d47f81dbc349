"""A list as PostgreSQL writes it, and how to read one."""

from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple
from uuid import UUID

from pydantic_core import from_json
from sqlalchemy import BigInteger, Uuid, bindparam, inspect, text
from sqlalchemy import any_ as sql_any
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import col

from backend.core.problems import NotFound
from backend.database.connection.wire import Rows
from backend.database.operations import Operation
from backend.database.projection import json_object, json_object_from, projection
from backend.database.queries import Parts, has_own, select
from backend.database.statements import Fragment, Statement, Where
from backend.models import List, Space, Task
from backend.schemas.list import ListRead
from backend.services.tasks.filters import IS_LIVE as IS_LIVE_TASK

HAS_ID: Final = Fragment(col(List.id) == bindparam("id", type_=Uuid))
HAS_VERSION: Final = Fragment(
    col(List.version) == sql_any(bindparam("versions", type_=ARRAY(BigInteger)))
)
IS_LIVE: Final = Fragment(col(List.deleted_at).is_(None))
IS_TRASHED: Final = Fragment(col(List.deleted_at).is_not(None))

_COUNTS: Final = (
    "count(*) - count(tasks.completed_at) AS open_count,"
    " count(tasks.completed_at) AS completed_count"
)
_FIELDS: Final = projection(
    ListRead,
    List,
    user_id=col(List.space_id),
    open_count=text("coalesce(counted.open_count, 0)"),
    completed_count=text("coalesce(counted.completed_count, 0)"),
)
JSON: Final = json_object_from(
    _FIELDS,
    (
        "\nFROM (",
        *select(_COUNTS, Task, Fragment(col(Task.list_id) == col(List.id)), IS_LIVE_TASK),
        ") AS counted",
    ),
)
"""A list with its counts."""

JSON_OF_MANY: Final = json_object(_FIELDS)
COUNTS: Final[Parts] = (
    *select(f"tasks.list_id, {_COUNTS}", Task, IS_LIVE_TASK),
    "\nGROUP BY tasks.list_id",
)
"""The counts of all lists."""

COUNTED: Final[Parts] = ("(", *COUNTS, ") AS counted ON counted.list_id = lists.id")
"""What `JSON_OF_MANY` needs behind LEFT JOIN: all counts in one pass, a third of the time."""

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)

# Whoever has written nothing has no rows yet, and an inbox nevertheless: it is shown as the first
# write will make it.
_COLUMNS: Final = tuple(column.name for column in inspect(List).local_table.c)
_INBOX_TO_BE: Final = {
    "space_id": "newcomer.space_id",
    "id": "duly.inbox_of(newcomer.space_id)",
    "name": "'Inbox'",
    "color": "NULL",
    "position": "duly.rank_at(now())",
    "archived": "false",
    "is_inbox": "true",
    "created_at": "now()",
    "updated_at": "now()",
    "deleted_at": "NULL",
    "version": "0",
}
_NAMES: Final = ", ".join(f"lists.{name}" for name in _COLUMNS)
_VALUES: Final = ", ".join(_INBOX_TO_BE[name] for name in _COLUMNS)
_NEWCOMER: Final = "(SELECT current_setting('app.space_id', true) AS space_id) AS newcomer"
LISTS: Final[Parts] = (
    *("(", *select(_NAMES, List)),
    f"\nUNION ALL SELECT {_VALUES}\nFROM {_NEWCOMER}",
    *(Where((Fragment("NOT ", has_own(Space)),)), ") AS lists"),
)
"""What stands behind FROM: the caller's lists, of which there is always an inbox."""


def show(*conditions: Fragment) -> Statement:
    """The JSON of the caller's lists that meet conditions."""
    return Statement("SELECT ", *JSON, "\nFROM ", *LISTS, Where(conditions))


SHOW: Final = show(HAS_ID, IS_LIVE)
SHOW_ANY: Final = show(HAS_ID)


class ListRepresentation(NamedTuple):
    """A list as clients get it.

    Attributes:
        body: JSON in UTF-8, the fields of `ListRead`.
        version: The version that the body shows; the counts, which change without it; and when the
            list was made, for an inbox begins anew with its account, under its id.
    """

    body: bytes
    version: str


def get_list(list_id: UUID) -> Operation[ListRepresentation]:
    """One list of the caller that is not in the trash.

    The operation raises:
        NotFound: when the caller has no such list.
    """
    return Operation((SHOW.bind(id=list_id),), only, decisive=True)


def only(rows: list[Rows]) -> ListRepresentation:
    """The list in the first row of the first statement.

    Raises:
        NotFound: when there is no row: the caller has no such list.
    """
    if not rows[0]:
        raise NotFound
    body = rows[0][0][0] or b""
    shown = from_json(body)
    made = datetime.fromisoformat(shown["created_at"]) - _EPOCH
    counts = (shown["open_count"], shown["completed_count"])
    numbers = (shown["version"], *counts, made // timedelta(microseconds=1))
    return ListRepresentation(body, ".".join(map(str, numbers)))
