"""What people do with tasks that recur."""

from typing import Any

from backend.tests.support.people import Person

DAILY = {"due_date": "2026-03-01", "recurrence": "FREQ=DAILY"}


def act(person: Person, task: dict[str, Any], **body: Any) -> dict[str, Any]:
    answer = person.client.post(f"/api/tasks/{task['id']}/complete", json=body)
    assert answer.status_code == 200, answer.text
    assert answer.headers["etag"] == f'"{answer.json()["version"]}"'
    found: dict[str, Any] = answer.json()
    return found


def complete(person: Person, task: dict[str, Any], **body: Any) -> dict[str, Any]:
    return act(person, task, completed=True, **body)


def undo(person: Person, task: dict[str, Any], **body: Any) -> dict[str, Any]:
    return act(person, task, completed=False, **body)


def change(person: Person, task: dict[str, Any], **fields: Any) -> dict[str, Any]:
    answer = person.client.patch(f"/api/tasks/{task['id']}", json=fields)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def get(person: Person, task: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = person.client.get(f"/api/tasks/{task['id']}").json()
    return found


def due(task: dict[str, Any]) -> str:
    """When a task is due, as occurrences are named; `done` for one that is."""
    time = f"T{task['due_time']}" if task["due_time"] else ""
    return "done" if task["completed"] else f"{task['due_date']}{time}"


def dues(person: Person, task: dict[str, Any], times: int) -> list[str]:
    """When it is due after each of so many completions."""
    return [due(complete(person, task)) for _ in range(times)]
