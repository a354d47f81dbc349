"""Statistics over the caller's tasks."""

from typing import Final

from sqlmodel import col

from backend.database.connection.wire import Rows
from backend.database.operations import Operation
from backend.database.queries import Parts, select
from backend.database.statements import Fragment, Statement
from backend.models import SpaceSettings, Task
from backend.services.tasks import due
from backend.services.tasks.filters import IS_LIVE

DAYS: Final = 30
"""Days of which the completed tasks are counted."""

_IS_OPEN: Final = Fragment(col(Task.completed_at).is_(None))
_TODAY: Final = Fragment("(SELECT today.day FROM today)")
_ZONE: Final = Fragment("(SELECT today.zone FROM today)")
# The first two conditions, which the third implies, are for the index.
_IS_DUE_TODAY: Final = (
    Fragment("tasks.due_key >= ", _TODAY, " - 2"),
    Fragment("tasks.due_key < ", _TODAY, " + 3"),
    Fragment(
        "CASE WHEN tasks.due_time_zone IS NULL THEN tasks.due_date",
        " ELSE (duly.instant_of(tasks.due_key, tasks.due_time_zone) AT TIME ZONE ",
        *(_ZONE, ")::date END = ", _TODAY),
    ),
)
_IS_RECENT: Final = Fragment(
    *(col(Task.completed_at), " >= (", _TODAY, f" - {DAYS - 1})::timestamp AT TIME ZONE ", _ZONE)
)


def _count(*conditions: Fragment) -> Parts:
    return "(", *select("count(*)", Task, IS_LIVE, *conditions), ")"


_PER_DAY: Final = select(
    Fragment("(tasks.completed_at AT TIME ZONE ", _ZONE, ")::date AS day, count(*) AS count"),
    *(Task, IS_LIVE, _IS_RECENT),
)
_STATS: Final = Statement(
    *("WITH chosen AS (", *select("settings.time_zone", SpaceSettings), "), today AS (SELECT"),
    " zone, (now() AT TIME ZONE zone)::date AS day\nFROM (SELECT coalesce(max(time_zone), 'UTC')"
    " AS zone FROM chosen) AS zones)\nSELECT json_build_object('open', ",
    *(*_count(_IS_OPEN), ", 'completed', ", *_count(Fragment(col(Task.completed)))),
    *(", 'overdue', ", *_count(*due.IS_OVERDUE)),
    *(", 'due_today', ", *_count(_IS_OPEN, *_IS_DUE_TODAY), ", 'completed_per_day', "),
    "(SELECT json_agg(json_build_object('date', day::date, 'count', coalesce(count, 0))"
    " ORDER BY day)\nFROM generate_series(",
    *(_TODAY, f" - {DAYS - 1}, ", _TODAY, ", interval '1 day') AS each (day)"),
    *(" LEFT JOIN (", *_PER_DAY, "\nGROUP BY 1) AS done USING (day)))::text"),
)


def count_tasks() -> Operation[bytes]:
    """How the caller's tasks stand: JSON in UTF-8, the fields of `Stats`."""
    return Operation((_STATS.bind(),), _only, many=True)


def _only(rows: list[Rows]) -> bytes:
    return rows[0][0][0] or b""
