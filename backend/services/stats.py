"""Statistics over the caller's tasks."""

from typing import Final

from sqlmodel import col

from backend.database.connection.wire import Rows
from backend.database.operations import Operation
from backend.database.queries import select
from backend.database.statements import Fragment, Statement
from backend.models import Task
from backend.services.tasks import due
from backend.services.tasks.filters import IS_LIVE

DAYS: Final = 30
"""Days of which the completed tasks are counted."""

_TODAY: Final = Fragment("(now() AT TIME ZONE ", due.ZONE, ")::date")
_OVERDUE: Final = Fragment(*(part for each in due.IS_OVERDUE for part in (each, " AND ")), "true")
_IS_RECENT: Final = Fragment(
    *(col(Task.completed_at), " >= (SELECT (", _TODAY, f" - {DAYS - 1})::timestamp"),
    *(" AT TIME ZONE ", due.ZONE, ")"),
)


def _counted(condition: Fragment | str) -> Fragment:
    return Fragment("count(*) FILTER (WHERE ", condition, ")")


_IS_OPEN: Final = Fragment(col(Task.completed_at).is_(None))
_IS_DUE_TODAY: Final = Fragment(
    *(_IS_OPEN, " AND (CASE WHEN tasks.due_time_zone IS NULL THEN tasks.due_date ELSE"),
    " (duly.instant_of(tasks.due_key, tasks.due_time_zone) AT TIME ZONE ",
    *(due.ZONE, ")::date END) = (SELECT ", _TODAY, ")"),
)
_TOTALS: Final = select(
    Fragment(
        *(_counted(_IS_OPEN), " AS open, ", _counted("tasks.completed"), " AS completed, "),
        *(_counted(_OVERDUE), " AS overdue, ", _counted(_IS_DUE_TODAY), " AS due_today"),
    ),
    Task,
    IS_LIVE,
)
_DONE: Final = select(
    Fragment("(tasks.completed_at AT TIME ZONE ", due.ZONE, ")::date AS day, count(*) AS count"),
    Task,
    IS_LIVE,
    _IS_RECENT,
)
_STATS: Final = Statement(
    "SELECT json_build_object('open', open, 'completed', completed, 'overdue', overdue,"
    " 'due_today', due_today, 'completed_per_day', days)::text\nFROM (",
    *(*_TOTALS, ") AS totals, (SELECT json_agg(json_build_object("),
    "'date', day::date, 'count', coalesce(count, 0)) ORDER BY day) AS days\nFROM generate_series(",
    *("(SELECT ", _TODAY, f" - {DAYS - 1})::timestamp, (SELECT ", _TODAY, ")::timestamp,"),
    *(" interval '1 day') AS each (day) LEFT JOIN (", *_DONE, "\nGROUP BY 1) AS done USING (day))"),
    " AS per_day",
)


def count_tasks() -> Operation[bytes]:
    """How the caller's tasks stand: JSON in UTF-8, the fields of `Stats`."""
    return Operation((_STATS.bind(),), _only, many=True)


def _only(rows: list[Rows]) -> bytes:
    return rows[0][0][0] or b""
