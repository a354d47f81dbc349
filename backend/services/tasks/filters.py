"""Which tasks: conditions, each compiled once, that statements combine freely."""

from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

from sqlalchemy import SmallInteger, Text, Uuid, bindparam
from sqlalchemy import any_ as sql_any
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import col

from backend.database.statements import Fragment, Value
from backend.models import Task
from backend.schemas.task import PRIORITIES, TaskFilter
from backend.services.tasks import due
from backend.services.tasks.search import IS_FOUND

IS_LIVE: Final = Fragment(col(Task.deleted_at).is_(None))
IS_TRASHED: Final = Fragment(col(Task.deleted_at).is_not(None))

CONDITIONS: Final[Mapping[str, tuple[Fragment, ...]]] = {
    "live": (IS_LIVE,),
    "trashed": (IS_TRASHED,),
    "pending": (Fragment(~col(Task.completed)),),
    "completed": (Fragment(col(Task.completed)),),
    "list_id": (Fragment(col(Task.list_id) == bindparam("of_list", type_=Uuid)),),
    "parent_id": (Fragment(col(Task.parent_id) == bindparam("of_parent", type_=Uuid)),),
    "top": (Fragment(col(Task.parent_id).is_(None)),),
    "priority": (
        Fragment(col(Task.priority) == sql_any(bindparam("priorities", type_=ARRAY(SmallInteger)))),
    ),
    "tag": (Fragment(col(Task.tags), " @> ", bindparam("all_tags", type_=ARRAY(Text))),),
    "due_before": due.IS_DUE_BEFORE,
    "due_after": due.IS_DUE_FROM,
    "overdue": due.IS_OVERDUE,
    "q": (IS_FOUND,),
    "ids": (Fragment(col(Task.id) == sql_any(bindparam("ids", type_=ARRAY(Uuid)))),),
}
"""By the names of filters, of which a statement has a set: that, and no value, is its shape.

Their parameters have other names than columns, which the same statement may change.
"""

HAVE_DATES: Final = frozenset({"due_before", "due_after", "overdue"})
"""Filters that no task without a date passes."""


class Selection(NamedTuple):
    """Some tasks.

    Attributes:
        filters: The names of their filters.
        values: What these compare with.
    """

    filters: frozenset[str]
    values: dict[str, Value]


TRASH: Final = Selection(frozenset({"trashed"}), {})

_READ: Final[Mapping[str, Callable[[Any], tuple[str, Mapping[str, Value]]]]] = {
    "status": lambda status: ("live" if status == "all" else status, {}),
    "list_id": lambda list_id: ("list_id", {"of_list": list_id}),
    "parent_id": lambda id_: ("top", {}) if id_ == "none" else ("parent_id", {"of_parent": id_}),
    "priority": lambda names: ("priority", {"priorities": [*map(PRIORITIES.index, names)]}),
    "tag": lambda tags: ("tag", {"all_tags": list(tags)}),
    "due_before": lambda bound: ("due_before", dict(due.values_of("due_before", bound))),
    "due_after": lambda bound: ("due_after", dict(due.values_of("due_after", bound))),
    "overdue": lambda _: ("overdue", {}),
    "q": lambda q: ("q", {"q": q}),
    "ids": lambda ids: ("ids", {"ids": list(ids)}),
}


def selection(query: TaskFilter) -> Selection:
    """The tasks outside the trash that a query asks for."""
    names, values = {"live"}, dict[str, Value]()
    for field in query.model_fields_set & _READ.keys():
        value = getattr(query, field)
        if value is None or value == ():
            continue
        name, compared = _READ[field](value)
        names.add(name)
        values |= compared
    return Selection(frozenset(names), values)


def conditions(filters: frozenset[str]) -> tuple[Fragment, ...]:
    """What tasks have to meet, in an order that makes equal sets equal statements."""
    return tuple(part for name in CONDITIONS if name in filters for part in CONDITIONS[name])
