"""A task as PostgreSQL writes it, and how to read one."""

from typing import Final, NamedTuple
from uuid import UUID

from sqlalchemy import BigInteger, Uuid, bindparam, text
from sqlalchemy import any_ as sql_any
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import col

from backend.core.problems import NotFound, StaleVersion
from backend.database.connection.wire import Rows
from backend.database.operations import Operation
from backend.database.projection import json_object, projection
from backend.database.queries import select
from backend.database.statements import Fragment, Statement
from backend.models import Task
from backend.schemas.task import PRIORITIES, TaskRead
from backend.services.tasks.filters import IS_LIVE

PRIORITY_NAMES: Final = f"ARRAY[{', '.join(map(repr, PRIORITIES))}]"
"""SQL: what the numbers in the column are called, from 0 on."""

JSON: Final = json_object(
    projection(
        TaskRead,
        Task,
        user_id=col(Task.space_id),
        priority=text(f"({PRIORITY_NAMES})[tasks.priority + 1]"),
    )
)
REPRESENTATION: Final = Fragment(JSON, ", ", col(Task.version))
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
