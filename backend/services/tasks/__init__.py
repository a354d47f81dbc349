"""Tasks: what can be done with them, as functions that return operations."""

from backend.services.tasks.batch import batch_operation
from backend.services.tasks.bulk import change_tasks
from backend.services.tasks.pages import Page, list_tasks, list_trash
from backend.services.tasks.shape import Representation, get_task
from backend.services.tasks.trash import TrashLeft, empty_trash, purge_old, purge_task
from backend.services.tasks.writes import (
    complete_task,
    create_task,
    delete_task,
    move_task,
    restore_task,
    update_task,
)

__all__ = [
    "Page",
    "Representation",
    "TrashLeft",
    "batch_operation",
    "change_tasks",
    "complete_task",
    "create_task",
    "delete_task",
    "empty_trash",
    "get_task",
    "list_tasks",
    "list_trash",
    "move_task",
    "purge_old",
    "purge_task",
    "restore_task",
    "update_task",
]
