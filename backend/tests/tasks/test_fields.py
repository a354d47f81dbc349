"""Whatever the contract lets a client set of a task is kept and comes back."""

from typing import Any

import pytest
from pydantic import ValidationError

from backend.schemas.task import TaskFields, TaskUpdate
from backend.tests.support.people import Person

# One of these fits a field, whatever its type.
VALUES: tuple[Any, ...] = (
    "High",
    "09:30",
    "Europe/Berlin",
    True,
    3,
    "2026-11-25",
    "2026-11-25T12:00:00+00:00",
    "#ff8800",
    ["a"],
    {},
    "FREQ=WEEKLY;BYDAY=WE",
    "completion",
)

NEEDS: dict[str, dict[str, Any]] = {
    "due_time": {"due_date": "2026-11-25"},
    "due_time_zone": {"due_date": "2026-11-25", "due_time": "09:30"},
    "recurrence": {"due_date": "2026-11-25"},
}
"""What a field cannot be without."""
SHOWN = {"priority": "high", "due_time": "09:30:00"}
"""What is answered in another form than it was given."""


def other_value(name: str) -> Any:
    """A value that the field takes and does not have by itself."""
    for value in VALUES:
        try:
            found = getattr(TaskUpdate.model_validate({name: value}), name)
        except ValidationError:
            continue
        if found != TaskFields.model_fields[name].default:
            return value
    raise AssertionError(f"VALUES has nothing for {name}: add something that fits")


@pytest.mark.parametrize("name", TaskFields.model_fields)
def test_a_field_is_kept_by_create_and_by_patch(name: str, alice: Person) -> None:
    given = NEEDS.get(name, {}) | {name: other_value(name)}
    kept = SHOWN.get(name, given[name])
    assert alice.create(**given)[name] == kept
    task = alice.create("Buy milk")
    changed = alice.client.patch(f"/api/tasks/{task['id']}", json=given)
    assert changed.status_code == 200
    assert changed.json()[name] == kept
    assert alice.client.get(f"/api/tasks/{task['id']}").json() == changed.json()


@pytest.mark.parametrize("name", [*TaskFields.model_fields, "parent_id", "list_id"])
def test_a_create_answers_what_a_read_does(name: str, alice: Person) -> None:
    places = {
        "parent_id": lambda: alice.create()["id"],
        "list_id": lambda: alice.create()["list_id"],
    }
    value = places[name]() if name in places else other_value(name)
    fields = {"title": "Buy milk", **NEEDS.get(name, {}), name: value}
    created = alice.client.post("/api/tasks", json=fields)
    assert created.status_code == 201, created.text
    read = alice.client.get(created.headers["location"])
    assert created.content == read.content
    [listed] = (task for task in alice.client.get("/api/tasks").json() if task == read.json())
    assert [*listed] == [*created.json()]


@pytest.mark.parametrize(
    "text", ['"', "\\", "\\u0041", "a\tb\nc", "\u2028", "}]", "%s %1$s", "'x'"]
)
def test_what_json_has_to_escape_comes_back(text: str, alice: Person) -> None:
    said: dict[str, Any] = {
        "title": f"x{text}y",
        "description": text,
        "tags": [f"t{text}u".replace("\n", " ")],
    }
    created = alice.create(**said)
    assert {name: created[name] for name in said} == said
    assert alice.client.get("/api/tasks").json() == [created]
