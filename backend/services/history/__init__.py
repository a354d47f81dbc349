"""What became of things: shown, undone, and forgotten after a time."""

from backend.services.history.pages import list_history, list_task_history
from backend.services.history.thinning import thin_history
from backend.services.history.undo import undo

__all__ = ["list_history", "list_task_history", "thin_history", "undo"]
