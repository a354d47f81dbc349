"""A reader of `GET /api/events`."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NamedTuple, Self

import httpx2


class Message(NamedTuple):
    """One message, as a browser would tell a page of it (WHATWG HTML, section 9.2.6)."""

    kind: str
    data: Any
    cursor: str


class Stream:
    """An open stream.

    Attributes:
        cursor: What `Last-Event-ID` would be now.
        headers: Those of the answer.
        heartbeat: Seconds after which a comment comes, as it said; 0 if it did not.
    """

    def __init__(self, response: httpx2.Response) -> None:
        self.headers = response.headers
        self.cursor = ""
        self.heartbeat = 0.0
        self._lines = response.iter_lines()

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> Message:
        """The next message; StopIteration when the stream has ended."""
        kind = data = ""
        for line in self._lines:
            name, _, value = line.partition(":")
            value = value.removeprefix(" ")
            if name == "event":
                kind = value
            elif name == "data":
                data += value
            elif name == "id":
                self.cursor = value
            if not line and data:
                return Message(kind, json.loads(data), self.cursor)
        raise StopIteration

    def titles(self, number: int) -> list[str]:
        """What the next so many changes of tasks are called."""
        return [next(self).data["data"]["title"] for _ in range(number)]

    def wait_for_comments(self, number: int) -> None:
        """Read so many comments, and nothing else."""
        for line in self._lines:
            number -= line == ":"
            assert line in {"", ":"}
            if not number:
                return

    def begin(self) -> None:
        """Read on until the cursor has come."""
        for line in self._lines:
            if line.startswith(": heartbeat "):
                self.heartbeat = float(line.removeprefix(": heartbeat "))
            if line.startswith("id: "):
                self.cursor = line.removeprefix("id: ")
                return


@contextmanager
def following(
    client: httpx2.Client, path: str = "/api/events", headers: Mapping[str, str] | None = None
) -> Iterator[Stream]:
    """A stream that has begun."""
    whole = {"whole": True}
    with client.stream("GET", path, headers=dict(headers or {}), extensions=whole) as response:
        assert response.status_code == 200, response.read()
        stream = Stream(response)
        stream.begin()
        yield stream
