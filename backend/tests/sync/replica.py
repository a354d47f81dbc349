"""A copy that works offline: the reference for authors of clients (docs/sync.md).

It has three things to keep, all in one transaction: the rows that the service has told, the cursor
that they go up to, and the outbox: commands that the service has not answered yet. What the user
sees is the rows with the outbox done to them.
"""

from collections.abc import Callable
from copy import deepcopy
from typing import Any, Final
from uuid import uuid4

from backend.core.ids import new_id

Json = dict[str, Any]
Rows = dict[tuple[str, str], Json]
"""The latest `data` by type and id."""

Transport = Callable[[Json], tuple[int, Json]]
"""Sends the body of `POST /api/sync`, gives status and body, or raises `Unanswered`."""

MOST: Final = 100  # commands that a request may have


class Unanswered(Exception):  # noqa: N818 - named for what happened
    """No answer came, or one that says nothing of what was sent: offline, cut off, 429, 5xx.

    Whether the commands are done is not known, and need not be: they are sent again as they are.
    """


class Replica:
    """A copy and what its user has done since.

    Args:
        transport: The way to the service.

    Attributes:
        rows: What the service has told.
        outbox: Commands without an answer, in the order in which the user gave them.
        cursor: Up to where `rows` are; None: nothing is known yet.
    """

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self.rows: Rows = {}
        self.outbox: list[Json] = []
        self.cursor: str | None = None
        self._doubtful: set[tuple[str, str]] = set()

    def do(self, kind: str, **members: Any) -> str:
        """Do something at once, whether there is a network or not.

        Args:
            kind: The type of the command.
            members: What it says; to create something gives it an id.

        Returns:
            The id of what it is about.
        """
        if kind.endswith(".create"):
            members.setdefault("id", str(new_id()))
        # Whatever is sent under this name, however often, is done once.
        self.outbox.append({"uuid": str(uuid4()), "type": kind, **members})
        return str(members.get("id"))

    def view(self) -> Rows:
        """What the user sees: the rows, as they will probably be once the outbox is done."""
        shown = deepcopy(self.rows)
        for command in self.outbox:
            _foresee(shown, command)
        return shown

    def sync(self) -> None:
        """Empty the outbox, and take in what has changed.

        Raises:
            Unanswered: to be tried again later; nothing is lost, and nothing will be done twice.
        """
        while True:
            body = {"since": self.cursor, "commands": self.outbox[:MOST]}
            status, answer = self._transport(body)
            if status == 410:
                self._begin_again()
                continue
            for result in answer["results"]:
                command = self.outbox.pop(0)
                assert command["uuid"] == result["uuid"]
                self.settled(command, result)
            for change in answer["changes"]:
                self._take(change)
            self.cursor = answer["cursor"]
            if not answer["more"]:
                self._forget_doubtful()
                if not self.outbox:
                    return

    def settled(self, command: Json, result: Json) -> None:
        """Called with what became of each command; a problem is something to show to the user.

        The rows have the rest: what was refused is not in them, so it is not in view any more.
        """

    def _take(self, change: Json) -> None:
        key = (change["type"], change["id"])
        self._doubtful.discard(key)
        if change["deleted"]:
            self.rows.pop(key, None)
        else:
            self.rows[key] = change["data"]

    def _begin_again(self) -> None:
        """All rows are told anew; those that are not are gone, and shown until that is known."""
        self.cursor = None
        self._doubtful = set(self.rows)

    def _forget_doubtful(self) -> None:
        for key in self._doubtful:
            del self.rows[key]
        self._doubtful = set()


def _foresee(rows: Rows, command: Json) -> None:
    """Do to the rows what the service will probably do; what it does in fact comes as changes."""
    kind, _, verb = command["type"].partition(".")
    said = {name: value for name, value in command.items() if name not in _ENVELOPE}
    key = (kind, command.get("id", ""))
    if verb == "create":
        rows[key] = {**_NEW[kind], **said}
    elif key in rows:
        rows[key].update(_ASSIGNED.get(verb, _assigned)(rows[key], said))


def _assigned(row: Json, said: Json) -> Json:
    """Members that a patch or a move sets; tags are a set."""
    added, removed = said.pop("add_tags", []), said.pop("remove_tags", [])
    if added or removed:
        kept = [tag for tag in row["tags"] if tag not in removed]
        said["tags"] = [*kept, *(tag for tag in added if tag not in kept)]
    return {name: value for name, value in said.items() if name in row}


_ENVELOPE: Final = {"uuid", "type", "base_version"}
_NEW: Final[dict[str, Json]] = {
    "task": {"completed": False, "recurrence": None, "tags": [], "deleted_at": None},
    "list": {"color": None, "archived": False, "is_inbox": False, "deleted_at": None},
}
_ASSIGNED: Final[dict[str, Callable[[Json, Json], Json]]] = {
    # Which occurrence comes next is the service's to say.
    "complete": lambda row, said: {
        "completed": row["recurrence"] is None and said.get("completed", True)
    },
    "delete": lambda _row, _said: {"deleted_at": "now"},
    "restore": lambda _row, _said: {"deleted_at": None},
}
