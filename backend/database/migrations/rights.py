"""What requests may do with each table, at the newest revision: `duly migrate` sees to it."""

from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple


class Rights(NamedTuple):
    """What the role of requests may do with a table besides reading it.

    Attributes:
        insert: The columns that requests may give a new row.
        update: The columns that requests may change.
        delete: Whether requests may delete rows.
    """

    insert: Iterable[str] = ()
    update: Iterable[str] = ()
    delete: bool = False

    def listed(self) -> set[tuple[str | None, str]]:
        """Each one: a column, or None for the whole table, and a privilege."""
        return {
            (None, "SELECT"),
            *([(None, "DELETE")] if self.delete else []),
            *((column, "INSERT") for column in self.insert),
            *((column, "UPDATE") for column in self.update),
        }

    def commands(self, table: str, role: str) -> Iterator[str]:
        """The SQL that grants them to `role` on `duly.{table}`."""
        yield f"grant select{', delete' if self.delete else ''} on duly.{table} to {role}"
        for privilege, columns in (("insert", self.insert), ("update", self.update)):
            if names := ", ".join(columns):
                yield f"grant {privilege} ({names}) on duly.{table} to {role}"


# What clients say of a task, directly or by moving, completing and trashing it.
_OF_TASKS: Final = (
    *("title", "description", "completed_at", "deleted_at", "list_id", "parent_id", "position"),
    *("tags", "priority", "due_date", "due_time", "due_time_zone", "recurrence"),
    *("recurrence_anchor", "recurrence_from", "stepped_from", "trashed_with", "completed_with"),
)

RIGHTS: Final = {
    "directory": Rights(insert=["space"], update=["tidied_at"], delete=True),
    "erasures": Rights(insert=["subject"], update=["claimed_until"], delete=True),
    "history": Rights(
        # By triggers alone, which act with the rights of whoever writes.
        insert=[
            *("space_id", "version", "type", "entity_id", "operation", "change"),
            *("before", "after", "actor", "request_id"),
        ],
        update=["before", "after"],
        delete=True,
    ),
    "idempotency": Rights(
        insert=["key", "operation", "step", "fingerprint", "refusal", "rows"], delete=True
    ),
    "lists": Rights(
        # One that is imported keeps when it was made, and whether it is in the trash.
        insert=["id", "name", "color", "position", "archived", "created_at", "deleted_at"],
        update=["name", "color", "position", "archived", "deleted_at"],
        delete=True,
    ),
    "settings": Rights(insert=["time_zone"], update=["time_zone"], delete=True),
    "spaces": Rights(
        insert=["id"],
        update=["last_version", "task_bound", "erasing_at", "history_floor", "history_from"],
        delete=True,
    ),
    "tasks": Rights(
        # A task that comes from elsewhere keeps its times (`services/merges.py`, `transfers.py`).
        insert=["id", "created_at", "updated_at", *_OF_TASKS],
        update=_OF_TASKS,
        delete=True,
    ),
    "users": Rights(
        insert=["subject", "email", "name", "claims_issued_at"],
        update=["email", "name", "claims_issued_at", "updated_at"],
        delete=True,
    ),
}
"""By table; the owner of a row, its version and its times are the database's own."""
