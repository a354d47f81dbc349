"""Which tasks: conditions, each compiled once, that statements combine freely."""

from typing import Final

from sqlmodel import col

from backend.database.statements import Fragment
from backend.models import Task

IS_LIVE: Final = Fragment(col(Task.deleted_at).is_(None))
IS_TRASHED: Final = Fragment(col(Task.deleted_at).is_not(None))

STATUS: Final = {
    "all": (IS_LIVE,),
    "pending": (IS_LIVE, Fragment(~col(Task.completed))),
    "completed": (IS_LIVE, Fragment(col(Task.completed))),
    "trashed": (IS_TRASHED,),
}
"""Conditions by the values of `status`, and the trash, which no value of it shows."""
