"""What was done can be undone, all of it or nothing, and the undo as well."""

import re
from typing import Any

import psycopg
import pytest

from backend.core.ids import new_id
from backend.models import List, SpaceSettings, Task
from backend.models.history import kept_columns
from backend.tests.history.test_pages import history, patch
from backend.tests.support.people import Person

_CHANGES = {"version", "updated_at"}


def undo(person: Person, status: int = 200, **wish: Any) -> dict[str, Any]:
    answer = person.client.post("/api/undo", json=wish)
    assert answer.status_code == status, answer.text
    said: dict[str, Any] = answer.json()
    return said


def everything(person: Person) -> dict[str, Any]:
    """All that people see of all that somebody has, but for numbers and times of writes."""
    client = person.client
    found = {
        path: client.get(path).json()
        for path in (
            *("/api/tasks?limit=200", "/api/trash", "/api/lists", "/api/lists?trashed=true"),
            "/api/tags",
        )
    }
    seen: dict[str, Any] = {
        path: sorted(
            ({k: v for k, v in each.items() if k not in _CHANGES} for each in rows),
            key=lambda each: str(each.get("id")),
        )
        for path, rows in found.items()
    }
    return seen | {"zone": client.get("/api/auth/me").json()["time_zone"]}


def tree(person: Person, **fields: Any) -> list[dict[str, Any]]:
    """A task, a part of it and a part of that."""
    root = person.create("root", **fields)
    part = person.create("part", parent_id=root["id"])
    return [root, part, person.create("leaf", parent_id=part["id"])]


def latest(person: Person) -> int:
    version: int = history(person, limit=1)[0]["version"]
    return version


def made_list(person: Person, name: str = "Work") -> dict[str, Any]:
    made: dict[str, Any] = person.client.post("/api/lists", json={"name": name}).json()
    return made


def call(person: Person, method: str, path: str, body: Any = None) -> None:
    answer = person.client.request(method, path, json=body)
    assert answer.status_code in {200, 201, 204}, answer.text


def test_a_change_of_fields_is_undone_and_the_undo_as_well(alice: Person) -> None:
    task = alice.create("Buy milk", tags=["home"])
    before = everything(alice)
    changed = patch(
        *(alice, task),
        title="Buy bread",
        description="2",
        priority="high",
        tags=["a", "b"],
        due_date="2026-03-01",
        due_time="09:30",
        due_time_zone="Europe/Berlin",
        recurrence="FREQ=DAILY",
    )
    after = everything(alice)
    undone = undo(alice, version=changed["version"])
    assert undone["undone"] == 1
    assert everything(alice) == before
    assert alice.titles(q="milk") == ["Buy milk"]
    assert alice.titles(q="bread") == []
    assert undone["version"] == latest(alice) > changed["version"]
    assert undo(alice, version=undone["version"])["undone"] == 1
    assert everything(alice) == after


def test_steps_are_undone_one_after_the_other(alice: Person) -> None:
    task = alice.create("0")
    versions = [patch(alice, task, title=str(number))["version"] for number in range(1, 4)]
    for number, version in reversed(list(enumerate(versions))):
        assert undo(alice, version=version)["undone"] == 1
        assert alice.titles() == [str(number)]


@pytest.mark.parametrize("what", ["complete", "delete", "move", "restore", "reopen"])
def test_what_took_parts_along_is_undone_for_exactly_those(alice: Person, what: str) -> None:
    root, part, leaf = tree(alice)
    own = alice.create("was done already", parent_id=root["id"])
    call(alice, "POST", f"/api/tasks/{own['id']}/complete", {"completed": True})
    gone = alice.create("was in the trash", parent_id=root["id"])
    call(alice, "DELETE", f"/api/tasks/{gone['id']}")
    work = made_list(alice)
    path = f"/api/tasks/{root['id']}"
    prepared = {"restore": ("DELETE", path, None), "reopen": ("POST", f"{path}/complete", None)}
    if what in prepared:
        call(alice, *prepared[what])
    before = everything(alice)
    call(
        alice,
        *{
            "complete": ("POST", f"{path}/complete", {"completed": True}),
            "reopen": ("POST", f"{path}/complete", {"completed": False}),
            "delete": ("DELETE", path, None),
            "restore": ("POST", f"{path}/restore", None),
            "move": ("POST", f"{path}/move", {"list_id": work["id"]}),
        }[what],
    )
    assert everything(alice) != before
    assert undo(alice, version=latest(alice))["undone"] >= len([root, part, leaf])
    assert everything(alice) == before


def test_a_created_task_goes_to_the_trash_with_its_parts_and_comes_back(alice: Person) -> None:
    root, part, leaf = tree(alice)
    undone = undo(alice, version=root["version"])
    assert alice.titles() == []
    assert len(alice.client.get("/api/trash").json()) == 3
    undo(alice, version=undone["version"])
    assert alice.titles() == ["leaf", "part", "root"]
    call(alice, "DELETE", f"/api/tasks/{part['id']}")
    # It is where it would go.
    assert undo(alice, version=leaf["version"]) == {"undone": 0, "version": None}


def test_a_completed_occurrence_comes_back_with_what_was_done_below(alice: Person) -> None:
    task = alice.create("daily", due_date="2026-03-01", recurrence="FREQ=DAILY")
    part = alice.create("part", parent_id=task["id"])
    call(alice, "POST", f"/api/tasks/{part['id']}/complete", {"completed": True})
    before = everything(alice)
    call(alice, "POST", f"/api/tasks/{task['id']}/complete", {"completed": True})
    assert everything(alice) != before
    undo(alice, version=latest(alice))
    assert everything(alice) == before


def test_a_deleted_list_comes_back_with_its_tasks(alice: Person) -> None:
    work = made_list(alice)
    for each in tree(alice, list_id=work["id"])[:1]:
        call(alice, "POST", f"/api/tasks/{each['id']}/complete", {"completed": True})
    before = everything(alice)
    call(alice, "DELETE", f"/api/lists/{work['id']}")
    assert undo(alice, version=latest(alice))["undone"] == 4
    assert everything(alice) == before


def test_a_created_list_goes_to_the_trash_with_what_is_in_it_by_now(alice: Person) -> None:
    work = made_list(alice)
    tree(alice, list_id=work["id"])
    before = everything(alice)
    undone = undo(alice, version=work["version"])
    assert alice.titles() == []
    assert [each["name"] for each in alice.client.get("/api/lists").json()] == ["Inbox"]
    undo(alice, version=undone["version"])
    assert everything(alice) == before


def test_settings_are_undone_to_what_they_were(alice: Person) -> None:
    alice.create()
    for zone in ("Europe/Berlin", "Europe/Paris"):
        call(alice, "PATCH", "/api/me", {"time_zone": zone})
    for zone, version in zip(
        ("Europe/Berlin", "UTC"), [each["version"] for each in history(alice)], strict=False
    ):
        undo(alice, version=version)
        assert alice.client.get("/api/auth/me").json()["time_zone"] == zone


def test_a_batch_and_a_change_of_many_are_undone_whole(alice: Person) -> None:
    tasks = [alice.create(str(number)) for number in range(3)]
    before = everything(alice)
    operations: list[dict[str, Any]] = [
        {"op": "update", "id": tasks[0]["id"], "patch": {"title": "x"}},
        {"op": "delete", "id": tasks[1]["id"]},
        {"op": "create", "task": {"title": "new"}},
    ]
    call(alice, "POST", "/api/tasks/batch", {"operations": operations, "atomic": True})
    assert undo(alice, version=latest(alice))["undone"] == 3
    [new] = [task for task in alice.client.get("/api/trash").json() if task["title"] == "new"]
    assert alice.client.delete(f"/api/trash/{new['id']}").status_code == 204
    assert everything(alice) == before
    body = {"filter": {"status": "pending"}, "change": {"priority": "high"}}
    call(alice, "POST", "/api/tasks/batch", body)
    assert undo(alice, version=latest(alice))["undone"] == 3
    assert everything(alice) == before


def test_what_one_request_did_in_several_transactions_is_undone_as_one(alice: Person) -> None:
    tasks = [alice.create(str(number)) for number in range(3)]
    before = everything(alice)
    operations = [
        {"op": "update", "id": tasks[0]["id"], "patch": {"title": "x"}},
        {"op": "create", "task": {"id": tasks[0]["id"], "title": "there already"}},
        {"op": "update", "id": tasks[1]["id"], "patch": {"title": "y"}},
    ]
    call(alice, "POST", "/api/tasks/batch", {"operations": operations})
    second, first = history(alice, limit=2)
    assert second["operation"] != first["operation"]
    patch(alice, tasks[2], title="z")
    assert undo(alice, version=first["version"])["undone"] == 2
    assert sorted(alice.titles()) == ["0", "1", "z"]
    patch(alice, tasks[2], title="2")
    assert everything(alice) == before


def test_a_later_change_of_the_same_field_is_in_the_way_unless_by_force(alice: Person) -> None:
    task = alice.create("0")
    first = patch(alice, task, title="1", priority="high")
    patch(alice, task, description="no matter")
    second = patch(alice, task, title="2")
    said = undo(alice, 409, version=first["version"])
    assert (said["code"], said["versions"]) == ("undo_conflict", [second["version"]])
    assert alice.titles() == ["2"]
    assert undo(alice, version=first["version"], force=True)["undone"] == 1
    now = alice.client.get(f"/api/tasks/{task['id']}").json()
    assert (now["title"], now["priority"], now["description"]) == ("0", "none", "no matter")


def test_what_is_as_it_was_already_needs_no_undo(alice: Person) -> None:
    task = alice.create("0")
    changed = patch(alice, task, title="1")
    patch(alice, task, title="0")
    assert undo(alice, version=changed["version"]) == {"undone": 0, "version": None}


def test_what_is_gone_for_good_cannot_come_back(alice: Person) -> None:
    kept, gone = alice.create("kept"), alice.create("gone")
    body = {"filter": {"status": "all"}, "change": {"priority": "high"}}
    call(alice, "POST", "/api/tasks/batch", body)
    version = latest(alice)
    call(alice, "DELETE", f"/api/tasks/{gone['id']}")
    call(alice, "DELETE", f"/api/trash/{gone['id']}")
    deletion = latest(alice)
    said = undo(alice, 409, version=version)
    assert (said["code"], said["versions"]) == ("gone_for_good", [deletion])
    assert undo(alice, version=version, force=True)["undone"] == 1
    assert alice.client.get(f"/api/tasks/{kept['id']}").json()["priority"] == "none"
    for wish in ({}, {"force": True}):
        assert undo(alice, 409, version=deletion, **wish)["code"] == "gone_for_good"


def test_all_since_a_version_or_a_time_is_undone_by_type_and_actor(alice: Person) -> None:
    task = alice.create("0")
    before = everything(alice)
    since = latest(alice)
    work = made_list(alice)
    patch(alice, task, title="1")
    patch(alice, task, title="2", list_id=work["id"])
    call(alice, "POST", f"/api/tasks/{task['id']}/complete", {"completed": True})
    assert undo(alice, since=since, actor="somebody")["undone"] == 0
    undone = undo(alice, since=since, type="task", actor=alice.subject)
    assert undone["undone"] == 1
    assert [task["title"] for task in alice.client.get("/api/tasks").json()] == ["0"]
    undo(alice, version=undone["version"])
    assert undo(alice, since=str(since))["undone"] == 2
    assert alice.client.delete("/api/trash").status_code == 204
    now = everything(alice)
    assert now["/api/tasks?limit=200"] == before["/api/tasks?limit=200"]
    assert now["/api/lists"] == before["/api/lists"]


def test_what_was_in_a_place_that_is_in_the_trash_comes_to_the_top(alice: Person) -> None:
    root, part, leaf = tree(alice, list_id=made_list(alice)["id"])
    call(alice, "DELETE", f"/api/tasks/{part['id']}")
    version = latest(alice)
    call(alice, "DELETE", f"/api/tasks/{root['id']}")
    undo(alice, version=version)
    tasks = {task["title"]: task for task in alice.client.get("/api/tasks").json()}
    assert (tasks["part"]["parent_id"], tasks["part"]["list_id"]) == (None, part["list_id"])
    assert tasks["leaf"]["parent_id"] == part["id"]
    call(alice, "DELETE", f"/api/tasks/{part['id']}")
    version = latest(alice)
    call(alice, "DELETE", f"/api/lists/{part['list_id']}")
    undo(alice, version=version)
    inbox = alice.client.get("/api/lists").json()[0]["id"]
    for task in alice.client.get("/api/tasks").json():
        assert task["list_id"] == inbox
    assert sorted(alice.titles()) == ["leaf", "part"]
    assert leaf["parent_id"] == part["id"]


def test_what_cannot_be_any_more_is_a_conflict(alice: Person) -> None:
    above, below = alice.create("above"), alice.create("below")
    moved = patch(alice, above, parent_id=below["id"])
    moved = patch(alice, above, parent_id=None)
    patch(alice, below, parent_id=above["id"])
    said = undo(alice, 409, version=moved["version"], force=True)
    assert (said["code"], said["detail"]) == (
        "undo_conflict",
        "A task cannot be a part of itself.",
    )


def test_a_number_that_nothing_has_is_404(alice: Person, bob: Person) -> None:
    alice.create()
    theirs = bob.create()
    assert undo(alice, 404, version=10**9)["code"] == "not_found"
    patch(bob, theirs, title="theirs")
    undo(alice, 404, version=theirs["version"] + 1)
    undo(alice, 404, version=0)
    assert bob.titles() == ["theirs"]


def test_if_match_holds_for_an_undo(alice: Person) -> None:
    task = alice.create("0")
    tag = alice.client.get("/api/tasks").headers["etag"]
    changed = patch(alice, task, title="1")
    wish = {"version": changed["version"]}
    stale = alice.client.post("/api/undo", json=wish, headers={"If-Match": tag})
    assert stale.status_code == 412
    tag = alice.client.get("/api/tasks").headers["etag"]
    done = alice.client.post("/api/undo", json=wish, headers={"If-Match": tag})
    assert (done.status_code, done.json()["undone"]) == (200, 1)
    assert alice.titles() == ["0"]


@pytest.mark.parametrize(
    "wish",
    [
        *({}, {"version": 1, "since": 1}, {"version": True}, {"version": 1.5}, {"version": -1}),
        *({"version": "x"}, {"version": 10**19}, {"since": "yesterday"}, {"since": None}),
        *({"version": 1, "type": "task"}, {"since": 1, "type": "tag"}, {"since": 1, "x": 1}),
        *({"since": 1, "force": "yes"}, {"since": 1, "actor": "\0"}),
    ],
)
def test_a_wish_that_is_none_is_422(alice: Person, wish: dict[str, Any]) -> None:
    undo(alice, 422, **wish)


def test_an_id_of_nobody_is_no_reason_to_fail(alice: Person) -> None:
    assert undo(alice, since=0, actor=str(new_id())) == {"undone": 0, "version": None}


@pytest.mark.parametrize("model", [Task, List, SpaceSettings])
def test_undo_knows_the_columns_that_are_recorded(model: Any, database_url: str) -> None:
    """A column that is recorded and not put back would stay as it is, and nobody would say so."""
    names = [column.name for column in kept_columns(model)]
    with psycopg.connect(database_url) as connection:
        [(source,)] = connection.execute(
            "select prosrc from pg_proc where proname = %s",
            [f"remember_updated_{model.__tablename__}"],
        ).fetchall()
    assert sorted(names) == sorted(set(re.findall(r'"(\w+)":', source)))
