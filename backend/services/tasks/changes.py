"""What a change does to the row of a task, and the statements that do it.

A statement names one task. What follows for those above and below it, triggers do (migration 0017).
"""

from functools import lru_cache
from typing import Any, Final

from sqlalchemy import Boolean, Text, bindparam, case, func, inspect, null, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import col

from backend.database.queries import has_own, insert, update
from backend.database.statements import Fragment, Statement
from backend.models import Task
from backend.models.domains import base_type
from backend.schemas.task import TaskCreate, TaskUpdate
from backend.services.tasks import moves, recurring, steps
from backend.services.tasks.filters import IS_LIVE, IS_TRASHED
from backend.services.tasks.shape import (
    HAS_ID,
    HAS_VERSION,
    PRIORITY_NAMES,
    REPRESENTATION,
    representation_of_new,
)

_SHAPES: Final = 1_024
_COLUMNS: Final = inspect(Task).local_table.c
_COMPLETED: Final = bindparam("completed", type_=Boolean)
_AND_ID: Final = Fragment(", ", col(Task.id))


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
TAG_CHANGES: Final = {"add_tags", "remove_tags"}
_ASSIGNMENTS: Final[dict[str, tuple[str, Fragment]]] = {
    name: (name, _given(name))
    for name in (*TaskUpdate.model_fields, *TaskCreate.model_fields, "recurrence_anchor")
    if name not in _SPECIAL.keys() | TAG_CHANGES
} | {name: (column, Fragment(expression)) for name, (column, expression) in _SPECIAL.items()}
_IS_NEW: Final = Fragment("NOT ", has_own(Task, HAS_ID))
_MADE: Final = {
    name: (column, Fragment(case((_COMPLETED, func.now()))) if name == "completed" else given)
    for name, (column, given) in _ASSIGNMENTS.items()
}


@lru_cache(_SHAPES)
def insertion(fields: frozenset[str], *, must_be_new: bool) -> Statement:
    """Makes a task with these fields, and gives its representation and its id.

    Args:
        fields: Their names.
        must_be_new: Whether nothing is made where there is one with this id.
    """
    values = dict(_MADE[name] for name in sorted(fields))
    shown = Fragment(representation_of_new(fields), _AND_ID)
    return Statement(*insert(Task, values, *([_IS_NEW] if must_be_new else []), returning=shown))


def assigned(assignments: frozenset[str]) -> dict[str, Fragment]:
    """What the columns become that a change sets."""
    values = dict(_ASSIGNMENTS[name] for name in sorted(assignments - recurring.ANCHORED))
    for name in assignments & recurring.ANCHORED:
        values["recurrence_anchor"] = recurring.anchor(name, values)
    return values


@lru_cache(_SHAPES)
def change(
    assignments: frozenset[str], *, conditional: bool, also: Fragment | None = None
) -> Statement:
    """Changes the task of an id, and gives its representation.

    Args:
        assignments: Names of fields, and of what else is done.
        conditional: Whether its version must be one of `versions`.
        also: Another condition.
    """
    values = assigned(assignments)
    state = IS_TRASHED if "restored" in assignments else IS_LIVE
    conditions = [HAS_ID, state, *([HAS_VERSION] if conditional else []), *([also] if also else [])]
    before = steps.DONE_BELOW if "stepped" in assignments else ()
    return Statement(*before, *update(Task, values, *conditions, returning=REPRESENTATION))
