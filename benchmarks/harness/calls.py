"""The five requests of a system, and a plain client that sends one of them."""

import json
from dataclasses import asdict, dataclass
from http.client import HTTPConnection
from typing import Any

from benchmarks.harness.people import Person
from benchmarks.harness.places import HOST

TIMEOUT = 10.0


@dataclass(frozen=True, slots=True)
class Call:
    """A request whose path and body may hold `{id}` (a task) and `{user}` (its owner)."""

    method: str
    path: str
    body: str = ""

    def filled(self, person: Person, task: str = "") -> "Call":
        """The request of one person about one task."""
        return Call(self.method, *(_fill(text, person, task) for text in (self.path, self.body)))


@dataclass(frozen=True, slots=True)
class Calls:
    """The requests of one system."""

    list: Call
    get: Call
    create: Call
    update: Call
    delete: Call

    def document(self) -> dict[str, Any]:
        """The requests as plain data, for the load generators."""
        return asdict(self)


def send(
    port: int, call: Call, person: Person | None = None, timeout: float = TIMEOUT
) -> tuple[int, Any]:
    """The status and the parsed body of one answer."""
    connection = HTTPConnection(HOST, port, timeout=timeout)
    headers = {"Content-Type": "application/json"} if call.body else {}
    if person:
        headers[person.header[0]] = person.header[1]
    try:
        connection.request(call.method, call.path, call.body or None, headers)
        answer = connection.getresponse()
        body = answer.read()
    finally:
        connection.close()
    try:
        return answer.status, json.loads(body) if body else None
    except ValueError:
        return answer.status, body


def _fill(template: str, person: Person, task: str) -> str:
    return template.replace("{id}", task).replace("{user}", person.subject)
