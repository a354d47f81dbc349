"""Lists: what can be done with them, as functions that return operations."""

from backend.services.lists.moves import move_list
from backend.services.lists.pages import list_lists
from backend.services.lists.shape import ListRepresentation, get_list
from backend.services.lists.trash import delete_list, restore_list
from backend.services.lists.writes import create_list, update_list

__all__ = [
    "ListRepresentation",
    "create_list",
    "delete_list",
    "get_list",
    "list_lists",
    "move_list",
    "restore_list",
    "update_list",
]
