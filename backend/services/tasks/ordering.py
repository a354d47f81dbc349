"""The orders of a list, and where in an order a page starts: keyset paging, never OFFSET."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Uuid, bindparam, func
from sqlmodel import col

from backend.database.statements import Fragment, Value
from backend.models import Task
from backend.models.domains import base_type

_ID: Final = Fragment(col(Task.id))
_READERS: Final[dict[type, Callable[[str], Value]]] = {str: str, datetime: datetime.fromisoformat}
_LAST_ID: Final = Fragment(bindparam("last_id", type_=Uuid))


@dataclass(frozen=True, slots=True)
class Order:
    """Tasks in the order of one column, ties by id, nulls last whatever the direction.

    Attributes:
        field: The field of the JSON that shows the column, or what it is made of.
        column: The column.
        last: The same of the last row of the page before, made of what its field shows.
        read: Makes such a value of the text in a cursor; ValueError when it is none.
        descending: Whether the largest value comes first.
        nullable: Whether a row of the list can have null there.
    """

    field: str
    column: Fragment
    last: Fragment
    read: Callable[[str], Value]
    descending: bool = False
    nullable: bool = False

    @classmethod
    def by(
        cls, field: str, column: Any, *, key: Any = lambda value: value, nullable: bool = False
    ) -> "Order":
        """The ascending order by a column of `Task` (`Any`: typed by what it holds).

        Args:
            field: The field that shows it.
            column: The column.
            key: The SQL function that makes the column of the field.
            nullable: Whether a row of the list can have null there.
        """
        type_ = base_type(column.type)
        last = Fragment(key(bindparam("last_value", type_=type_)))
        read = _READERS[type_.python_type]
        return cls(field, Fragment(column), last, read, nullable=nullable)

    def reversed(self) -> "Order":
        """The same, the largest value first."""
        return replace(self, descending=not self.descending)

    @property
    def clause(self) -> Fragment:
        """What `ORDER BY` takes."""
        direction = " DESC" if self.descending else ""
        nulls = " NULLS LAST" if self.descending and self.nullable else ""
        return Fragment(self.column, f"{direction}{nulls}, ", _ID, direction)

    def after(self, *, null: bool) -> Fragment:
        """The condition for rows behind the last one, whose value is null or not.

        Rows are compared as such where no null can spoil it: an index then starts right there.
        """
        follows = " < " if self.descending else " > "
        if null:
            return Fragment("(", self.column, " IS NULL AND ", _ID, follows, _LAST_ID, ")")
        here = ("(", self.column, ", ", _ID, ")")
        behind = Fragment(*here, follows, "(", self.last, ", ", _LAST_ID, ")")
        if not self.nullable:
            return behind
        return Fragment("(", behind, " OR ", self.column, " IS NULL)")


_COLUMNS: Final = {
    "created": Order.by("created_at", col(Task.created_at)),
    "updated": Order.by("updated_at", col(Task.updated_at)),
    "title": Order.by("title", col(Task.title_key), key=func.duly.title_key),
    # Only the trash is sorted so, and whatever lies there has been deleted.
    "deleted": Order.by("deleted_at", col(Task.deleted_at)),
}
ORDERS: Final = _COLUMNS | {f"-{name}": order.reversed() for name, order in _COLUMNS.items()}
"""Orders by the values of `sort`; `-` before a field means descending."""
