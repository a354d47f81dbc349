"""Recurring tasks: which occurrence is due, what a change makes of the series, and what is next.

Python knows rules, PostgreSQL does not. So one is looked at in the call that would complete it if
it did not recur, and a second call takes it to its next occurrence, if what that depends on is
still as it was seen (docs/recurrence.md).
"""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from datetime import date, datetime, time
from typing import Any, Final, NamedTuple

from sqlalchemy import Boolean, Date, Time, bindparam, inspect

from backend.core.dates import Due
from backend.core.problems import FieldError, ValidationFailed
from backend.core.recurrence import parse
from backend.core.recurrence.steps import Series, following
from backend.database.connection.call import Row
from backend.database.queries import select
from backend.database.statements import Fragment, Statement, Value
from backend.models import Task
from backend.models.domains import base_type
from backend.services.tasks.filters import IS_LIVE
from backend.services.tasks.shape import HAS_ID

IS_SETTLED: Final = Fragment("(tasks.recurrence IS NULL OR tasks.completed_at IS NOT NULL)")
"""Whether there is no next occurrence that completing it would take it to."""

IS_MEANT: Final = Fragment(
    *(IS_SETTLED, " AND (tasks.completed_at IS NULL) = ", bindparam("completed", type_=Boolean)),
    *(" AND coalesce(tasks.due_date = ", bindparam("day", type_=Date), ", true)"),
    *(" AND coalesce(tasks.due_time = ", bindparam("at", type_=Time), ", true)"),
)
"""Whether that is so, and it is due when the occurrence that is meant is, and not done (or open)
already."""

_RECURS: Final = Fragment("tasks.recurrence IS NOT NULL AND tasks.completed_at IS NULL")
_SEEN: Final = (
    *("recurrence", "recurrence_anchor", "recurrence_from"),
    *("due_date", "due_time", "due_time_zone"),
)
_COLUMNS: Final = inspect(Task).local_table.c
_NAMES: Final = ", ".join(f"tasks.{name}" for name in _SEEN)
_GIVEN: Final = [
    Fragment(", ", bindparam(f"seen_{name}", type_=base_type(_COLUMNS[name].type)))
    for name in _SEEN
]
IS_AS_SEEN: Final = Fragment(
    f"ROW(tasks.completed_at, {_NAMES}) IS NOT DISTINCT FROM ROW(NULL", *_GIVEN, ")"
)
"""Whether the next occurrence still depends on the same."""

# As few expressions as can be: it goes along whenever a task is completed, be it in vain.
LOOK: Final = Statement(
    *select(
        f"{_NAMES}, duly.clock_of(tasks.space_id, tasks.due_time_zone)",
        Task,
        *(HAS_ID, IS_LIVE, _RECURS),
    )
)

ANCHORED: Final = frozenset({"anchored", "anchored_in_time"})
REPLACED: Final = ANCHORED | {"unanchored", "unstepped", "completed", "toggled"}
"""Assignments in whose place a step has its own."""

_MIDNIGHT: Final = "'00:00'::time"


def assignments_of(fields: AbstractSet[str], rule: str | None) -> frozenset[str]:
    """What a change does to a task: to the fields that it gives, and to what follows from them.

    Args:
        fields: Those that it gives.
        rule: The recurrence, if it is one of them.
    """
    names = set(fields)
    if names & {"due_date", "due_time", "due_time_zone", "recurrence"}:
        names.add("unstepped")
    if "recurrence" in names:
        in_time = rule is not None and parse(rule).needs_time
        names.add("unanchored" if rule is None else "anchored_in_time" if in_time else "anchored")
    return frozenset(names)


def anchor(name: str, values: Mapping[str, Fragment]) -> Fragment:
    """The anchor of a series that a change makes: the due that it leaves.

    It stays if the change says only what is there already. A rule that speaks of times is refused
    by `duly.settle_task` without one.

    Args:
        name: Of `ANCHORED`.
        values: What becomes of the columns of the change, the rule among them.
    """
    names = ("recurrence", "due_date", "due_time")
    said = [(f"tasks.{column}", values[column]) for column in names if column in values]
    same = [part for at in said for part in (" AND ", at[0], " IS NOT DISTINCT FROM ", at[1])]
    day, at = (values.get(column, Fragment(f"tasks.{column}")) for column in names[1:])
    moment = (
        (day, " + ", at)
        if name == "anchored_in_time"
        else (*(day, " + coalesce(", at, f", {_MIDNIGHT})"),)
    )
    return Fragment("CASE WHEN ", *same[1:], " THEN tasks.recurrence_anchor ELSE ", *moment, " END")


class Found(NamedTuple):
    """A recurring task as `LOOK` found it.

    Attributes:
        series: How it recurs.
        now: What the clock of its zone shows, or that of its user.
        seen: The values of `IS_AS_SEEN`.
    """

    series: Series
    now: datetime
    seen: dict[str, Value]

    @classmethod
    def read(cls, row: Row) -> "Found":
        """The task in a row."""
        texts = [None if column is None else column.decode() for column in row]
        rule, anchor, origin, day, at, zone, now = (text or "" for text in texts)
        due = Due(date.fromisoformat(day), time.fromisoformat(at) if at else None, zone or None)
        series = Series(rule, datetime.fromisoformat(anchor), due, origin == "completion")
        seen = dict(zip((f"seen_{name}" for name in _SEEN), texts, strict=False))
        return cls(series, datetime.fromisoformat(now), {**seen})


def is_current(series: Series, occurrence: Due) -> bool:
    """Whether an occurrence is the one that is due.

    Raises:
        ValidationFailed: when it may be one of several of its day.
    """
    day, at, _ = series.due
    if at is not None and occurrence.at is None and parse(series.rule).needs_time:
        reason = "Several may be due on one day: add T and due_time."
        error: FieldError = {"pointer": "/body/occurrence", "code": "no_time", "detail": reason}
        raise ValidationFailed(errors=[error])
    return occurrence.day == day and (None in {occurrence.at, at} or occurrence.at == at)


def changed(series: Series, changes: Mapping[str, Any]) -> Series | None:
    """The series after a change that completes it at once; None when it does not recur any more."""
    rule: str | None = changes.get("recurrence", series.rule)
    if rule is None:
        return None
    due = Due(
        changes.get("due_date", series.due.day),
        changes.get("due_time", series.due.at),
        changes.get("due_time_zone", series.due.zone),
    )
    anchor = series.anchor
    if "recurrence" in changes and (rule, *due[:2]) != (series.rule, *series.due[:2]):
        anchor = datetime.combine(due.day, due.at or time())
    origin = changes.get("recurrence_from")
    from_completion = series.from_completion if origin is None else origin == "completion"
    return Series(rule, anchor, due, from_completion)


def step(series: Series, now: datetime) -> dict[str, Value] | None:
    """What changes from one occurrence to the next; None when there is none."""
    found = following(series, now)
    if found is None:
        return None
    return {
        "due_date": found.due.day,
        "due_time": found.due.at,
        "recurrence": found.rule,
        "recurrence_anchor": found.anchor,
    }
