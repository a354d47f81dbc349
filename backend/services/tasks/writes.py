"""Tasks: list, read, create, change, complete, delete, restore.

No statement here names a user: row-level security adds the caller to each.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Boolean,
    ColumnElement,
    Text,
    Uuid,
    bindparam,
    case,
    delete,
    func,
    insert,
    null,
    update,
)
from sqlalchemy import any_ as sql_any
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import col, select

from backend.core.ids import new_id
from backend.core.problems import NotFound, StaleVersion
from backend.database.connection.wire import Rows
from backend.database.projection import json_object
from backend.database.session import Session
from backend.database.statements import Statement, Value
from backend.models import Task
from backend.schemas.task import TaskCreate, TaskRead, TaskUpdate

JSON = json_object(TaskRead, Task)
IS_LIVE = col(Task.deleted_at).is_(None)
IS_TRASHED = col(Task.deleted_at).is_not(None)

_HAS_ID = col(Task.id) == bindparam("id", type_=Uuid)
_HAS_VERSION = col(Task.version) == sql_any(bindparam("versions", type_=ARRAY(BigInteger)))
_COMPLETED = bindparam("completed", type_=Boolean)

# What a write may do to a row, by name. The shape of an UPDATE is a set of these names.
_ASSIGNMENTS: dict[str, tuple[str, ColumnElement[Any]]] = {
    "title": ("title", bindparam("title", type_=Text)),
    "description": ("description", bindparam("description", type_=Text)),
    "completed": (
        "completed_at",
        case((_COMPLETED, func.coalesce(col(Task.completed_at), func.now())), else_=null()),
    ),
    "toggled": ("completed_at", case((col(Task.completed_at).is_(None), func.now()))),
    "trashed": ("deleted_at", func.now()),
    "restored": ("deleted_at", null()),
}

_SHOW = Statement(select(JSON, Task.version).where(_HAS_ID, IS_LIVE))
_SHOW_ANY = Statement(select(JSON, Task.version).where(_HAS_ID))
_CREATE = Statement(
    insert(Task)
    .values(
        id=bindparam("id", type_=Uuid),
        title=bindparam("title", type_=Text),
        description=bindparam("description", type_=Text),
        completed_at=case((_COMPLETED, func.now())),
    )
    .returning(JSON, col(Task.version))
)
_EMPTY_TRASH = Statement(delete(Task).where(IS_TRASHED))


@lru_cache(maxsize=256)
def _update(assignments: frozenset[str], *, conditional: bool) -> Statement:
    values = dict(_ASSIGNMENTS[name] for name in sorted(assignments))
    state = IS_TRASHED if "restored" in assignments else IS_LIVE
    change = update(Task).where(_HAS_ID, state).values(values)
    if conditional:
        change = change.where(_HAS_VERSION)
    return Statement(change.returning(JSON, col(Task.version)))


@dataclass(frozen=True, slots=True)
class Representation:
    """A task as PostgreSQL wrote it.

    Attributes:
        body: JSON in UTF-8, the fields of `TaskRead`.
        version: The version that the body shows.
    """

    body: bytes
    version: int


async def get_task(db: Session, task_id: UUID) -> Representation:
    """One task of the caller that is not in the trash.

    Raises:
        NotFound: when the caller has no such task.
    """
    [rows] = await db.read(_SHOW.bind(id=task_id))
    return _only(rows)


async def create_task(db: Session, task: TaskCreate) -> tuple[UUID, Representation]:
    """Create a task and give its id with it.

    Raises:
        Conflict: when the caller has a task with this id, perhaps in the trash.
    """
    task_id = task.id or new_id()
    [rows] = await db.write(
        _CREATE.bind(
            id=task_id, title=task.title, description=task.description, completed=task.completed
        )
    )
    return task_id, _only(rows)


async def update_task(
    db: Session, task_id: UUID, patch: TaskUpdate, versions: Sequence[int] | None = None
) -> Representation:
    """Apply a merge patch (RFC 7396). An empty one changes nothing, the version included.

    Args:
        db: The database as the caller sees it.
        task_id: Which task.
        patch: The members that are set are applied.
        versions: The versions that `If-Match` allows; None for any.

    Raises:
        NotFound: when the caller has no such task.
        StaleVersion: when the task has another version than those allowed.
    """
    fields = patch.model_fields_set
    if not fields:
        current = await get_task(db, task_id)
        if versions is not None and current.version not in versions:
            raise _stale(current)
        return current
    values = {name: getattr(patch, name) for name in fields}
    return await _change(db, task_id, frozenset(fields), versions, **values)


async def complete_task(
    db: Session, task_id: UUID, *, completed: bool | None, versions: Sequence[int] | None = None
) -> Representation:
    """Set whether a task is done; None toggles. Errors as `update_task`."""
    if completed is None:
        return await _change(db, task_id, frozenset({"toggled"}), versions)
    return await _change(db, task_id, frozenset({"completed"}), versions, completed=completed)


async def delete_task(db: Session, task_id: UUID, versions: Sequence[int] | None = None) -> None:
    """Move a task to the trash. Errors as `update_task`."""
    await _change(db, task_id, frozenset({"trashed"}), versions)


async def restore_task(
    db: Session, task_id: UUID, versions: Sequence[int] | None = None
) -> Representation:
    """Take a task out of the trash; one that is not in it stays as it is."""
    restore = _update(frozenset({"restored"}), conditional=versions is not None)
    changed, current = await db.write(
        restore.bind(id=task_id, versions=versions), _SHOW_ANY.bind(id=task_id)
    )
    found = _only(changed or current)
    if not changed and versions is not None and found.version not in versions:
        raise _stale(found)
    return found


async def empty_trash(db: Session) -> None:
    """Delete everything in the caller's trash for good."""
    await db.write(_EMPTY_TRASH.bind())


async def _change(
    db: Session,
    task_id: UUID,
    assignments: frozenset[str],
    versions: Sequence[int] | None,
    **values: Value,
) -> Representation:
    if versions is None:
        statement = _update(assignments, conditional=False)
        [changed] = await db.write(statement.bind(id=task_id, **values))
        return _only(changed)
    statement = _update(assignments, conditional=True)
    # The second statement sees what the first one met, after waiting for concurrent writers.
    changed, current = await db.write(
        statement.bind(id=task_id, versions=versions, **values), _SHOW.bind(id=task_id)
    )
    if not changed:
        raise _stale(_only(current))
    return _only(changed)


def _only(rows: Rows) -> Representation:
    """The task in the first row; no row means that the caller has no such task."""
    if not rows:
        raise NotFound
    body, version = rows[0]
    return Representation(body or b"", int(version or 0))


def _stale(current: Representation) -> StaleVersion:
    return StaleVersion(current.body, current.version)
