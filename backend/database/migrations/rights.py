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


RIGHTS: Final = {
    "erasures": Rights(insert=["subject"], update=["claimed_until"], delete=True),
    "spaces": Rights(
        insert=["id"], update=["last_version", "task_bound", "erasing_at"], delete=True
    ),
    "tasks": Rights(
        # The two last ones for what comes from another account (`services/merges.py`).
        insert=["id", "title", "description", "completed_at", "created_at", "deleted_at"],
        update=["title", "description", "completed_at", "deleted_at"],
        delete=True,
    ),
    "users": Rights(
        insert=["subject", "email", "name", "claims_issued_at"],
        update=["email", "name", "claims_issued_at", "time_zone", "updated_at"],
        delete=True,
    ),
}
"""By table; the owner of a row, its version and its times are the database's own."""
