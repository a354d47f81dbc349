"""Pages of tasks."""

from collections.abc import Callable, Collection, Sequence
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
from backend.schemas.task import PageQuery, TaskQuery, TrashQuery
from backend.services.tasks import past
from backend.services.tasks.filters import TRASH, Selection, conditions, selection
from backend.services.tasks.ordering import ORDERS, Stretch
from backend.services.tasks.search import RANK
from backend.services.tasks.shape import JSON
from backend.services.validators import IS_NEWS, state, tag, with_state

_SHAPES: Final = 1_024
_LIMIT: Final = Fragment(bindparam("limit", type_=BigInteger))
_BY_RANK: Final = "-rank"


class Page(NamedTuple):
    """Some tasks, and where the next ones start.

    Attributes:
        body: A JSON array in UTF-8 of at most `MAX_PAGE` bytes, unless one task alone is larger;
            empty for who knows the state of the answer.
        cursor: For the next page; None on the last one.
        total: How many tasks match on all pages, when asked for.
        version: Names the state of the answer; None when time alone can change it.
    """

    body: bytes
    cursor: str | None
    total: int | None = None
    version: str | None = None


def list_tasks(query: TaskQuery, known: Collection[int] = ()) -> Operation[Page]:
    """One page of the caller's tasks outside the trash.

    Args:
        query: Which tasks, in which order, from where on; and as of when.
        known: States of the same answer that the client has.

    Raises:
        ValidationFailed: for a cursor that is not one, or was made with another sort.

    The operation raises:
        HistoryGone: when the history does not reach back so far.
    """
    sort = query.sort or ("-created" if query.q is None else _BY_RANK)
    chosen = selection(query)
    lasts = "overdue" not in chosen.filters
    return _page(chosen, sort, query, known if lasts else (), lasts=lasts)


def list_trash(query: TrashQuery, known: Collection[int] = ()) -> Operation[Page]:
    """One page of the caller's trash, the latest deletion first. Otherwise as `list_tasks`."""
    return _page(TRASH, "-deleted", query, known)


def _page(
    chosen: Selection, sort: str, query: PageQuery, known: Collection[int], *, lasts: bool = True
) -> Operation[Page]:
    # One row more than asked for tells whether there is a next page.
    values: dict[str, Value] = {"limit": query.limit + 1, **chosen.values}
    none = None
    if query.cursor is not None:
        last, values["last_id"] = _decode(query.cursor, sort)
        none = not last
        values |= {f"last_{place}": value for place, value in enumerate(last)}
    if known:
        values["known"] = list(known)
    shape = chosen.filters | {"news"} if known else chosen.filters
    as_of = query.as_of if isinstance(query, TaskQuery) else None
    if as_of is not None:
        shape |= {"past"}
        values["as_of"] = as_of
    statements: list[Bound] = [_select(shape, sort, none=none).bind(**values)]
    if isinstance(query, TaskQuery) and query.count is not None:
        statements.append(_count(shape).bind(**values))
    read = partial(_read, sort, query, known, lasts=lasts)
    if as_of is None:
        return Operation(tuple(statements), read, many=True)
    return Operation((*statements, past.too_early(as_of)), past.reading(read))


@lru_cache(_SHAPES)
def _select(filters: frozenset[str], sort: str, *, none: bool | None) -> Statement:
    """The statement for a page; `none` as `Order.stretches` has it."""
    stretches = ORDERS[sort].stretches(filters, none=none)
    beside = Fragment(RANK, " AS rank") if sort == _BY_RANK else None
    is_past = "past" in filters
    page = page_of(stretches, _conditions(filters), beside, past.rows if is_past else present)
    begin = past.WITH if is_past else ()
    return Statement(*begin, *with_state(page, more_columns=int(beside is not None)))


def present(what: Fragment | str, *conditions: Fragment) -> Parts:
    """Selects from the caller's tasks."""
    return select(what, Task, *conditions)


def page_of(
    stretches: tuple[Stretch, ...],
    which: tuple[Fragment, ...],
    beside: Fragment | None = None,
    rows: Callable[..., Parts] = present,
) -> Parts:
    """The first tasks that meet the conditions, as JSON, in the order of the stretches.

    In one SELECT, PostgreSQL would make the JSON of every row that it sorts; and where there are
    two stretches it begins the second only when the first was too short.

    Args:
        stretches: What to read, one behind the other.
        which: Conditions.
        beside: A column besides, with its name.
        rows: Selects from the tasks; `present`, or those of a past.
    """
    shown = ("SELECT ", JSON, ", rank" if beside else "", "\nFROM (")
    what = Fragment("*, ", beside) if beside else "*"
    parts = [
        (
            *rows(what, *which, *stretch.conditions),
            *("\nORDER BY ", stretch.clause, " LIMIT ", _LIMIT),
        )
        for stretch in stretches
    ]
    if len(parts) == 1:
        return (*shown, *parts[0], ") AS tasks")
    first, second = parts
    return (*(*shown, "(", *first, ")\nUNION ALL\n(", *second, ")\nLIMIT ", _LIMIT, ") AS tasks"),)


@lru_cache(_SHAPES)
def _count(filters: frozenset[str]) -> Statement:
    if "past" in filters:
        return Statement(*past.WITH, *past.rows("count(*)", *_conditions(filters)))
    return Statement(*present("count(*)", *_conditions(filters)))


def _conditions(filters: frozenset[str]) -> tuple[Fragment, ...]:
    return (*conditions(filters), *([IS_NEWS] if "news" in filters else []))


def _read(
    sort: str, query: PageQuery, known: Collection[int], rows: list[Rows], *, lasts: bool
) -> Page:
    [_, *found], *counted = rows
    version = tag(state(rows[0]), query.number) if lasts else None
    if known and state(rows[0]) in known:
        return Page(b"", None, None, version)
    tasks = [row[0] or b"" for row in found[: query.limit]]
    body = b"[%s]" % b",".join(tasks)
    if len(body) > MAX_PAGE:
        tasks = _fitting(tasks)
        body = b"[%s]" % b",".join(tasks)
    cursor = _behind(found[len(tasks) - 1], sort) if len(found) > len(tasks) else None
    total = int(counted[0][0][0] or 0) if counted else None
    return Page(body, cursor, total, version)


def _fitting(tasks: list[bytes]) -> list[bytes]:
    """The first tasks that together are no larger than a page may be; one at least."""
    sizes = accumulate(len(task) + len(b",") for task in tasks)
    return tasks[: max(1, sum(size < MAX_PAGE for size in sizes))]


def _behind(last: Sequence[bytes | None], sort: str) -> str:
    """The cursor behind a task, which shows its own sort values and id; its rank is beside."""
    shown, *beside = last
    task = from_json(shown or b"")
    if beside:
        task["rank"] = (beside[0] or b"").decode()
    return Cursor(sort, ORDERS[sort].show(task), task["id"]).encode()


def _decode(text: str, sort: str) -> tuple[Sequence[Value], str]:
    """The sort values, if any, and the id of the last row of the page before."""
    order = ORDERS[sort]
    try:
        cursor = Cursor.decode(text)
        values = () if cursor.value is None else order.read(cursor.value)
    except ValueError:
        raise invalid_cursor() from None
    if cursor.sort != sort or not (values or order.has_value):
        raise invalid_cursor()
    return values, cursor.id


def invalid_cursor() -> ValidationFailed:
    """What is said of a cursor that is none, or is another list's."""
    return ValidationFailed(
        errors=[
            {
                "pointer": "/query/cursor",
                "code": "invalid_cursor",
                "detail": "Take the cursor from the Link of a page with the same sort.",
            }
        ]
    )
