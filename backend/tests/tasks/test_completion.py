"""Done and not done: setting, toggling, and when it happened."""

from typing import Any

import pytest

from backend.tests.support.people import Person

SETTING = [("PATCH", "complete"), ("POST", "complete")]
TOGGLING = [*SETTING, ("PATCH", "toggle")]


def act(person: Person, method: str, action: str, task: dict[str, Any], **options: Any) -> Any:
    answer = person.client.request(method, f"/api/tasks/{task['id']}/{action}", **options)
    assert answer.status_code == 200, answer.text
    assert answer.headers["etag"] == f'"{answer.json()["version"]}"'
    return answer.json()


@pytest.mark.parametrize(("method", "action"), TOGGLING)
def test_without_a_body_it_toggles(method: str, action: str, alice: Person) -> None:
    task = alice.create()
    done = act(alice, method, action, task)
    assert done["completed"] is True
    assert done["completed_at"] == done["updated_at"]
    again = act(alice, method, action, task)
    assert again["completed"] is False
    assert again["completed_at"] is None
    assert [done["version"], again["version"]] == [task["version"] + 1, task["version"] + 2]


@pytest.mark.parametrize(("method", "action"), SETTING)
@pytest.mark.parametrize("before", [True, False])
@pytest.mark.parametrize("after", [True, False])
def test_with_a_body_it_sets(
    method: str, action: str, *, before: bool, after: bool, alice: Person
) -> None:
    task = alice.create(completed=before)
    changed = act(alice, method, action, task, json={"completed": after})
    assert changed["completed"] is after
    assert (changed["completed_at"] is not None) is after


def test_a_content_type_without_a_body_still_toggles(alice: Person) -> None:
    headers = {"Content-Type": "application/json"}
    assert act(alice, "PATCH", "complete", alice.create(), headers=headers)["completed"] is True


@pytest.mark.parametrize("body", [{}, {"completed": None}, {"completed": "true"}, {"done": True}])
def test_a_body_that_says_nothing_about_it_is_422(body: dict[str, Any], alice: Person) -> None:
    task = alice.create()
    answer = alice.client.patch(f"/api/tasks/{task['id']}/complete", json=body)
    assert answer.status_code == 422
    assert alice.client.get(f"/api/tasks/{task['id']}").json() == task


def test_completing_again_keeps_the_time_of_the_first(alice: Person) -> None:
    first = act(alice, "PATCH", "complete", alice.create(), json={"completed": True})
    second = act(alice, "PATCH", "complete", first, json={"completed": True})
    assert second["completed_at"] == first["completed_at"]
    patched = alice.client.patch(f"/api/tasks/{first['id']}", json={"completed": True}).json()
    assert patched["completed_at"] == first["completed_at"]


def test_a_task_may_be_born_completed(alice: Person) -> None:
    task = alice.create(completed=True)
    assert task["completed"] is True
    assert task["completed_at"] == task["created_at"]


def test_the_list_can_be_limited_to_either(alice: Person) -> None:
    alice.create("open")
    alice.create("done", completed=True)
    assert alice.titles(status="pending") == ["open"]
    assert alice.titles(status="completed") == ["done"]
    assert alice.titles(status="all") == ["done", "open"]


@pytest.mark.parametrize(("method", "action"), TOGGLING)
def test_it_works_under_the_alias(method: str, action: str, alice: Person) -> None:
    task = alice.create()
    path = f"/api/{alice.subject}/tasks/{task['id']}/{action}"
    assert alice.client.request(method, path).json()["completed"] is True


@pytest.mark.parametrize(("method", "action"), TOGGLING)
def test_a_task_in_the_trash_cannot_be_completed(method: str, action: str, alice: Person) -> None:
    path = f"/api/tasks/{alice.create()['id']}"
    alice.client.delete(path)
    assert alice.client.request(method, f"{path}/{action}").status_code == 404
