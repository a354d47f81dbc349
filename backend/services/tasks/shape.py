"""A task as PostgreSQL writes it, and how to read one."""

from collections.abc import Collection
from typing import Final, NamedTuple
from uuid import UUID

from pydantic_core import to_json
from sqlalchemy import BigInteger, Uuid, bindparam, text
from sqlalchemy import any_ as sql_any
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import col

from backend.core.problems import NotFound, StaleVersion
from backend.database.connection.wire import Rows
from backend.database.operations import Operation
from backend.database.projection import Projection, json_object, projection
from backend.database.queries import select
from backend.database.statements import Fragment, Statement
from backend.models import Task
from backend.schemas.task import PRIORITIES, TaskFields, TaskRead
from backend.services.tasks.filters import IS_LIVE

PRIORITY_NAMES: Final = f"ARRAY[{', '.join(map(repr, PRIORITIES))}]"
"""SQL: what the numbers in the column are called, from 0 on."""
_PRIORITIES_AS_JSON: Final = (
    f"ARRAY[{', '.join(repr(to_json(name).decode()) for name in PRIORITIES)}]"
)

_FIELDS: Final = projection(
    TaskRead,
    Task,
    user_id=col(Task.space_id),
    priority=text(f"({_PRIORITIES_AS_JSON})[tasks.priority + 1]"),
)
JSON: Final = json_object(_FIELDS)
_AND_VERSION: Final = Fragment(", ", col(Task.version))
REPRESENTATION: Final = Fragment(JSON, _AND_VERSION)
# What a new task is unless a client says otherwise.
_NEW: Final[Projection] = {
    name: to_json(field.default).decode()
    for name, field in TaskFields.model_fields.items()
    if name != "title"
} | dict.fromkeys(("parent_id", "completed_at", "deleted_at"), "null")
HAS_ID: Final = Fragment(col(Task.id) == bindparam("id", type_=Uuid))
HAS_VERSION: Final = Fragment(
    col(Task.version) == sql_any(bindparam("versions", type_=ARRAY(BigInteger)))
)
SHOW: Final = Statement(*select(REPRESENTATION, Task, HAS_ID, IS_LIVE))


class Representation(NamedTuple):
    """A task as clients get it.

    Attributes:
        body: JSON in UTF-8, the fields of `TaskRead`.
        version: The version that the body shows.
    """

    body: bytes
    version: int


def representation_of_new(fields: Collection[str]) -> Fragment:
    """As `REPRESENTATION`, of a task that is being made with these fields: fewer are looked at."""
    said = {*fields, "completed_at"} if "completed" in fields else {*fields}
    unsaid = {name: json for name, json in _NEW.items() if name not in said}
    return Fragment(json_object({**_FIELDS, **unsaid}), _AND_VERSION)


def get_task(task_id: UUID) -> Operation[Representation]:
    """One task of the caller that is not in the trash.

    The operation raises:
        NotFound: when the caller has no such task.
    """
    return Operation((SHOW.bind(id=task_id),), only, decisive=True)


def only(rows: list[Rows]) -> Representation:
    """The task in the first row of the first statement.

    Raises:
        NotFound: when there is no row: the caller has no such task.
    """
    if not rows[0]:
        raise NotFound
    body, version = rows[0][0]
    return Representation(body or b"", int(version or 0))


def stale(rows: list[Rows]) -> StaleVersion:
    """Why `If-Match` did not hold: the last statement, a reason, shows what is there instead.

    Raises:
        NotFound: when nothing is there.
    """
    current = only(rows[-1:])
    return StaleVersion(current.body, current.version)
