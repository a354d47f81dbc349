"""When tasks are due, compared by PostgreSQL.

A task with a time zone is due at an instant. One without is due when the clock of its user says so,
and one without a time when that clock says that its day is over. So a moment has two faces: the
instant, and what the user's clock shows then.
"""

from collections.abc import Iterator
from datetime import date, datetime, time
from typing import Final

from sqlalchemy import DateTime, bindparam
from sqlalchemy.dialects.postgresql import TIMESTAMP

from backend.database.queries import value_of
from backend.database.statements import Fragment, Value
from backend.models import SpaceSettings

ZONE: Final = Fragment("coalesce(", value_of(SpaceSettings, "settings.time_zone"), ", 'UTC')")
"""The time zone of the caller's space."""

# More than any two clocks of the world differ.
_APART: Final = "interval '2 days'"


def _compared(operator: str, clock: Fragment, instant: Fragment) -> tuple[Fragment, Fragment]:
    """Conditions that tasks are due before (`<`) or from (`>=`) a moment on.

    The first one, which the second implies, is for the index.
    """
    widened = f" {operator} ", clock, " + " if operator == "<" else " - ", _APART
    return (
        Fragment("tasks.due_key", *widened),
        Fragment(
            *("CASE WHEN tasks.due_time_zone IS NULL THEN tasks.due_key ", operator, " ", clock),
            " ELSE duly.instant_of(tasks.due_key, tasks.due_time_zone) ",
            *(operator, " ", instant, " END"),
        ),
    )


def _bound(operator: str, name: str) -> tuple[Fragment, Fragment]:
    """The same for a parameter, which is a day, begun on the user's clock, or an instant."""
    day = Fragment(bindparam(f"{name}_day", type_=TIMESTAMP()))
    instant = Fragment(bindparam(f"{name}_instant", type_=DateTime(timezone=True)))
    return _compared(
        operator,
        Fragment("(SELECT coalesce(", day, ", ", instant, " AT TIME ZONE ", ZONE, "))"),
        Fragment("(SELECT coalesce(", instant, ", duly.instant_of(", day, ", ", ZONE, ")))"),
    )


IS_DUE_BEFORE: Final = _bound("<", "due_before")
IS_DUE_FROM: Final = _bound(">=", "due_after")
IS_OVERDUE: Final = (
    Fragment("tasks.completed_at IS NULL"),
    *_compared("<", Fragment("(SELECT now() AT TIME ZONE ", ZONE, ")"), Fragment("now()")),
)


def values_of(name: str, bound: date | datetime) -> Iterator[tuple[str, Value]]:
    """The values of a parameter for `_bound`."""
    is_instant = isinstance(bound, datetime)
    yield f"{name}_day", None if is_instant else datetime.combine(bound, time())
    yield f"{name}_instant", bound if is_instant else None
