"""Tasks: what can be done with them."""

from backend.services.tasks.pages import Page, list_tasks, list_trash
from backend.services.tasks.writes import (
    Representation,
    complete_task,
    create_task,
    delete_task,
    empty_trash,
    get_task,
    restore_task,
    update_task,
)

__all__ = [
    "Page",
    "Representation",
    "complete_task",
    "create_task",
    "delete_task",
    "empty_trash",
    "get_task",
    "list_tasks",
    "list_trash",
    "restore_task",
    "update_task",
]
