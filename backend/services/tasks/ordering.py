"""The orders of a list, and where in an order a page starts: keyset paging, never OFFSET."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from typing import Any, Final, NamedTuple
from uuid import UUID

from sqlalchemy import Float, Uuid, bindparam, func
from sqlmodel import col

from backend.database.statements import Fragment, Value
from backend.models import Task
from backend.models.domains import base_type
from backend.schemas.task import PRIORITIES
from backend.services.tasks.filters import HAVE_DATES
from backend.services.tasks.search import RANK

_ID: Final = Fragment(col(Task.id))
_LAST_ID: Final = Fragment(bindparam("last_id", type_=Uuid))
_DAY_ENDS: Final = time(23, 59, 59, 999_999)


class Key(NamedTuple):
    """Something that tasks are sorted by.

    Attributes:
        column: What is compared.
        last: The same of the last row of the page before.
        clause: What `ORDER BY` calls it.
    """

    column: Fragment
    last: Fragment
    clause: Fragment

    @classmethod
    def by(cls, column: Any, place: int = 0, key: Any = lambda value: value) -> "Key":
        """A column of `Task` (`Any`: typed by what it holds), the only key or one of several.

        Args:
            column: The column.
            place: Which key it is.
            key: The SQL function that makes the column of what a cursor names.
        """
        last = bindparam(f"last_{place}", type_=base_type(column.type))
        return cls(Fragment(column), Fragment(key(last)), Fragment(column))


class Stretch(NamedTuple):
    """Tasks of an order that an index has one behind the other.

    Attributes:
        conditions: Which.
        clause: What `ORDER BY` takes.
    """

    conditions: tuple[Fragment, ...]
    clause: Fragment


@dataclass(frozen=True, slots=True)
class Order:
    """Tasks in the order of some keys, ties by id.

    Tasks without a value are in the order of their ids, together, before or behind all others.

    Attributes:
        keys: What they are sorted by.
        show: The text of a task's values, as its JSON has them, for a cursor; None without any.
        read: Makes the values of such a text; ValueError when it is none.
        has_value: Which tasks have a value, and which have none; None: all have.
        none_is_least: Whether none is less than any value; otherwise it comes last in any case.
        has_by: Filters that no task without a value passes.
        descending: Whether the largest value comes first.
    """

    keys: tuple[Key, ...]
    show: Callable[[Mapping[str, Any]], str | None]
    read: Callable[[str], Sequence[Value]]
    has_value: tuple[Fragment, Fragment] | None = None
    none_is_least: bool = False
    has_by: frozenset[str] = frozenset()
    descending: bool = False

    def reversed(self) -> "Order":
        """The same, the largest value first."""
        return replace(self, descending=not self.descending)

    def stretches(
        self, filters: frozenset[str] = frozenset(), *, none: bool | None = None
    ) -> tuple[Stretch, ...]:
        """What a page is read from, in this order.

        Args:
            filters: Which tasks pass is decided elsewhere; some leave out those without a value.
            none: Whether the last task of the page before had no value; None: it is the first page.
        """
        if self.has_value is None:
            return (self._stretch((), self.keys, none is not None),)
        has, has_none = self.has_value
        with_value = self._stretch((has,), self.keys, none is False)
        without = self._stretch((has_none,), (), none is True)
        if filters & self.has_by and not none:
            return (with_value,)
        both = (with_value, without)
        if self.none_is_least and not self.descending:
            both = (without, with_value)
        return both if none is None or none is (both[0] is without) else both[1:]

    def _stretch(self, which: tuple[Fragment, ...], keys: Sequence[Key], later: bool) -> Stretch:  # noqa: FBT001 - private
        direction = " DESC" if self.descending else ""
        sorted_by = (part for key in keys for part in (key.clause, f"{direction}, "))
        clause = Fragment(*sorted_by, _ID, direction)
        return Stretch((*which, self._behind(keys)) if later else which, clause)

    def _behind(self, keys: Sequence[Key]) -> Fragment:
        """The condition for rows behind the last one; an index then starts right there."""
        here = (part for key in keys for part in (key.column, ", "))
        last = (part for key in keys for part in (key.last, ", "))
        follows = ") < (" if self.descending else ") > ("
        return Fragment("(", *here, _ID, follows, *last, _LAST_ID, ")")


def _time(text: str) -> list[Value]:
    return [datetime.fromisoformat(text)]


def _show_due(task: Mapping[str, Any]) -> str | None:
    day = task["due_date"]
    return None if day is None else f"{day} {task['due_time'] or ''}"


def _read_due(text: str) -> list[Value]:
    day, _, clock = text.partition(" ")
    return [datetime.combine(date.fromisoformat(day), time.fromisoformat(clock or str(_DAY_ENDS)))]


def _show_priority(task: Mapping[str, Any]) -> str | None:
    priority: str = task["priority"]
    return None if priority == PRIORITIES[0] else priority


def _read_position(text: str) -> list[Value]:
    list_id, _, position = text.partition(" ")
    return [UUID(list_id), position]


def _read_rank(text: str) -> list[Value]:
    rank, _, created = text.partition(" ")
    if not math.isfinite(float(rank)):
        raise ValueError("not a rank")
    return [float(rank), *_time(created)]


_RANK_KEY: Final = Key(RANK, Fragment(bindparam("last_0", type_=Float), "::real"), Fragment("rank"))
_COLUMNS: Final = {
    "created": Order((Key.by(col(Task.created_at)),), lambda task: str(task["created_at"]), _time),
    "updated": Order((Key.by(col(Task.updated_at)),), lambda task: str(task["updated_at"]), _time),
    "title": Order(
        (Key.by(col(Task.title_key), key=func.duly.title_key),),
        lambda task: str(task["title"]),
        lambda text: [text],
    ),
    "due_date": Order(
        (Key.by(col(Task.due_key)),),
        _show_due,
        _read_due,
        (Fragment(col(Task.due_key).is_not(None)), Fragment(col(Task.due_key).is_(None))),
        has_by=HAVE_DATES,
    ),
    "priority": Order(
        (Key.by(col(Task.priority)),),
        _show_priority,
        lambda text: [PRIORITIES.index(text)],
        # As literals, for the index has those above 0.
        (Fragment(col(Task.priority), " > 0"), Fragment(col(Task.priority), " = 0")),
        none_is_least=True,
    ),
    "position": Order(
        (Key.by(col(Task.list_id)), Key.by(col(Task.position), 1)),
        lambda task: f"{task['list_id']} {task['position']}",
        _read_position,
    ),
    # Only the trash is sorted so, and whatever lies there has been deleted.
    "deleted": Order((Key.by(col(Task.deleted_at)),), lambda task: str(task["deleted_at"]), _time),
    # Only a search is; of two that fit alike the newest comes first.
    "rank": Order(
        (_RANK_KEY, Key.by(col(Task.created_at), 1)),
        lambda task: f"{task['rank']} {task['created_at']}",
        _read_rank,
    ),
}
ORDERS: Final = _COLUMNS | {f"-{name}": order.reversed() for name, order in _COLUMNS.items()}
"""Orders by the values of `sort`; `-` before a field means descending."""
