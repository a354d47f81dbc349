"""Lists go to the trash with their tasks, come back with them, and go for good."""

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from backend.services.lists import trash as trash_of_lists
from backend.services.tasks import trash as trash_of_tasks
from backend.tests.account.test_erasures import FILL
from backend.tests.lists.people import create, inbox, names
from backend.tests.support.people import Person


@pytest.fixture
def database(database_url: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(database_url, autocommit=True) as connection:
        yield connection


@pytest.fixture
def groceries(alice: Person) -> dict[str, Any]:
    """A list with tasks of every kind, one of which has been in the trash for longer."""
    made = create(alice)
    milk = alice.create("Milk", list_id=made["id"])
    alice.create("Oat milk", parent_id=milk["id"])
    alice.create("Bread", list_id=made["id"], completed=True)
    alice.client.delete(f"/api/tasks/{alice.create('Cake', list_id=made['id'])['id']}")
    alice.create("Call the bank")
    shown: dict[str, Any] = alice.client.get(f"/api/lists/{made['id']}").json()
    return shown


def delete(person: Person, made: dict[str, Any]) -> None:
    answer = person.client.delete(f"/api/lists/{made['id']}")
    assert (answer.status_code, answer.content) == (204, b"")


def trashed(person: Person) -> list[str]:
    return sorted(task["title"] for task in person.client.get("/api/trash").json())


def test_a_deleted_list_takes_its_tasks_along(alice: Person, groceries: dict[str, Any]) -> None:
    delete(alice, groceries)
    assert names(alice) == ["Inbox"]
    assert alice.titles() == ["Call the bank"]
    assert trashed(alice) == ["Bread", "Cake", "Milk", "Oat milk"]
    [shown] = alice.client.get("/api/lists", params={"trashed": "true"}).json()
    assert shown["id"] == groceries["id"]
    assert shown["deleted_at"] is not None
    assert (shown["open_count"], shown["completed_count"]) == (0, 0)
    for method, suffix, body in (
        ("GET", "", None),
        ("PATCH", "", {"name": "x"}),
        ("PATCH", "", {}),
        ("POST", "/move", {}),
        ("DELETE", "", None),
    ):
        path = f"/api/lists/{groceries['id']}{suffix}"
        assert alice.client.request(method, path, json=body).status_code == 404, suffix
    refused = alice.client.post("/api/tasks", json={"title": "x", "list_id": groceries["id"]})
    assert (refused.status_code, refused.json()["errors"][0]["code"]) == (422, "no_such_list")


def test_a_restored_list_brings_back_exactly_what_it_took(
    alice: Person, groceries: dict[str, Any]
) -> None:
    before = {task["id"]: task for task in alice.client.get("/api/tasks").json()}
    delete(alice, groceries)
    answer = alice.client.post(f"/api/lists/{groceries['id']}/restore")
    assert answer.status_code == 200
    own = {"version", "updated_at"}
    restored = answer.json()
    assert {k: v for k, v in restored.items() if k not in own} == {
        k: v for k, v in groceries.items() if k not in own
    }
    assert alice.client.get(f"/api/lists/{groceries['id']}").json() == restored
    assert names(alice) == ["Inbox", "Groceries"]
    after = {task["id"]: task for task in alice.client.get("/api/tasks").json()}
    assert {
        task_id: {k: v for k, v in task.items() if k not in own} for task_id, task in after.items()
    } == {
        task_id: {k: v for k, v in task.items() if k not in own} for task_id, task in before.items()
    }
    assert trashed(alice) == ["Cake"]


def test_an_archived_list_comes_back_archived(alice: Person) -> None:
    made = create(alice, archived=True)
    delete(alice, made)
    assert names(alice, trashed="true") == ["Groceries"]
    assert names(alice, trashed="true", archived="false") == []
    alice.client.post(f"/api/lists/{made['id']}/restore")
    assert names(alice, archived="true") == ["Groceries"]


def test_restoring_what_is_not_in_the_trash_changes_nothing(
    alice: Person, groceries: dict[str, Any]
) -> None:
    for shown in (groceries, inbox(alice)):
        answer = alice.client.post(f"/api/lists/{shown['id']}/restore")
        assert (answer.status_code, answer.json()) == (200, shown)
    assert trashed(alice) == ["Cake"]


def test_a_deleted_list_is_restored_only_as_the_version_that_is_expected(
    alice: Person, groceries: dict[str, Any]
) -> None:
    delete(alice, groceries)
    [shown] = alice.client.get("/api/lists", params={"trashed": "true"}).json()
    path = f"/api/lists/{groceries['id']}/restore"
    stale = {"If-Match": f'"{groceries["version"]}"'}
    refused = alice.client.post(path, headers=stale)
    assert (refused.status_code, refused.json()["current"]) == (412, shown)
    assert trashed(alice) == ["Bread", "Cake", "Milk", "Oat milk"]
    current = {"If-Match": f'"{shown["version"]}"'}
    assert alice.client.post(path, headers=current).status_code == 200


def test_emptying_the_trash_takes_lists_along_that_have_no_task_left(
    alice: Person, groceries: dict[str, Any]
) -> None:
    kept = create(alice, "Kept")
    delete(alice, groceries)
    assert alice.client.delete("/api/trash").status_code == 204
    assert trashed(alice) == []
    assert names(alice, trashed="true") == []
    assert names(alice) == ["Inbox", "Kept"]
    assert alice.client.post(f"/api/lists/{groceries['id']}/restore").status_code == 404
    assert alice.titles() == ["Call the bank"]
    assert alice.create(list_id=kept["id"])["list_id"] == kept["id"]
    assert create(alice, id=groceries["id"])["id"] == groceries["id"]


def test_a_trash_with_many_lists_is_emptied(alice: Person, bob: Person) -> None:
    many = trash_of_tasks.LISTS * 2 + 1
    for person in (alice, bob):
        for n in range(many):
            made = create(person, f"List {n}")
            person.create(list_id=made["id"])
            delete(person, made)
    assert alice.client.delete("/api/trash").status_code == 204
    assert names(alice, trashed="true") == []
    assert len(names(bob, trashed="true")) == many


def test_a_list_with_more_tasks_than_a_step_goes_and_comes_back_whole(
    alice: Person,
    groceries: dict[str, Any],
    database: psycopg.Connection,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    many = trash_of_lists.BATCH + 1
    database.execute(FILL, {"subject": alice.subject, "trashed": False, "many": many})
    place = "update duly.tasks set list_id = %s where space_id = %s and title like 'Task %%'"
    database.execute(place, [groceries["id"], alice.subject])
    full = alice.client.get(f"/api/lists/{groceries['id']}").json()
    assert full["open_count"] == many + 2
    headers = {"If-Match": f'"{full["version"]}"'}

    with monkeypatch.context() as hurried:  # who leaves in the middle finds it where it was
        hurried.setattr("backend.routes.lists._SECONDS", -1.0)
        answer = alice.client.delete(f"/api/lists/{groceries['id']}", headers=headers)
        assert (answer.status_code, answer.headers["retry-after"]) == (202, "1")
        assert names(alice) == ["Inbox", "Groceries"]
    assert alice.client.delete(f"/api/lists/{groceries['id']}", headers=headers).status_code == 204
    assert alice.titles() == ["Call the bank"]

    with monkeypatch.context() as hurried:
        hurried.setattr("backend.routes.lists._SECONDS", -1.0)
        assert alice.client.post(f"/api/lists/{groceries['id']}/restore").status_code == 202
    restored = alice.client.post(f"/api/lists/{groceries['id']}/restore").json()
    assert restored["open_count"] == many + 2
    assert trashed(alice) == ["Cake"]


def test_a_tree_of_a_list_that_went_in_steps_comes_back_whole(
    alice: Person, groceries: dict[str, Any], database: psycopg.Connection
) -> None:
    many = trash_of_lists.BATCH + 1
    database.execute(FILL, {"subject": alice.subject, "trashed": False, "many": many})
    place = "update duly.tasks set list_id = %s where space_id = %s and title like 'Task %%'"
    database.execute(place, [groceries["id"], alice.subject])
    [(first, last)] = database.execute(
        "select min(id::text), max(id::text) from duly.tasks where space_id = %s"
        " and title like 'Task %%'",
        [alice.subject],
    ).fetchall()
    for part, whole in ((first, last), (groceries_task(alice, groceries), first)):
        moved = alice.client.post(f"/api/tasks/{part}/move", json={"parent_id": whole})
        assert moved.status_code == 200
    delete(alice, groceries)
    assert alice.client.post(f"/api/tasks/{last}/restore").status_code == 200
    assert {task["id"] for task in alice.client.get("/api/tasks").json()} >= {first, last, part}
    assert alice.client.post(f"/api/lists/{groceries['id']}/restore").status_code == 200
    assert first not in [task["id"] for task in alice.client.get("/api/trash").json()]


def groceries_task(person: Person, groceries: dict[str, Any]) -> str:
    """The id of one that is made last."""
    made: str = person.create("made last", list_id=groceries["id"])["id"]
    return made


def test_what_a_deletion_that_was_not_finished_took_comes_back(
    alice: Person, groceries: dict[str, Any], database: psycopg.Connection
) -> None:
    database.execute(
        "update duly.tasks set deleted_at = now(), trashed_with = list_id"
        " where space_id = %s and title = 'Bread'",
        [alice.subject],
    )
    alice.client.post(f"/api/lists/{groceries['id']}/restore")
    assert "Bread" in alice.titles()
    assert trashed(alice) == ["Cake"]


def test_a_task_alone_comes_back_to_the_inbox_and_the_list_without_it(
    alice: Person, groceries: dict[str, Any]
) -> None:
    [milk] = [task for task in alice.client.get("/api/tasks").json() if task["title"] == "Milk"]
    delete(alice, groceries)
    restored = alice.client.post(f"/api/tasks/{milk['id']}/restore").json()
    assert restored["list_id"] == inbox(alice)["id"]
    assert sorted(alice.titles()) == ["Call the bank", "Milk", "Oat milk"]
    alice.client.post(f"/api/lists/{groceries['id']}/restore")
    assert alice.titles(list_id=groceries["id"]) == ["Bread"]
    assert sorted(alice.titles(list_id=inbox(alice)["id"])) == ["Call the bank", "Milk", "Oat milk"]
    assert trashed(alice) == ["Cake"]
