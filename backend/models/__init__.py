"""The tables, one file per noun, all in the schema `duly`."""

from backend.models.space import Space
from backend.models.task import Task
from backend.models.user import User

__all__ = ["Space", "Task", "User"]
