"""The user's lists, in their order."""

from collections.abc import Collection
from functools import lru_cache, partial
from itertools import accumulate
from typing import Final

from pydantic_core import from_json
from sqlalchemy import BigInteger, Boolean, Text, Uuid, bindparam
from sqlmodel import col

from backend.core.limits import MAX_PAGE
from backend.core.paging import Cursor
from backend.database.connection.wire import Rows
from backend.database.operations import Operation
from backend.database.statements import Fragment, Statement, Value, Where
from backend.models import List
from backend.schemas.list import ListQuery
from backend.services.lists.shape import COUNTED, IS_LIVE, IS_TRASHED, JSON_OF_MANY, LISTS
from backend.services.tasks.pages import Page, invalid_cursor
from backend.services.validators import IS_NEWS, state, tag, with_state

_SORT: Final = "position"
_LIMIT: Final = Fragment(bindparam("limit", type_=BigInteger))
_IS_ARCHIVED: Final = Fragment(col(List.archived) == bindparam("archived", type_=Boolean))
_IS_BEHIND: Final = Fragment(
    *("(", col(List.position), ' COLLATE "C", ', col(List.id), ") > ("),
    *(bindparam("last_value", type_=Text), ", ", bindparam("last_id", type_=Uuid), ")"),
)
_ORDER: Final = "\nORDER BY lists.position, lists.id"


def list_lists(query: ListQuery, known: Collection[int] = ()) -> Operation[Page]:
    """One page of the caller's lists.

    Args:
        query: Which lists, from where on.
        known: States of the same answer that the client has.

    Raises:
        ValidationFailed: for a cursor that is not one.
    """
    # An inbox that is only to be says that it was made now, whenever it is looked at.
    known = [each for each in known if each]
    is_trashed = query.trashed == "true"
    archived = query.archived or ("all" if is_trashed else "false")
    values: dict[str, Value] = {
        "limit": query.limit + 1,
        "archived": archived == "true",
        "known": list(known),
    }
    if query.cursor is not None:
        values |= _decode(query.cursor)
    statement = _select(
        is_trashed=is_trashed,
        by_archived=archived != "all",
        is_first=query.cursor is None,
        is_known=bool(known),
    )
    read = partial(_read, query, known)
    return Operation((statement.bind(**values),), read, many=True)


@lru_cache
def _select(*, is_trashed: bool, by_archived: bool, is_first: bool, is_known: bool) -> Statement:
    conditions = [
        IS_TRASHED if is_trashed else IS_LIVE,
        *([_IS_ARCHIVED] if by_archived else []),
        *([] if is_first else [_IS_BEHIND]),
        *([IS_NEWS] if is_known else []),
    ]
    # In one SELECT, PostgreSQL would make the JSON of every row that it sorts.
    page = (
        *("SELECT ", JSON_OF_MANY, "\nFROM (SELECT *\nFROM ", *LISTS, Where((*conditions,))),
        *(_ORDER, " LIMIT ", _LIMIT, ") AS lists LEFT JOIN ", *COUNTED, _ORDER, " LIMIT ", _LIMIT),
    )
    return Statement(*with_state(page))


def _read(query: ListQuery, known: Collection[int], rows: list[Rows]) -> Page:
    now = state(rows[0])
    version = tag(now, query.number) if now else None
    if now in known:
        return Page(b"", None, None, version)
    found = [row[0] or b"" for row in rows[0][1:]]
    sizes = accumulate(len(each) + len(b",") for each in found[: query.limit])
    shown = found[: max(1, sum(size < MAX_PAGE for size in sizes))] if found else []
    cursor = None
    if len(found) > len(shown):
        last = from_json(shown[-1])
        cursor = Cursor(_SORT, last["position"], last["id"]).encode()
    return Page(b"[%s]" % b",".join(shown), cursor, version=version)


def _decode(text: str) -> dict[str, Value]:
    try:
        cursor = Cursor.decode(text)
    except ValueError:
        raise invalid_cursor() from None
    if cursor.sort != _SORT or cursor.value is None:
        raise invalid_cursor()
    return {"last_value": cursor.value, "last_id": cursor.id}
