"""Putting a list before or behind another one."""

from collections.abc import Sequence
from functools import lru_cache, partial
from typing import Final
from uuid import UUID

from sqlalchemy import Uuid, bindparam
from sqlmodel import col

from backend.core.problems import ValidationFailed
from backend.database.connection.wire import Rows
from backend.database.operations import Operation
from backend.database.queries import Parts, select, where
from backend.database.statements import Fragment, Statement, Where
from backend.models import List
from backend.schemas.list import ListMove
from backend.services.lists.shape import (
    HAS_ID,
    HAS_VERSION,
    IS_LIVE,
    JSON,
    SHOW,
    ListRepresentation,
    only,
)
from backend.services.lists.writes import reading

_LONGEST: Final = 64  # a rank that is longer has all of them made anew

_ID: Final = Fragment(bindparam("id", type_=Uuid))
_OTHERS: Final[Parts] = (
    "WITH others AS (",
    *select(
        "lists.id, lists.position, lists.deleted_at,"
        " row_number() OVER (ORDER BY lists.position, lists.id) AS place",
        List,
        Fragment(col(List.id) != bindparam("id", type_=Uuid)),
    ),
    ")",
)
_IS_TARGET: Final = Where(
    (
        Fragment("others.id = ", bindparam("target", type_=Uuid)),
        Fragment("others.deleted_at IS NULL"),
    )
)
# How many of the others stand before the list.
_AHEAD: Final[dict[str, Parts]] = {
    "before": ("SELECT others.place - 1 AS ahead FROM others", _IS_TARGET),
    "after": ("SELECT others.place AS ahead FROM others", _IS_TARGET),
    "last": ("SELECT count(*) AS ahead FROM others",),
}
# Between the neighbours is nothing when their ranks are alike; then, or when the rank becomes long,
# all get new ones in the order that they have.
_PLACED: Final[Parts] = (
    """spot AS (
    SELECT ahead, CASE WHEN (low.position < high.position) IS NOT FALSE
        THEN duly.rank_between(low.position, high.position) END AS rank
    FROM target LEFT JOIN others AS low ON low.place = ahead
    LEFT JOIN others AS high ON high.place = ahead + 1
), spread AS (
    SELECT ahead FROM spot""",
    Where((Fragment(f"(length(rank) <= {_LONGEST}) IS NOT TRUE"),)),
    "\n), placed AS (\n    SELECT ",
    _ID,
    """ AS id,
        coalesce((SELECT duly.rank_at(to_timestamp(ahead + 1)) FROM spread), rank) AS rank
    FROM spot
    UNION ALL SELECT id, duly.rank_at(to_timestamp(place + (place > ahead)::int))
    FROM others, spread
)
""",
)


def move_list(
    list_id: UUID, place: ListMove, versions: Sequence[int] | None = None
) -> Operation[ListRepresentation]:
    """Put a list before or behind another one, or last. The others stay in their order.

    Args:
        list_id: Which list.
        place: Where it goes.
        versions: The versions that `If-Match` allows; None for any.

    The operation raises:
        NotFound: when the caller has no such list.
        StaleVersion: when the list has another version than those allowed.
        ValidationFailed: when there is no such list to put it beside.
    """
    side = "before" if place.before else "after" if place.after else "last"
    bound = _move(side, is_conditional=versions is not None).bind(
        id=list_id, versions=list(versions or ()), target=place.before or place.after
    )
    read = reading(versions, partial(_moved, str(list_id)), partial(_no_such_list, side))
    return Operation((bound,), read, writes=True, decisive=True, reasons=(SHOW.bind(id=list_id),))


@lru_cache
def _move(side: str, *, is_conditional: bool) -> Statement:
    moved = select("", List, HAS_ID, IS_LIVE, *([HAS_VERSION] if is_conditional else []))
    return Statement(
        *(*_OTHERS, ",\ntarget AS (", *_AHEAD[side], "),\nmoved AS (", *moved, "),\n"),
        *(*_PLACED, "UPDATE duly.lists SET position = placed.rank FROM placed, moved"),
        where(List, Fragment("lists.id = placed.id")),
        *("\nRETURNING ", *JSON, ", lists.id"),
    )


def _moved(list_id: str, rows: list[Rows]) -> ListRepresentation:
    return only([[row for row in rows[0] if row[1] == list_id.encode()]])


def _no_such_list(side: str) -> ValidationFailed:
    return ValidationFailed(
        errors=[
            {
                "pointer": f"/body/{side}",
                "code": "no_such_list",
                "detail": "There is no such list to put it beside.",
            }
        ]
    )
