"""Whether a system's answers are right, asked before anything is measured."""

import re
from typing import Any

from benchmarks.harness.calls import Call, send
from benchmarks.harness.people import Person, newest_titles
from benchmarks.harness.systems.system import OK, System


class WrongAnswer(Exception):  # noqa: N818 - says what it is
    """A system does not do what is measured; its figures would mean nothing."""


def check(system: System) -> None:
    """Ask for lists, tasks and foreign tasks; create, complete and delete one.

    Raises:
        WrongAnswer: when an answer is not the expected one.
    """
    people = system.known
    for person, other in ((people[0], people[-1]), (people[-1], people[0])):
        expected = newest_titles(person.number, system.stage.size)
        _expect(system, "list", _titles(system, person), expected)
        status, task = _send(system, system.calls.get, person, person.recent[0])
        _expect(system, "get", (status, task["title"]), (200, expected[0]))
        status, _ = _send(system, system.calls.get, person, other.recent[0])
        _expect(system, "get of another's task", status, 404)
        _check_writes(system, person, expected)
    status, body = send(system.port, system.calls.list)
    shown = _items(body) if status == OK else []
    _expect(system, "list without a caller", shown, [])


def _check_writes(system: System, person: Person, before: list[str]) -> None:
    calls = system.calls
    status, created = _send(system, calls.create, person)
    _expect(system, "create", (status in (200, 201), created.get("title")), (True, "A new task"))
    _expect(system, "list after create", _titles(system, person), ["A new task", *before[:-1]])
    task = str(created["id"])
    status, changed = _send(system, calls.update, person, task)
    _expect(system, "update", (status, changed.get("completed")), (200, True))
    status, _ = _send(system, calls.delete, person, task)
    _expect(system, "delete", status, 204)
    status, _ = _send(system, calls.get, person, task)
    _expect(system, "get after delete", status, 404)
    _expect(system, "list after delete", _titles(system, person), before)


def _titles(system: System, person: Person) -> list[str]:
    status, body = _send(system, system.calls.list, person)
    _expect(system, "status of list", status, 200)
    return [task["title"] for task in _items(body)]


def _items(body: Any) -> list[dict[str, Any]]:
    """The tasks of a list, bare or in an envelope."""
    items: list[dict[str, Any]] = body["items"] if isinstance(body, dict) else body
    return items


def _send(system: System, call: Call, person: Person, task: str = "") -> tuple[int, Any]:
    return send(system.port, call.filled(person, task), person)


def _expect(system: System, what: str, found: object, expected: object) -> None:
    if found != expected:
        shown = re.sub(r"\s+", " ", f"{found!r:.400}")
        said = system.program.last_words() if system.program else ""
        raise WrongAnswer(f"{system.name}: {what} is {shown}, not {expected!r:.400}\n{said}")
