"""Pages of tasks: filters, sorts and keyset cursors, never OFFSET."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from pydantic_core import from_json
from sqlalchemy import BigInteger, Uuid, bindparam, func, tuple_
from sqlmodel import col, select

from backend.core.paging import Cursor
from backend.core.problems import ValidationFailed
from backend.database.session import Session
from backend.database.statements import Statement
from backend.models import Task
from backend.schemas.task import TaskQuery, TrashQuery
from backend.services.tasks.writes import IS_LIVE, IS_TRASHED, JSON

_TRASH = "trash"

# Sort field of the API: the column (`Any`: it is typed by what it holds, and also has `.type`),
# and the field of the JSON that shows it.
_SORTS: dict[str, tuple[Any, str]] = {
    "created": (col(Task.created_at), "created_at"),
    "updated": (col(Task.updated_at), "updated_at"),
    "title": (col(Task.title), "title"),
    "deleted": (col(Task.deleted_at), "deleted_at"),
}
_FILTERS = {
    "all": (IS_LIVE,),
    "pending": (IS_LIVE, ~col(Task.completed)),
    "completed": (IS_LIVE, col(Task.completed)),
    _TRASH: (IS_TRASHED,),
}


@dataclass(frozen=True, slots=True)
class Page:
    """Some tasks, and where the next ones start.

    Attributes:
        body: A JSON array in UTF-8.
        cursor: For the next page; None on the last one.
        total: How many tasks match on all pages, when asked for.
    """

    body: bytes
    cursor: str | None
    total: int | None = None


async def list_tasks(db: Session, query: TaskQuery) -> Page:
    """One page of the caller's tasks outside the trash.

    Raises:
        ValidationFailed: for a cursor that is not one, or was made with another sort.
    """
    return await _page(db, query.status, query.sort, query, count=query.count is not None)


async def list_trash(db: Session, query: TrashQuery) -> Page:
    """One page of the caller's trash, the latest deletion first. Errors as `list_tasks`."""
    return await _page(db, _TRASH, "-deleted", query, count=False)


async def _page(
    db: Session, status: str, sort: str, query: TaskQuery | TrashQuery, *, count: bool
) -> Page:
    cursor = None if query.cursor is None else _decode(query.cursor, sort)
    statement = _select(status, sort, after=cursor is not None)
    # One row more than asked for tells whether there is a next page.
    bound = statement.bind(
        limit=query.limit + 1,
        value=cursor.value if cursor else None,
        id=cursor.id if cursor else None,
    )
    counting = [_count(status).bind()] if count else []
    try:
        rows, *counted = await db.read(bound, *counting)
    except ValidationFailed:  # the limit is checked, so it was the cursor's value
        raise _invalid_cursor() from None
    total = int(counted[0][0][0] or 0) if counted else None
    tasks = [row[0] or b"" for row in rows[: query.limit]]
    more = len(rows) > query.limit
    return Page(b"[%s]" % b",".join(tasks), _after(tasks[-1], sort) if more else None, total)


@lru_cache(maxsize=256)
def _select(status: str, sort: str, *, after: bool) -> Statement:
    column, _ = _SORTS[sort.removeprefix("-")]
    descending = sort.startswith("-")
    chosen = select(Task).where(*_FILTERS[status])
    if after:
        here = tuple_(column, col(Task.id))
        last = tuple_(bindparam("value", type_=column.type), bindparam("id", type_=Uuid))
        chosen = chosen.where(here < last if descending else here > last)
    limit = bindparam("limit", type_=BigInteger)
    ordered = chosen.order_by(*_order(column, col(Task.id), descending=descending)).limit(limit)
    # In one SELECT, PostgreSQL would make the JSON of every row that it sorts.
    page = ordered.subquery("tasks")
    order = _order(page.c[column.name], page.c.id, descending=descending)
    return Statement(select(JSON).select_from(page).order_by(*order))


def _order(*columns: Any, descending: bool) -> list[Any]:
    return [column.desc() for column in columns] if descending else [*columns]


@lru_cache(maxsize=8)
def _count(status: str) -> Statement:
    return Statement(select(func.count()).select_from(Task).where(*_FILTERS[status]))


def _after(last: bytes, sort: str) -> str:
    """The cursor behind `last`, which shows its own sort value and id."""
    task = from_json(last)
    _, field = _SORTS[sort.removeprefix("-")]
    return Cursor(sort, task[field], task["id"]).encode()


def _decode(text: str, sort: str) -> Cursor:
    try:
        cursor = Cursor.decode(text)
    except ValueError:
        raise _invalid_cursor() from None
    if cursor.sort != sort:
        raise _invalid_cursor()
    return cursor


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
