"""Pages of tasks."""

from functools import lru_cache, partial
from itertools import accumulate
from typing import Final, NamedTuple

from pydantic_core import from_json
from sqlalchemy import BigInteger, bindparam

from backend.core.limits import MAX_PAGE
from backend.core.paging import Cursor
from backend.core.problems import ValidationFailed
from backend.database.connection.wire import Rows
from backend.database.operations import Operation
from backend.database.queries import Parts, select
from backend.database.statements import Bound, Fragment, Statement, Value
from backend.models import Task
from backend.schemas.task import TaskQuery, TrashQuery
from backend.services.tasks.filters import STATUS
from backend.services.tasks.ordering import ORDERS, Order
from backend.services.tasks.shape import JSON

_SHAPES: Final = 1_024
_LIMIT: Final = Fragment(bindparam("limit", type_=BigInteger))


class Page(NamedTuple):
    """Some tasks, and where the next ones start.

    Attributes:
        body: A JSON array in UTF-8 of at most `MAX_PAGE` bytes, unless one task alone is larger.
        cursor: For the next page; None on the last one.
        total: How many tasks match on all pages, when asked for.
    """

    body: bytes
    cursor: str | None
    total: int | None = None


def list_tasks(query: TaskQuery) -> Operation[Page]:
    """One page of the caller's tasks outside the trash.

    Raises:
        ValidationFailed: for a cursor that is not one, or was made with another sort.
    """
    return _page(query.status, query.sort, query, count=query.count is not None)


def list_trash(query: TrashQuery) -> Operation[Page]:
    """One page of the caller's trash, the latest deletion first. Errors as `list_tasks`."""
    return _page("trashed", "-deleted", query, count=False)


def _page(status: str, sort: str, query: TaskQuery | TrashQuery, *, count: bool) -> Operation[Page]:
    # One row more than asked for tells whether there is a next page.
    values: dict[str, Value] = {"limit": query.limit + 1}
    null = None
    if query.cursor is not None:
        value, last_id = _decode(query.cursor, sort)
        null = value is None
        values |= {"last_value": value, "last_id": last_id}
    statements: list[Bound] = [_select(status, sort, null=null).bind(**values)]
    if count:
        statements.append(_count(status).bind())
    return Operation(tuple(statements), partial(_read, sort, query.limit), many=True)


@lru_cache(_SHAPES)
def _select(status: str, sort: str, *, null: bool | None) -> Statement:
    """The statement for a page; `null` says what the last value before it was, None: no page."""
    order = ORDERS[sort]
    conditions = [*STATUS[status], *([] if null is None else [order.after(null=null)])]
    return Statement(*page_of(order, conditions))


def page_of(order: Order, conditions: list[Fragment]) -> Parts:
    """The first tasks that meet the conditions, in their order, as JSON.

    In one SELECT, PostgreSQL would make the JSON of every row that it sorts.
    """
    chosen = select("*", Task, *conditions)
    ordered = ("\nORDER BY ", order.clause)
    return (
        *("SELECT ", JSON, "\nFROM ("),
        *(*chosen, *ordered, " LIMIT ", _LIMIT, ") AS tasks", *ordered),
    )


@lru_cache(_SHAPES)
def _count(status: str) -> Statement:
    return Statement(*select("count(*)", Task, *STATUS[status]))


def _read(sort: str, limit: int, rows: list[Rows]) -> Page:
    found, *counted = rows
    tasks = [row[0] or b"" for row in found[:limit]]
    body = b"[%s]" % b",".join(tasks)
    if len(body) > MAX_PAGE:
        tasks = _fitting(tasks)
        body = b"[%s]" % b",".join(tasks)
    cursor = _behind(tasks[-1], sort) if len(found) > len(tasks) else None
    total = int(counted[0][0][0] or 0) if counted else None
    return Page(body, cursor, total)


def _fitting(tasks: list[bytes]) -> list[bytes]:
    """The first tasks that together are no larger than a page may be; one at least."""
    sizes = accumulate(len(task) + len(b",") for task in tasks)
    return tasks[: max(1, sum(size < MAX_PAGE for size in sizes))]


def _behind(last: bytes, sort: str) -> str:
    """The cursor behind a task, which shows its own sort value and id."""
    task = from_json(last)
    return Cursor(sort, task[ORDERS[sort].field], task["id"]).encode()


def _decode(text: str, sort: str) -> tuple[Value, str]:
    """The sort value and the id of the last row of the page before."""
    order = ORDERS[sort]
    try:
        cursor = Cursor.decode(text)
        value = None if cursor.value is None else order.read(cursor.value)
    except ValueError:
        raise _invalid_cursor() from None
    if cursor.sort != sort or (value is None and not order.nullable):
        raise _invalid_cursor()
    return value, cursor.id


def _invalid_cursor() -> ValidationFailed:
    return ValidationFailed(
        errors=[
            {
                "pointer": "/query/cursor",
                "code": "invalid_cursor",
                "detail": "Take the cursor from the Link of a page with the same sort.",
            }
        ]
    )
