"""What the history keeps of a row, which are columns, as the API calls and writes it."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from backend.schemas.task import PRIORITIES


def _instant(text: str) -> str:
    """As `database/projection.py` writes one; JSON of PostgreSQL has no zeros at the end."""
    return datetime.fromisoformat(text).astimezone(UTC).isoformat(timespec="microseconds")


_FORMS: Final[Mapping[str, Callable[[Any], Any]]] = {
    "priority": PRIORITIES.__getitem__,
    "completed_at": _instant,
    "deleted_at": _instant,
}
_OWN: Final = frozenset({"recurrence_anchor", "stepped_from", "completed_with", "trashed_with"})
"""Columns by which Duly remembers what it needs; no answer has them."""


def as_answered(columns: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """Columns and their values, by the names and in the forms of answers."""
    if columns is None:
        return None
    shown = {
        name: value if value is None or name not in _FORMS else _FORMS[name](value)
        for name, value in columns.items()
        if name not in _OWN
    }
    if "completed_at" in shown:
        shown["completed"] = shown["completed_at"] is not None
    return shown
