"""The tables, one file per noun, all in the schema `duly`."""

from backend.models.directory import DirectoryEntry
from backend.models.erasure import Erasure
from backend.models.history import Change
from backend.models.idempotency import KeptRows
from backend.models.list import List
from backend.models.settings import SpaceSettings
from backend.models.space import Space
from backend.models.task import Task
from backend.models.user import User

__all__ = [
    "Change",
    "DirectoryEntry",
    "Erasure",
    "KeptRows",
    "List",
    "Space",
    "SpaceSettings",
    "Task",
    "User",
]
