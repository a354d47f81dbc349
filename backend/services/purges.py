"""What has been in the trash for long, as `tasks.purge_old` deletes it."""

from typing import Final, NamedTuple

from sqlalchemy import Integer, bindparam, func
from sqlmodel import col

from backend.database.connection.call import Rows
from backend.database.operations import Operation
from backend.database.queries import select
from backend.database.statements import Fragment, Statement
from backend.models import List, Task

_LONG_AGO: Final = func.now() - func.make_interval(0, 0, 0, bindparam("days", type_=Integer))
_COUNTS: Final = tuple(
    Statement(*select("count(*)", model, Fragment(col(model.deleted_at) <= _LONG_AGO)))
    for model in (Task, List)
)


class Trash(NamedTuple):
    """How much there is.

    Attributes:
        tasks, lists: Of each.
    """

    tasks: int
    lists: int


def count_old(days: int) -> Operation[Trash]:
    """How much has been in the caller's trash for `days` or longer; most have nothing there."""
    return Operation(tuple(each.bind(days=days) for each in _COUNTS), _counted)


def _counted(rows: list[Rows]) -> Trash:
    return Trash(*(int(counted[0][0] or 0) for counted in rows))
