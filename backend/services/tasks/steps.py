"""The statements that take a recurring task to its next occurrence, and back."""

from collections.abc import Sequence
from functools import partial
from typing import Final
from uuid import UUID

from sqlalchemy import Date, Time, Uuid, bindparam, func
from sqlmodel import col

from backend.core.dates import Due
from backend.core.problems import StaleVersion
from backend.database.connection.call import Rows
from backend.database.operations import Operation
from backend.database.queries import Parts, select, update
from backend.database.statements import Fragment, Statement
from backend.models import Task
from backend.services.tasks.filters import IS_LIVE
from backend.services.tasks.shape import (
    HAS_ID,
    HAS_VERSION,
    REPRESENTATION,
    SHOW,
    Representation,
    only,
)

# What completing an occurrence changes, as JSON; of each task below that is done, since when and
# with which.
_BEFORE: Final = Fragment(
    "jsonb_build_object('due_date', tasks.due_date, 'due_time', tasks.due_time,"
    " 'recurrence', tasks.recurrence, 'recurrence_anchor', tasks.recurrence_anchor, 'below',"
    " (SELECT coalesce(jsonb_object_agg(done.id, jsonb_build_array(done.completed_at,"
    " done.completed_with)), '{}') FROM done))"
)
_IS_CHILD: Final = Fragment(col(Task.parent_id) == bindparam("id", type_=Uuid))
_IS_DONE: Final = Fragment(col(Task.completed_at).is_not(None))
_IS_OPEN: Final = Fragment(col(Task.completed_at).is_(None))
_NULL: Final = Fragment("NULL")

STEPPED: Final = ("stepped_from", _BEFORE)
"""The assignment that lets a step be undone; behind `DONE_BELOW` only."""

DONE_BELOW: Final[Parts] = (
    *("WITH RECURSIVE below (id) AS (\n", *select("tasks.id", Task, _IS_CHILD, IS_LIVE)),
    "\nUNION\nSELECT child.id FROM below CROSS JOIN LATERAL (",
    *(*select("tasks.id", Task, Fragment("tasks.parent_id = below.id"), IS_LIVE), ") AS child"),
    "), done AS (\n",
    *select(
        "tasks.id, tasks.completed_at, tasks.completed_with",
        Task,
        Fragment("tasks.id IN (SELECT below.id FROM below)"),
        _IS_DONE,
    ),
    ")\n",
)
"""The `WITH` of a statement that takes a task to its next occurrence: what is done below it."""


def _opening() -> Statement:
    """Opens what was done below a task, if this transaction took it to its next occurrence."""
    stepped = Fragment(col(Task.updated_at) == func.now())  # as the trigger sets it
    below = "tasks.id IN (SELECT jsonb_object_keys(stepped.below)::uuid FROM stepped)"
    opened = {"completed_at": _NULL, "completed_with": _NULL}
    return Statement(
        "WITH stepped AS (\n",
        *select("tasks.stepped_from -> 'below' AS below", Task, HAS_ID, stepped),
        *(")\n", *update(Task, opened, Fragment(below), _IS_DONE, returning="tasks.id")),
    )


OPEN_BELOW: Final = _opening()

_NAMED: Final = Fragment(
    *("coalesce(", bindparam("day", type_=Date), " = (tasks.stepped_from ->> 'due_date')::date"),
    *(" AND coalesce(", bindparam("at", type_=Time), " = (tasks.stepped_from ->> 'due_time')"),
    "::time, true), true)",
)
_CAN_GO_BACK: Final = (
    *(HAS_ID, IS_LIVE, _IS_OPEN, _NAMED),
    Fragment(col(Task.recurrence).is_not(None)),
    Fragment(col(Task.stepped_from).is_not(None)),
)


def _going_back(*conditions: Fragment) -> Statement:
    """Takes a task back by one step, and completes again what the step opened below it."""
    before = {
        name: Fragment(f"(tasks.stepped_from ->> '{name}')::{type_}")
        for name, type_ in (
            ("due_date", "date"),
            ("due_time", "time"),
            ("recurrence", "text"),
            ("recurrence_anchor", "timestamp"),
        )
    }
    back = update(
        Task,
        {**before, "stepped_from": _NULL},
        *(*_CAN_GO_BACK, *conditions),
        returning=REPRESENTATION,
    )
    was = "((SELECT opened.below FROM opened) -> tasks.id::text ->> {0})::{1}"
    closed = update(
        Task,
        {
            "completed_at": Fragment(was.format(0, "timestamptz")),
            "completed_with": Fragment(was.format(1, "uuid")),
        },
        *(IS_LIVE, _IS_OPEN),
        Fragment("tasks.id IN (SELECT jsonb_object_keys(opened.below)::uuid FROM opened)"),
        Fragment("EXISTS (SELECT FROM back)"),
        returning="tasks.id",
    )
    return Statement(
        "WITH opened AS (\n",
        *select("tasks.stepped_from -> 'below' AS below", Task, *_CAN_GO_BACK),
        *("), back AS (\n", *back, "), closed AS (\n", *closed, ")\nSELECT * FROM back"),
    )


_GO_BACK: Final = _going_back()
_GO_BACK_IF: Final = _going_back(HAS_VERSION)


def undo_step(
    task_id: UUID, occurrence: Due | None = None, versions: Sequence[int] | None = None
) -> Operation[Representation]:
    """Take a recurring task back to the occurrence that was completed last, once.

    Args:
        task_id: Which task.
        occurrence: Nothing changes if it was another one.
        versions: The versions that `If-Match` allows; None for any.

    The operation raises:
        NotFound: when the caller has no such task.
        StaleVersion: when the task has another version than those allowed.
    """
    statement = _GO_BACK if versions is None else _GO_BACK_IF
    back = statement.bind(
        id=task_id,
        day=occurrence and occurrence.day,
        at=occurrence and occurrence.at,
        versions=list(versions or ()),
    )
    return Operation((back, SHOW.bind(id=task_id)), partial(_undone, versions), writes=True)


def _undone(versions: Sequence[int] | None, rows: list[Rows]) -> Representation:
    """As it is now, whether it went back or there is nothing to go back to."""
    back, shown = rows
    task = only([back or shown])
    if not back and versions is not None and task.version not in versions:
        raise StaleVersion(task.body, task.version)
    return task
