"""Deleting, restoring, and emptying the trash."""

from typing import Any

import pytest

from backend.tests.support.people import Person


def delete(person: Person, task: dict[str, Any]) -> None:
    answer = person.client.delete(f"/api/tasks/{task['id']}")
    assert answer.status_code == 204
    assert answer.content == b""
    assert "content-type" not in answer.headers


def trash(person: Person, **query: Any) -> list[dict[str, Any]]:
    answer = person.client.get("/api/trash", params=query)
    assert answer.status_code == 200
    tasks: list[dict[str, Any]] = answer.json()
    return tasks


def test_a_deleted_task_is_in_the_trash_only(alice: Person) -> None:
    task = alice.create("Buy milk")
    delete(alice, task)
    assert alice.titles() == []
    [deleted] = trash(alice)
    own = {"deleted_at", "updated_at", "version"}
    assert {k: v for k, v in deleted.items() if k not in own} == {
        k: v for k, v in task.items() if k not in own
    }
    assert deleted["deleted_at"] == deleted["updated_at"]
    assert deleted["version"] == task["version"] + 1


@pytest.mark.parametrize("status", ["all", "pending", "completed"])
def test_no_list_shows_the_trash(status: str, alice: Person) -> None:
    for completed in (True, False):
        delete(alice, alice.create(completed=completed))
    answer = alice.client.get("/api/tasks", params={"status": status, "count": "exact"})
    assert answer.json() == []
    assert answer.headers["total-count"] == "0"


@pytest.mark.parametrize(
    ("method", "suffix", "body"),
    [
        ("GET", "", None),
        ("PATCH", "", {"title": "Changed"}),
        ("PATCH", "", {}),
        ("PUT", "", {"title": "Changed"}),
        ("DELETE", "", None),
        ("PATCH", "/toggle", None),
        ("POST", "/complete", None),
    ],
)
def test_in_the_trash_a_task_can_only_be_restored(
    method: str, suffix: str, body: dict[str, Any] | None, alice: Person
) -> None:
    task = alice.create()
    delete(alice, task)
    before = trash(alice)
    path = f"/api/tasks/{task['id']}{suffix}"
    assert alice.client.request(method, path, json=body).status_code == 404
    assert trash(alice) == before


@pytest.mark.parametrize("prefix", ["/api/tasks", "/api/{user}/tasks"])
def test_a_restored_task_is_back(prefix: str, alice: Person) -> None:
    task = alice.create("Buy milk", completed=True)
    delete(alice, task)
    answer = alice.client.post(f"{prefix.format(user=alice.subject)}/{task['id']}/restore")
    assert answer.status_code == 200
    restored = answer.json()
    assert restored["deleted_at"] is None
    assert restored["completed_at"] == task["completed_at"]
    assert restored["version"] == task["version"] + 2
    assert answer.headers["etag"] == f'"{restored["version"]}"'
    assert alice.client.get("/api/tasks").json() == [restored]
    assert trash(alice) == []


def test_restoring_what_is_not_in_the_trash_changes_nothing(alice: Person) -> None:
    task = alice.create()
    answer = alice.client.post(f"/api/tasks/{task['id']}/restore")
    assert answer.status_code == 200
    assert answer.json() == task


def test_the_latest_deletion_comes_first_page_by_page(alice: Person) -> None:
    for title in ("a", "b", "c", "d", "e"):
        alice.create(title)
    for task in sorted(alice.client.get("/api/tasks").json(), key=lambda task: task["title"]):
        delete(alice, task)
    assert [task["title"] for task in trash(alice)] == ["e", "d", "c", "b", "a"]
    answer = alice.client.get("/api/trash", params={"limit": 2})
    pages = [[task["title"] for task in answer.json()]]
    while "next" in answer.links:
        answer = alice.client.get(answer.links["next"]["url"])
        pages.append([task["title"] for task in answer.json()])
    assert pages == [["e", "d"], ["c", "b"], ["a"]]


def test_an_emptied_trash_is_gone_for_good(alice: Person) -> None:
    kept, gone = alice.create("kept"), alice.create("gone")
    delete(alice, gone)
    answer = alice.client.delete("/api/trash")
    assert answer.status_code == 204
    assert trash(alice) == []
    assert alice.client.post(f"/api/tasks/{gone['id']}/restore").status_code == 404
    assert alice.client.get("/api/tasks").json() == [kept]
    assert alice.client.delete("/api/trash").status_code == 204
    assert alice.create("again", id=gone["id"])["id"] == gone["id"]
