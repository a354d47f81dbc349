"""Whatever the contract lets a client set of a task is kept and comes back."""

from typing import Any

import pytest
from pydantic import ValidationError

from backend.schemas.task import TaskFields, TaskUpdate
from backend.tests.support.people import Person

# One of these fits a field, whatever its type.
VALUES: tuple[Any, ...] = (
    "some text",
    True,
    3,
    "2026-11-25",
    "2026-11-25T12:00:00+00:00",
    "#ff8800",
    ["a"],
    {},
)


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
    value = other_value(name)
    assert alice.create(**{name: value})[name] == value
    task = alice.create("Buy milk")
    changed = alice.client.patch(f"/api/tasks/{task['id']}", json={name: value})
    assert changed.status_code == 200
    assert changed.json()[name] == value
    assert alice.client.get(f"/api/tasks/{task['id']}").json() == changed.json()
