"""What can be done to tasks: create, change, complete, move, delete, restore."""

from collections.abc import Iterable, Sequence
from datetime import datetime, time
from functools import partial
from typing import Final
from uuid import UUID

from backend.core.dates import Due
from backend.core.ids import new_id
from backend.database.connection.wire import Rows
from backend.database.operations import Operation
from backend.database.queries import select
from backend.database.statements import Statement, Value
from backend.models import Task
from backend.schemas.task import TaskCreate, TaskFields, TaskMove, TaskUpdate
from backend.services.tasks import doubts, moves, recurring
from backend.services.tasks.changes import TAG_CHANGES, change, insertion
from backend.services.tasks.completion import Completion
from backend.services.tasks.filters import IS_LIVE
from backend.services.tasks.shape import (
    HAS_ID,
    HAS_VERSION,
    REPRESENTATION,
    SHOW,
    Representation,
    only,
    stale,
)

_ARRAYS: Final = TAG_CHANGES | {"tags"}
_SHOW_ANY: Final = Statement(*select(REPRESENTATION, Task, HAS_ID))
_SHOW_ANY_IF: Final = Statement(*select(REPRESENTATION, Task, HAS_ID, HAS_VERSION))
_SHOW_IF: Final = Statement(*select(REPRESENTATION, Task, HAS_ID, IS_LIVE, HAS_VERSION))


def create_task(
    task: TaskCreate, *, must_be_new: bool = False
) -> Operation[tuple[str, Representation]]:
    """Create a task and give its id with it.

    The operation raises:
        Conflict: when the caller has a task with this id, perhaps in the trash.
        StaleVersion: instead, when it must be new.
    """
    values = _values(task, task.model_fields_set)
    values["id"] = task.id or new_id()
    if task.recurrence is not None and task.due_date is not None:
        values["recurrence_anchor"] = datetime.combine(task.due_date, task.due_time or time())
    bound = insertion(frozenset(values), must_be_new=must_be_new).bind(**values)
    reasons = (_SHOW_ANY.bind(id=values["id"]),) if must_be_new else ()
    return Operation((bound,), _created, writes=True, decisive=True, reasons=reasons)


def update_task(
    task_id: UUID, patch: TaskUpdate, versions: Sequence[int] | None = None
) -> Operation[Representation]:
    """Apply a merge patch (RFC 7396). An empty one changes nothing, the version included.

    Args:
        task_id: Which task.
        patch: The members that are set are applied.
        versions: The versions that `If-Match` allows; None for any.

    The operation raises:
        NotFound: when the caller has no such task.
        StaleVersion: when the task has another version than those allowed.
        ValidationFailed: when it cannot be so, together with what the task has.
    """
    if patch.leaves_doubt:
        read = partial(_checked, task_id, patch, versions)
        look = (doubts.LOOK.bind(id=task_id),)
        return Operation((doubts.NO_ROW.bind(),), read, decisive=True, reasons=look, goes_on=True)
    if patch.model_fields_set:
        return _apply(task_id, patch, versions)
    if versions is None:
        return Operation((SHOW.bind(id=task_id),), only, decisive=True)
    wanted = _SHOW_IF.bind(id=task_id, versions=list(versions))
    return Operation((wanted,), _current, decisive=True, reasons=(SHOW.bind(id=task_id),))


def _checked(
    task_id: UUID, patch: TaskUpdate, versions: Sequence[int] | None, rows: list[Rows]
) -> Operation[Representation]:
    doubts.check(patch, rows[-1])
    return _apply(task_id, patch, versions)


def _apply(
    task_id: UUID, patch: TaskUpdate, versions: Sequence[int] | None
) -> Operation[Representation]:
    assignments, values = read_patch(patch)
    if values.get("completed"):
        return Completion(task_id, assignments, values, versions).begin()
    return _change(task_id, assignments, versions, **values)


def read_patch(patch: TaskUpdate) -> tuple[frozenset[str], dict[str, Value]]:
    """What a patch does to a task, for `assigned`, and the values of that."""
    fields = patch.model_fields_set
    values = _values(patch, fields | TAG_CHANGES)
    assignments = recurring.assignments_of(fields, patch.recurrence)
    if not fields.isdisjoint(TAG_CHANGES):
        assignments = assignments - TAG_CHANGES | {"retagged"}
    if not fields.isdisjoint(moves.PLACES):
        values |= moves.wanted(patch)
        assignments = assignments - moves.PLACES | {"put"}
    return assignments, values


def complete_task(
    task_id: UUID,
    *,
    completed: bool | None,
    occurrence: Due | None = None,
    versions: Sequence[int] | None = None,
) -> Operation[Representation]:
    """Set whether a task is done; None toggles. Errors as `update_task`.

    One that recurs goes to its next occurrence, or back to the one before.

    Args:
        task_id: Which task.
        completed: Whether it is to be done.
        occurrence: Which occurrence of one that recurs; None for the current one.
        versions: The versions that `If-Match` allows; None for any.

    The operation also raises:
        ValidationFailed: when `occurrence` may be one of several.
    """
    values: dict[str, Value] = {} if completed is None else {"completed": completed}
    assignments = frozenset({"toggled"} if completed is None else {"completed"})
    return Completion(task_id, assignments, values, versions, occurrence).begin()


def move_task(
    task_id: UUID, place: TaskMove, versions: Sequence[int] | None = None
) -> Operation[Representation]:
    """Put a task, with what is below it, beside another one or last in a place.

    Errors as `update_task`, and:
        ValidationFailed: when list, parent or neighbour do not exist.
        Misplaced: when the task cannot stand there.
    """
    values = moves.wanted(place) | {
        "neighbour": place.before or place.after,
        "is_before": place.before is not None,
    }
    return _change(task_id, frozenset({"moved"}), versions, **values)


def delete_task(task_id: UUID, versions: Sequence[int] | None = None) -> Operation[Representation]:
    """Move a task to the trash. Errors as `update_task`."""
    return _change(task_id, frozenset({"trashed"}), versions)


def restore_task(task_id: UUID, versions: Sequence[int] | None = None) -> Operation[Representation]:
    """Take a task out of the trash, with what went there with it and is below it.

    One that is not in it stays as it is. Errors as `update_task`.
    """
    restore = change(frozenset({"restored"}), conditional=versions is not None)
    show = _SHOW_ANY.bind(id=task_id)
    if versions is None:
        return Operation((show, restore.bind(id=task_id)), _restored, writes=True, decisive=True)
    values: dict[str, Value] = {"id": task_id, "versions": list(versions)}
    statements = (_SHOW_ANY_IF.bind(**values), restore.bind(**values))
    return Operation(statements, _restored, writes=True, decisive=True, reasons=(show,))


def _values(task: TaskFields, names: Iterable[str]) -> dict[str, Value]:
    """The values of fields; several in one are a list, because a tuple would be a row."""
    values = {name: getattr(task, name) for name in names}
    for name in _ARRAYS & values.keys():
        values[name] = list(values[name])
    return values


def _change(
    task_id: UUID, assignments: frozenset[str], versions: Sequence[int] | None, **values: Value
) -> Operation[Representation]:
    if versions is None:
        bound = change(assignments, conditional=False).bind(id=task_id, **values)
        return Operation((bound,), only, writes=True, decisive=True)
    statement = change(assignments, conditional=True)
    bound = statement.bind(id=task_id, versions=list(versions), **values)
    reasons = (SHOW.bind(id=task_id),)
    return Operation((bound,), _current, writes=True, decisive=True, reasons=reasons)


def _created(rows: list[Rows]) -> tuple[str, Representation]:
    if not rows[0]:
        raise stale(rows)
    [[(body, version, task_id)], *_] = rows
    return (task_id or b"").decode(), Representation(body or b"", int(version or 0))


def _current(rows: list[Rows]) -> Representation:
    """As `only`; without a row the last statement says what is there instead."""
    if not rows[0]:
        raise stale(rows)
    return only(rows)


def _restored(rows: list[Rows]) -> Representation:
    """What the second statement restored, or what the first one met."""
    found, changed, *reasons = rows
    return only([changed]) if changed else _current([found, *reasons])
