"""A rule that does not go on from every date, for a task whose date the request does not say.

Python knows rules, PostgreSQL knows the date. Most rules go on from any date, and to give one of
them takes one round trip; for the others the task is looked at first.
"""

from datetime import date, time
from typing import Final

from backend.core.problems import FieldError, NotFound, ValidationFailed
from backend.core.recurrence import parse
from backend.database.connection.call import Row, Rows
from backend.database.queries import select
from backend.database.statements import Statement
from backend.models import Task
from backend.schemas.due import flaw
from backend.schemas.task import TaskUpdate
from backend.services.tasks.filters import IS_LIVE
from backend.services.tasks.shape import HAS_ID

# What goes on in another call gives no row, so that nothing behind it is done before.
NO_ROW: Final = Statement("SELECT NULL LIMIT 0")
LOOK: Final = Statement(
    *select("tasks.recurrence, tasks.due_date, tasks.due_time", Task, HAS_ID, IS_LIVE)
)


def check(patch: TaskUpdate, found: Rows) -> None:
    """Refuse a change whose rule cannot go on from the date that the task then has.

    Whoever changes that before the change is made has a series that ends early, and nothing worse.

    Args:
        patch: The change.
        found: What `LOOK` found.

    Raises:
        NotFound: when the caller has no such task.
        ValidationFailed: when nothing can ever follow.
    """
    if not found:
        raise NotFound
    if reason := _flaw(patch, found[0]):
        error: FieldError = {
            "pointer": "/body/recurrence",
            "code": "recurrence",
            "detail": reason,
        }
        raise ValidationFailed(errors=[error])


def _flaw(patch: TaskUpdate, row: Row) -> str | None:
    """Why the rule can do nothing with the date; what is there already goes by its own anchor."""
    rule, *due = (None if each is None else each.decode() for each in row)
    before = (date.fromisoformat(due[0]) if due[0] else None, _read_time(due[1]))
    given = patch.model_fields_set
    day = patch.due_date if "due_date" in given else before[0]
    at = patch.due_time if "due_time" in given else before[1]
    wanted = patch.recurrence or ""
    if (wanted, day, at) == (rule, *before):
        return None
    if day is None or (at is None and parse(wanted).needs_time):
        return None  # PostgreSQL says so
    return flaw(wanted, day, at)


def _read_time(text: str | None) -> time | None:
    return time.fromisoformat(text) if text else None
