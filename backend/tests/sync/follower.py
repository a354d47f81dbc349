"""Somebody who follows the changes of a person, and trusts nothing else."""

from typing import Any

import httpx2

from backend.tests.support.people import Person

Rows = dict[tuple[str, str], dict[str, Any]]
# They change without the list.
COUNTS = {"open_count", "completed_count"}


class Follower:
    """What one knows who puts changes in the place of what one had.

    Attributes:
        rows: Tasks, lists and settings by type and id.
        cursor: Where the next changes begin.
    """

    def __init__(self, person: Person) -> None:
        self._client = person.client
        self.rows: Rows = {}
        self.cursor: str | None = None

    def ask(self, **query: Any) -> httpx2.Response:
        since = {} if self.cursor is None else {"since": self.cursor}
        return self._client.get("/api/changes", params=since | query)

    def poll(self, limit: int = 200) -> list[dict[str, Any]]:
        """Take one page."""
        answer = self.ask(limit=limit)
        assert answer.status_code == 200, answer.text
        page = answer.json()
        changes: list[dict[str, Any]] = page["changes"]
        assert len(changes) <= limit
        versions = [each["version"] for each in changes]
        assert versions == sorted(set(versions))
        if versions and self.cursor and self.cursor.isdecimal():
            assert versions[0] > int(self.cursor) or self.cursor == "0"
        for each in changes:
            self._take(each)
        self.cursor = page["cursor"]
        self.more = page["more"]
        return changes

    def follow(self, limit: int = 200) -> list[dict[str, Any]]:
        """Take all pages that there are."""
        changes = self.poll(limit)
        while self.more:
            changes += self.poll(limit)
        return changes

    def _take(self, change: dict[str, Any]) -> None:
        key = (change["type"], change["id"])
        if change["deleted"]:
            assert change["data"] is None
            self.rows.pop(key, None)
            return
        data = change["data"]
        assert data.get("id", data.get("subject")) == change["id"]
        assert data.get("version", change["version"]) == change["version"]
        self.rows[key] = {name: data[name] for name in data.keys() - COUNTS}


def everything(person: Person) -> Rows:
    """What lists and pages give of a person, but for what they have chosen."""
    found = list[tuple[str, dict[str, Any]]]()
    for kind, path in (
        ("list", "/api/lists?archived=all"),
        ("list", "/api/lists?trashed=true"),
        ("task", "/api/tasks?limit=200"),
        ("task", "/api/trash?limit=200"),
    ):
        answer = person.client.get(path)
        found += ((kind, each) for each in answer.json())
        while "next" in answer.links:
            answer = person.client.get(answer.links["next"]["url"])
            found += ((kind, each) for each in answer.json())
    return {
        (kind, each["id"]): {name: each[name] for name in each.keys() - COUNTS}
        for kind, each in found
    }
