"""What can be done to tasks: create, change, complete, move, delete, restore.

A statement names one task. What follows for those above and below it, triggers do (migration 0017).
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, time
from functools import lru_cache, partial
from typing import Any, Final, NamedTuple
from uuid import UUID

from sqlalchemy import Boolean, Text, bindparam, case, func, inspect, null, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import col

from backend.core.dates import Due
from backend.core.ids import new_id
from backend.core.problems import NotFound, StaleVersion
from backend.database.connection.wire import Rows
from backend.database.operations import Operation
from backend.database.queries import insert, select, update
from backend.database.statements import Bound, Fragment, Statement, Value
from backend.models import Task
from backend.models.domains import base_type
from backend.schemas.task import TaskCreate, TaskFields, TaskMove, TaskUpdate
from backend.services.tasks import moves, recurring, steps
from backend.services.tasks.filters import IS_LIVE, IS_TRASHED
from backend.services.tasks.recurring import IS_AS_SEEN, IS_MEANT, IS_SETTLED, Found
from backend.services.tasks.shape import (
    HAS_ID,
    HAS_VERSION,
    PRIORITY_NAMES,
    REPRESENTATION,
    SHOW,
    Representation,
    only,
    stale,
)

_SHAPES: Final = 1_024
_COLUMNS: Final = inspect(Task).local_table.c
_COMPLETED: Final = bindparam("completed", type_=Boolean)


def _given(name: str) -> Fragment:
    """A parameter of the type of the column of its name."""
    return Fragment(bindparam(name, type_=base_type(_COLUMNS[name].type)))


# Fields that are columns are what clients say; these are not, or not only. What a change does to a
# row is a set of names: of fields and of these.
_SPECIAL: Final[dict[str, tuple[str, Any]]] = {
    "completed": (
        "completed_at",
        case((_COMPLETED, func.coalesce(col(Task.completed_at), func.now())), else_=null()),
    ),
    "priority": (
        "priority",
        text(f"array_position({PRIORITY_NAMES}, :priority) - 1").bindparams(
            bindparam("priority", type_=Text)
        ),
    ),
    "retagged": (
        "tags",
        func.duly.retag(
            col(Task.tags),
            bindparam("add_tags", type_=ARRAY(Text)),
            bindparam("remove_tags", type_=ARRAY(Text)),
        ),
    ),
    "toggled": ("completed_at", case((col(Task.completed_at).is_(None), func.now()))),
    "moved": (moves.COLUMNS, moves.BESIDE),
    "put": (moves.COLUMNS, moves.AT_END),
    "trashed": ("deleted_at", func.now()),
    "restored": ("(deleted_at, trashed_with, list_id, parent_id, position)", moves.WAY_BACK),
    "stepped": steps.STEPPED,
    "unstepped": ("stepped_from", null()),
    "unanchored": ("recurrence_anchor", null()),
}
_TAG_CHANGES: Final = {"add_tags", "remove_tags"}
_ARRAYS: Final = _TAG_CHANGES | {"tags"}
_ASSIGNMENTS: Final[dict[str, tuple[str, Fragment]]] = {
    name: (name, _given(name))
    for name in (*TaskUpdate.model_fields, *TaskCreate.model_fields, "recurrence_anchor")
    if name not in _SPECIAL.keys() | _TAG_CHANGES
} | {name: (column, Fragment(expression)) for name, (column, expression) in _SPECIAL.items()}
_MADE: Final = {
    name: (column, Fragment(case((_COMPLETED, func.now()))) if name == "completed" else given)
    for name, (column, given) in _ASSIGNMENTS.items()
}
_SHOW_ANY: Final = Statement(*select(REPRESENTATION, Task, HAS_ID))
_SHOW_ANY_IF: Final = Statement(*select(REPRESENTATION, Task, HAS_ID, HAS_VERSION))
_SHOW_IF: Final = Statement(*select(REPRESENTATION, Task, HAS_ID, IS_LIVE, HAS_VERSION))


def create_task(task: TaskCreate) -> Operation[tuple[str, Representation]]:
    """Create a task and give its id with it.

    The operation raises:
        Conflict: when the caller has a task with this id, perhaps in the trash.
    """
    values = _values(task, task.model_fields_set)
    values["id"] = task.id or new_id()
    if task.recurrence is not None and task.due_date is not None:
        values["recurrence_anchor"] = datetime.combine(task.due_date, task.due_time or time())
    statement = _insert(frozenset(values))
    return Operation((statement.bind(**values),), _created, writes=True, decisive=True)


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
    """
    fields = patch.model_fields_set
    if fields:
        values = _values(patch, fields | _TAG_CHANGES)
        assignments = recurring.assignments_of(fields, patch.recurrence)
        if not fields.isdisjoint(_TAG_CHANGES):
            assignments = assignments - _TAG_CHANGES | {"retagged"}
        if not fields.isdisjoint(moves.PLACES):
            values |= moves.wanted(patch)
            assignments = assignments - moves.PLACES | {"put"}
        if "completed" in fields and patch.completed:
            return _Completion(task_id, assignments, values, versions).begin()
        return _change(task_id, assignments, versions, **values)
    if versions is None:
        return Operation((SHOW.bind(id=task_id),), only, decisive=True)
    wanted = _SHOW_IF.bind(id=task_id, versions=list(versions))
    return Operation((wanted,), _current, decisive=True, reasons=(SHOW.bind(id=task_id),))


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
    return _Completion(task_id, assignments, values, versions, occurrence).begin()


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
    restore = _update(frozenset({"restored"}), conditional=versions is not None)
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
        bound = _update(assignments, conditional=False).bind(id=task_id, **values)
        return Operation((bound,), only, writes=True, decisive=True)
    statement = _update(assignments, conditional=True)
    bound = statement.bind(id=task_id, versions=list(versions), **values)
    reasons = (SHOW.bind(id=task_id),)
    return Operation((bound,), _current, writes=True, decisive=True, reasons=reasons)


class _Completion(NamedTuple):
    """How a task is completed or opened, whether it recurs or not.

    Attributes:
        task_id: Which task.
        assignments: What this does to one that does not recur, or not any more.
        values: Those of the assignments.
        versions: The versions that `If-Match` allows; None for any.
        occurrence: Which occurrence is meant: nothing changes if it is another one that would be
            completed or opened. None for the current one.
    """

    task_id: UUID
    assignments: frozenset[str]
    values: Mapping[str, Value]
    versions: Sequence[int] | None
    occurrence: Due | None = None

    def begin(self) -> Operation[Representation]:
        """For one that does not recur this is all."""
        if self.occurrence is None:
            return self._operation(self.assignments, self.values, IS_SETTLED)
        values = {**self.values, "day": self.occurrence.day, "at": self.occurrence.at}
        return self._operation(self.assignments, values, IS_MEANT)

    @property
    def _may_stay(self) -> bool:
        """Whether the task may be there and not be changed: then its answer is what is there."""
        return self.versions is not None or self.occurrence is not None

    def _operation(
        self,
        assignments: frozenset[str],
        values: Mapping[str, Value],
        condition: Fragment,
        *others: Bound,
    ) -> Operation[Representation]:
        """Change the task on that condition; if it does not hold, look why, and go on."""
        change = _update(assignments, conditional=self.versions is not None, also=condition)
        reasons = [recurring.LOOK, *([SHOW] if self._may_stay else [])]
        given = {**values, "id": self.task_id, "versions": list(self.versions or ())}
        return Operation(
            (change.bind(**given), *others),
            partial(self._read, condition),
            writes=True,
            decisive=True,
            reasons=tuple(each.bind(id=self.task_id) for each in reasons),
        )

    def _read(
        self, condition: Fragment, rows: list[Rows]
    ) -> Representation | Operation[Representation]:
        if rows[0]:
            return only(rows)
        current = only(rows[-1:]) if self._may_stay else None
        if current and self.versions is not None and current.version not in self.versions:
            raise StaleVersion(current.body, current.version)
        looked = rows[-2] if current else rows[-1]
        if looked:
            found = Found.read(looked[0])
            if self.values.get("completed") is False:
                return steps.undo_step(self.task_id, self.occurrence, self.versions)
            is_other = self.occurrence and not recurring.is_current(found.series, self.occurrence)
            return current if current and is_other else self._step(found)
        if condition is IS_AS_SEEN:  # meanwhile somebody else made it one that does not recur
            return self.begin()
        if current is None:
            raise NotFound
        return current

    def _step(self, found: Found) -> Operation[Representation]:
        """As long as that depends on what was found; after the last occurrence it is done."""
        series = recurring.changed(found.series, self.values)
        step = series and recurring.step(series, found.now)
        if step is None:
            values = {**self.values, **found.seen}
            return self._operation(self.assignments | {"unstepped"}, values, IS_AS_SEEN)
        names = self.assignments - recurring.REPLACED | {"stepped", *step}
        values = {**self.values, **step, **found.seen}
        opening = steps.OPEN_BELOW.bind(id=self.task_id)
        return self._operation(names, values, IS_AS_SEEN, opening)


@lru_cache(_SHAPES)
def _insert(fields: frozenset[str]) -> Statement:
    values = dict(_MADE[name] for name in sorted(fields))
    shown = Fragment(REPRESENTATION, ", ", col(Task.id))
    return Statement(*insert(Task, values, returning=shown))


@lru_cache(_SHAPES)
def _update(
    assignments: frozenset[str], *, conditional: bool, also: Fragment | None = None
) -> Statement:
    values = dict(_ASSIGNMENTS[name] for name in sorted(assignments - recurring.ANCHORED))
    for name in assignments & recurring.ANCHORED:
        values["recurrence_anchor"] = recurring.anchor(name, values)
    state = IS_TRASHED if "restored" in assignments else IS_LIVE
    conditions = [HAS_ID, state, *([HAS_VERSION] if conditional else []), *([also] if also else [])]
    before = steps.DONE_BELOW if "stepped" in assignments else ()
    return Statement(*before, *update(Task, values, *conditions, returning=REPRESENTATION))


def _created(rows: list[Rows]) -> tuple[str, Representation]:
    [[(body, version, task_id)]] = rows
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
