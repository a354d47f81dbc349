"""Pages of the history, the latest change first."""

from collections.abc import Mapping
from functools import lru_cache, partial
from itertools import accumulate
from typing import Any, Final
from uuid import UUID

from pydantic_core import from_json, to_json
from sqlalchemy import BigInteger, DateTime, Text, Uuid, bindparam, text
from sqlmodel import col

from backend.core.limits import MAX_PAGE
from backend.core.paging import Cursor
from backend.core.problems import NotFound
from backend.database.connection.wire import Rows
from backend.database.operations import Operation
from backend.database.projection import json_object, projection
from backend.database.queries import select
from backend.database.statements import Bound, Fragment, Statement, Value
from backend.models import Change, Task
from backend.schemas.history import HistoryEntry, HistoryQuery, TaskHistoryQuery
from backend.services.history.forms import as_answered
from backend.services.tasks.pages import Page, invalid_cursor
from backend.services.tasks.shape import HAS_ID

_SORT: Final = "-version"
_NO_ID: Final = str(UUID(int=0))  # a version says it all
_DIGITS: Final = 18

_JSON: Final = json_object(
    projection(
        HistoryEntry,
        Change,
        id=text(
            "to_json(CASE history.type WHEN 'settings' THEN history.space_id"
            " ELSE history.entity_id::text END)"
        ),
    )
)
_AT: Final = DateTime(timezone=True)
_CONDITIONS: Final[Mapping[str, Fragment]] = {
    "of_task": Fragment(
        "history.type = 'task' AND ", col(Change.entity_id) == bindparam("of_task", type_=Uuid)
    ),
    "behind": Fragment(col(Change.version) < bindparam("behind", type_=BigInteger)),
    "type": Fragment(col(Change.type) == bindparam("type", type_=Text)),
    "change": Fragment(col(Change.change) == bindparam("change", type_=Text)),
    "actor": Fragment(col(Change.actor) == bindparam("actor", type_=Text)),
    "since": Fragment(col(Change.at) >= bindparam("since", type_=_AT)),
    "until": Fragment(col(Change.at) < bindparam("until", type_=_AT)),
}
_LIMIT: Final = Fragment(bindparam("limit", type_=BigInteger))
_HAS_TASK: Final = Statement(*select("1", Task, HAS_ID), " LIMIT 1")
_WAS_THERE: Final = Statement(*select("1", Change, _CONDITIONS["of_task"]), " LIMIT 1")


def list_history(query: HistoryQuery) -> Operation[Page]:
    """One page of what became of the caller's tasks, lists and settings.

    Args:
        query: Which changes, from where on.

    Raises:
        ValidationFailed: for a cursor that is not one.
    """
    return Operation((_page(query),), partial(_read, query.limit))


def list_task_history(task_id: UUID, query: TaskHistoryQuery) -> Operation[Page]:
    """The same of one task, wherever it is; of one that is gone for good, without content.

    The operation raises:
        NotFound: when the caller has no such task, and the history does not know it.
    """
    known = (_HAS_TASK.bind(id=task_id), _WAS_THERE.bind(of_task=task_id))
    return Operation((_page(query, of_task=task_id), *known), partial(_read_of_task, query.limit))


def _page(query: TaskHistoryQuery, **values: Value) -> Bound:
    for name in query.model_fields_set & _CONDITIONS.keys():
        values[name] = getattr(query, name)
    if query.cursor is not None:
        values["behind"] = _decode(query.cursor)
    chosen = frozenset(name for name, value in values.items() if value is not None)
    # One row more than asked for tells whether there is a next page.
    return _select(chosen).bind(**values, limit=query.limit + 1)


@lru_cache
def _select(chosen: frozenset[str]) -> Statement:
    conditions = [fragment for name, fragment in _CONDITIONS.items() if name in chosen]
    found = (*select("*", Change, *conditions), "\nORDER BY history.version DESC LIMIT ", _LIMIT)
    # In one SELECT, PostgreSQL would make the JSON of every row that it sorts.
    return Statement("SELECT ", _JSON, "\nFROM (", *found, ") AS history")


def _read_of_task(limit: int, rows: list[Rows]) -> Page:
    found, *known = rows
    if not any(known):
        raise NotFound
    return _read(limit, [found])


def _read(limit: int, rows: list[Rows]) -> Page:
    found = [_entry(from_json(row[0] or b"")) for row in rows[0]]
    written = [to_json(entry) for entry in found[:limit]]
    sizes = accumulate(len(each) + len(b",") for each in written)
    shown = written[: max(1, sum(size < MAX_PAGE for size in sizes))]
    cursor = None
    if len(found) > len(shown):
        cursor = Cursor(_SORT, str(found[len(shown) - 1]["version"]), _NO_ID).encode()
    return Page(b"[%s]" % b",".join(shown), cursor)


def _entry(row: dict[str, Any]) -> dict[str, Any]:
    return row | {"before": as_answered(row["before"]), "after": as_answered(row["after"])}


def _decode(written: str) -> int:
    """The version behind which a page begins."""
    try:
        cursor = Cursor.decode(written)
    except ValueError:
        raise invalid_cursor() from None
    version = cursor.value or ""
    if cursor.sort != _SORT or not (version.isdecimal() and len(version) <= _DIGITS):
        raise invalid_cursor()
    return int(version)
