"""One change of all tasks that a filter finds, in one statement."""

from functools import lru_cache, partial
from typing import Final

from sqlalchemy import Integer, bindparam
from sqlmodel import col

from backend.core.problems import TooManyMatches, UnexpectedCount
from backend.database.connection.wire import Rows
from backend.database.operations import Operation
from backend.database.queries import Parts, select, update
from backend.database.statements import Fragment, Statement, Value
from backend.models import Task
from backend.schemas.batch import MOST_CHANGED, BatchChange
from backend.services.tasks import moves
from backend.services.tasks.changes import assigned
from backend.services.tasks.filters import conditions, selection
from backend.services.tasks.recurring import IS_SETTLED
from backend.services.tasks.writes import read_patch

_SHAPES: Final = 1_024
_TRASHED: Final = frozenset({"trashed"})
_NONE: Final[dict[str, Value]] = {}
_TAKES_ALONG: Final = frozenset({"trashed", "completed", "put"})
"""Assignments whose effect a trigger takes to everything below (migration 0017)."""

# One by one, each would look for the last task of the list anew. A rank of the clock comes last, as
# that of a new task does.
_TARGET: Final = (
    *("target AS (", *select("tasks.list_id", Task, Fragment("tasks.id = ", moves.PARENT_ID))),
    " LIMIT 1), ",
)
_SHOWN: Final = "tasks.id, tasks.parent_id"
_AIMED: Final = Fragment(
    f"{_SHOWN}, row_number() OVER (ORDER BY tasks.position, tasks.id) AS place, CASE WHEN ",
    *(moves.NAMES_LIST, " THEN coalesce(", moves.LIST_ID, ", duly.inbox_of(tasks.space_id)) WHEN "),
    *(moves.PARENT_ID, " IS NULL THEN tasks.list_id ELSE (SELECT target.list_id FROM target) END"),
    " AS list_id",
)
_PARENT: Final = Fragment(
    *("CASE WHEN ", moves.NAMES_PARENT, " THEN ", moves.PARENT_ID),
    " WHEN tasks.list_id = found.list_id THEN tasks.parent_id END",
)
_TOGETHER: Final = Fragment(
    *("ROW(found.list_id, ", _PARENT, ", CASE WHEN ", _PARENT, " IS NOT DISTINCT FROM"),
    " tasks.parent_id AND tasks.list_id = found.list_id",
    " THEN tasks.position ELSE duly.rank_at(now() + found.place * interval '1 microsecond') END)",
)
# What is below another one that is found, perhaps with others between, goes with that one, so that
# it comes back with it. With a new parent, nothing stays below another.
_STAYS_BELOW: Final = Fragment(" AND NOT ", moves.NAMES_PARENT)
_CLIMB: Final = (
    "\nUNION\nSELECT above.id, parent.parent_id FROM above CROSS JOIN LATERAL (",
    *select("tasks.parent_id", Task, Fragment("tasks.id = above.ancestor")),
    ") AS parent), carried AS MATERIALIZED",
    " (SELECT above.id FROM above JOIN found ON found.id = above.ancestor), ",
)
_IS_CARRIED: Final = Fragment("tasks.id IN (SELECT carried.id FROM carried)")
_GOES_ITSELF: Final = Fragment("tasks.id NOT IN (SELECT carried.id FROM carried)")
_IS_FOUND: Final = Fragment("tasks.id = found.id")
_EXPECTED: Final = Fragment(bindparam("expected", type_=Integer))
_IS_AS_EXPECTED: Final = Fragment(
    *("(SELECT number = coalesce(", _EXPECTED, f", number) AND number <= {MOST_CHANGED}"),
    " FROM counted)",
)


def change_tasks(wish: BatchChange) -> Operation[int]:
    """Change all tasks that a filter finds, and say how many they are; or only say how many.

    To complete leaves out those that recur: each has a next date of its own.

    The operation raises:
        UnexpectedCount: when they are not as many as expected.
        TooManyMatches: when they are more than `MOST_CHANGED`.
    """
    chosen = selection(wish.filter)
    assignments, values = (_TRASHED, _NONE) if wish.change.deletes else read_patch(wish.change)
    statement = _statement(
        chosen.filters,
        assignments,
        completes=bool(wish.change.completed),
        changes=not wish.dry_run,
    )
    bound = statement.bind(**values, **chosen.values, expected=wish.expected_count)
    return Operation((bound,), partial(_number, wish.expected_count), writes=not wish.dry_run)


@lru_cache(_SHAPES)
def _statement(
    filters: frozenset[str], assignments: frozenset[str], *, completes: bool, changes: bool
) -> Statement:
    which = (*conditions(filters), *([IS_SETTLED] if completes else []))
    moves_them = "put" in assignments
    found = (
        *("WITH RECURSIVE ", *(_TARGET if moves_them else ()), "found AS MATERIALIZED ("),
        *select(_AIMED if moves_them else _SHOWN, Task, *which),
        f"\nLIMIT {MOST_CHANGED + 1}), ",
        "counted AS (SELECT count(*) AS number FROM found)",
    )
    taken_along = assignments & (_TAKES_ALONG if completes else _TAKES_ALONG - {"completed"})
    change = _change(assignments, taken_along) if changes else ()
    return Statement(*found, *change, "\nSELECT number FROM counted")


def _change(assignments: frozenset[str], taken_along: frozenset[str]) -> Parts:
    """What changes the tasks that are found.

    Args:
        assignments: What is done to each.
        taken_along: Those of them that are not done again to what is carried by another task.
    """
    if not taken_along:
        return (", changed AS (", *_update(assignments), ")")
    stays = _STAYS_BELOW if "put" in assignments else ""
    others = assignments - taken_along
    return (
        ", above (id, ancestor) AS (SELECT found.id, found.parent_id FROM counted",
        *(" JOIN found ON found.parent_id IS NOT NULL", stays, *_CLIMB),
        *("changed AS (", *_update(assignments, _GOES_ITSELF), ")"),
        *((", others AS (", *_update(others, _IS_CARRIED), ")") if others else ()),
    )


def _update(assignments: frozenset[str], *conditions: Fragment) -> Parts:
    values = assigned(assignments)
    if "put" in assignments:
        values[moves.COLUMNS] = _TOGETHER
    return update(
        Task,
        values,
        *(_IS_FOUND, _IS_AS_EXPECTED, *conditions),
        returning=Fragment(col(Task.id)),
        source="found",
    )


def _number(expected: int | None, rows: list[Rows]) -> int:
    [[(number,)]] = rows
    found = int(number or 0)
    if found > MOST_CHANGED:
        raise TooManyMatches
    if expected not in {None, found}:
        raise UnexpectedCount(f"The filter finds {found} tasks.")
    return found
