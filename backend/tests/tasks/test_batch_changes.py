"""One change of all tasks that a filter finds."""

from collections.abc import Iterator
from typing import Any

import httpx2
import psycopg
import pytest

from backend.core.ids import new_id
from backend.schemas.batch import MOST_CHANGED
from backend.security.signing import Issuer
from backend.tests.support.people import Person
from backend.tests.support.proxy import Proxy
from backend.tests.support.service import Service

BATCH = "/api/tasks/batch"
ALL = {"status": "all"}


def send(person: Person, chosen: Any, change: Any, **others: Any) -> httpx2.Response:
    return person.client.post(BATCH, json={"filter": chosen, "change": change, **others})


def changed(person: Person, chosen: Any, change: Any, **others: Any) -> int:
    answer = send(person, chosen, change, **others)
    assert answer.status_code == 200, answer.text
    [(name, number)] = answer.json().items()
    assert name == "changed"
    assert isinstance(number, int)
    return number


@pytest.fixture(scope="module")
def carla(service: Service, issuer: Issuer) -> Iterator[Person]:
    """Somebody with tasks of all kinds, of which each filter finds some and not all."""
    carla = Person("carla", service, issuer)
    parent = carla.create("parent", priority="high", tags=["a"])
    carla.create("part", parent_id=parent["id"], tags=["a", "b"])
    carla.create("done", completed=True, due_date="2020-01-01")
    carla.create("late", due_date="2020-01-01", description="some words")
    carla.create("later", due_date="2099-01-01", due_time="09:00", due_time_zone="Asia/Tokyo")
    gone = carla.create("gone", tags=["a", "b"], priority="high", due_date="2020-01-01")
    carla.client.delete(f"/api/tasks/{gone['id']}")
    yield carla
    carla.client.close()


FILTERS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "all": (ALL, {}),
    "pending": ({"status": "pending"}, {"status": "pending"}),
    "completed": ({"status": "completed"}, {"status": "completed"}),
    "top": ({"parent_id": "none"}, {"parent_id": "none"}),
    "priority": ({"priority": ["High", "low"]}, {"priority": ["high", "low"]}),
    "tag": ({"tag": ["a", "b"]}, {"tag": ["a", "b"]}),
    "due before": ({"due_before": "2021-01-01"}, {"due_before": "2021-01-01"}),
    "due after": (
        {"due_after": "2021-01-01T00:00:00Z"},
        {"due_after": "2021-01-01T00:00:00Z"},
    ),
    "overdue": ({"overdue": True}, {"overdue": "true"}),
    "search": ({"q": "some wor"}, {"q": "some wor"}),
    "several": ({"status": "pending", "tag": ["a"]}, {"status": "pending", "tag": "a"}),
}


@pytest.mark.parametrize("name", FILTERS)
def test_a_filter_finds_what_a_list_of_the_same_finds(name: str, carla: Person) -> None:
    chosen, query = FILTERS[name]
    expected = set(carla.titles(**query))
    everything = {task["id"] for task in carla.client.get("/api/tasks").json()}
    assert changed(carla, chosen, {"add_tags": ["found"]}, dry_run=True) == len(expected)
    assert carla.titles(tag="found") == []
    assert changed(carla, chosen, {"add_tags": ["found"]}) == len(expected)
    assert set(carla.titles(tag="found")) == expected
    assert {task["id"] for task in carla.client.get("/api/tasks").json()} == everything
    changed(carla, ALL, {"remove_tags": ["found"]})


def test_a_filter_by_list_and_parent_does_not_mix_with_what_the_change_says(
    carla: Person,
) -> None:
    [parent] = carla.client.get("/api/tasks", params={"priority": "high"}).json()
    chosen = {"list_id": parent["list_id"], "parent_id": parent["id"], "tag": ["a"]}
    assert changed(carla, chosen, {"tags": ["a", "b", "c"]}) == 1
    assert carla.titles(tag="c") == ["part"]


def test_tasks_are_chosen_by_id_and_those_that_are_not_there_are_passed_over(
    alice: Person, bob: Person
) -> None:
    ids = [alice.create(title)["id"] for title in "abc"]
    his = bob.create("his")["id"]
    chosen = {"ids": [*ids[:2], his, str(new_id())]}
    assert changed(alice, chosen, {"title": "x"}) == 2
    assert alice.titles(sort="created") == ["x", "x", "c"]
    assert bob.titles() == ["his"]


CHANGES: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "a title": ({"title": " y "}, {"title": "y"}),
    "a priority": ({"priority": "URGENT"}, {"priority": "urgent"}),
    "a date": ({"due_date": "2026-03-01"}, {"due_date": "2026-03-01"}),
    "done": ({"completed": True}, {"completed": True}),
    "not done": ({"completed": False}, {"completed": False, "completed_at": None}),
    "tags": ({"add_tags": ["b"], "remove_tags": ["a"]}, {"tags": ["b"]}),
    "several": ({"description": None, "tags": []}, {"description": None, "tags": []}),
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_change_is_what_a_patch_of_each_would_be(name: str, alice: Person) -> None:
    change, expected = CHANGES[name]
    for title in "abc":
        alice.create(title, tags=["a"], description="x", completed=title == "a")
    before = {task["id"]: task for task in alice.client.get("/api/tasks").json()}
    assert changed(alice, ALL, change) == 3
    versions = set()
    for task in alice.client.get("/api/tasks").json():
        same = before[task["id"]].keys() - {*expected, "updated_at", "version", "completed_at"}
        assert expected.items() <= task.items()
        assert {name: task[name] for name in same} == {
            name: before[task["id"]][name] for name in same
        }
        versions.add(task["version"])
    assert len(versions) == 3


def test_what_was_done_before_keeps_when_that_was(alice: Person) -> None:
    before = alice.create(completed=True)["completed_at"]
    alice.create()
    assert changed(alice, ALL, {"completed": True}) == 2
    stamps = [task["completed_at"] for task in alice.client.get("/api/tasks").json()]
    assert before in stamps
    assert None not in stamps


def test_deleted_tasks_are_in_the_trash(alice: Person) -> None:
    for title in "abc":
        alice.create(title, tags=["x"] if title != "b" else [])
    assert changed(alice, {"tag": ["x"]}, {"delete": True}) == 2
    assert alice.titles() == ["b"]
    assert {task["title"] for task in alice.client.get("/api/trash").json()} == {"a", "c"}


def test_another_number_than_expected_changes_nothing(alice: Person) -> None:
    for title in "abc":
        alice.create(title)
    for dry_run in (False, True):
        answer = send(alice, ALL, {"delete": True}, expected_count=2, dry_run=dry_run)
        assert answer.status_code == 409
        assert answer.json()["code"] == "unexpected_count"
        assert "3" in answer.json()["detail"]
    assert len(alice.titles()) == 3
    assert changed(alice, ALL, {"delete": True}, expected_count=3, dry_run=True) == 3
    assert len(alice.titles()) == 3
    assert changed(alice, ALL, {"delete": True}, expected_count=3) == 3
    assert alice.titles() == []
    assert changed(alice, ALL, {"delete": True}, expected_count=0) == 0


def test_one_task_that_cannot_be_changed_leaves_all_as_they_were(alice: Person) -> None:
    alice.create("full", tags=[f"t{n}" for n in range(20)])
    alice.create("free")
    answer = send(alice, ALL, {"add_tags": ["one more"]})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == "/body/change/add_tags"
    assert alice.titles(tag="one more") == []
    answer = send(alice, ALL, {"due_time": "09:00"})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == "/body/change/due_time"


def test_more_tasks_than_one_request_may_change_stay_as_they_are(
    alice: Person, database_url: str
) -> None:
    alice.create("mine")
    with psycopg.connect(database_url) as connection:
        connection.execute(
            "insert into duly.tasks (space_id, id, title)"
            " select %s, id, 'many' from unnest(%s::uuid[]) as id",
            [alice.subject, [new_id() for _ in range(MOST_CHANGED - 1)]],
        )
    assert changed(alice, ALL, {"delete": True}, dry_run=True) == MOST_CHANGED
    alice.create("one more")
    for dry_run in (False, True):
        answer = send(alice, ALL, {"delete": True}, dry_run=dry_run)
        assert answer.status_code == 422
        assert answer.json()["code"] == "too_many_matches"
    assert alice.titles(q="one more") == ["one more"]


REFUSED: dict[str, tuple[Any, Any, list[str]]] = {
    "no filter": ({}, {"completed": True}, ["/body/filter"]),
    "a filter that is null": ({"list_id": None}, {"completed": True}, ["/body/filter"]),
    "no id": ({"ids": []}, {"completed": True}, ["/body/filter"]),
    "no tag": ({"tag": [], "status": "all"}, {"completed": True}, ["/body/filter"]),
    "an id that is none": ({"ids": ["x"]}, {"completed": True}, ["/body/filter/ids/0"]),
    "too many ids": ({"ids": [str(new_id())] * 1_001}, {"delete": True}, ["/body/filter/ids"]),
    "a sort": ({"sort": "title"}, {"completed": True}, ["/body/filter/sort"]),
    "a filter that nobody knows": ({"colour": 1}, {"delete": True}, ["/body/filter/colour"]),
    "no change": (ALL, {}, ["/body/change"]),
    "a delete that is none": (ALL, {"delete": False}, ["/body/change/delete"]),
    "a delete that is null": (ALL, {"delete": None}, ["/body/change/delete"]),
    "a delete and more": (ALL, {"delete": True, "title": "x"}, ["/body/change"]),
    "a value that no task has": (ALL, {"priority": "x"}, ["/body/change/priority"]),
    "what is not the client's": (ALL, {"version": 1}, ["/body/change/version"]),
    "two ways to change tags": (ALL, {"tags": [], "add_tags": ["x"]}, ["/body/change"]),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_might_mean_all_tasks_or_nothing_is_refused(name: str, alice: Person) -> None:
    chosen, change, pointers = REFUSED[name]
    before = alice.create()
    answer = send(alice, chosen, change)
    assert answer.status_code == 422
    assert [each["pointer"] for each in answer.json()["errors"]] == pointers
    assert alice.client.get(f"/api/tasks/{before['id']}").json() == before


@pytest.fixture
def friend(watched: tuple[Service, Proxy], issuer: Issuer) -> Iterator[Person]:
    friend = Person("friend", watched[0], issuer)
    for title in "abc":
        friend.create(title)
    yield friend
    friend.client.close()


def test_a_change_of_many_is_one_round_trip(watched: tuple[Service, Proxy], friend: Person) -> None:
    syncs = []
    for number in range(3):  # every few seconds the proof of isolation goes beside one
        before = watched[1].messages["S"]
        assert changed(friend, {"status": "pending"}, {"add_tags": [f"{number}"]}) == 3
        syncs.append(watched[1].messages["S"] - before)
    assert min(syncs) == 1


def test_what_recurs_is_not_done_by_a_change_of_all(alice: Person) -> None:
    weekly = alice.create("weekly", due_date="2026-03-01", recurrence="FREQ=WEEKLY")
    alice.create("once")
    assert changed(alice, ALL, {"completed": True}, dry_run=True) == 1
    assert changed(alice, ALL, {"completed": True}) == 1
    assert alice.titles(status="pending") == ["weekly"]
    assert alice.client.get(f"/api/tasks/{weekly['id']}").json() == weekly


def test_a_recurrence_for_all_begins_with_the_date_of_each(alice: Person) -> None:
    for day in ("2026-03-01", "2026-03-02"):
        alice.create(day, due_date=day)
    assert changed(alice, ALL, {"recurrence": "FREQ=DAILY;COUNT=2"}) == 2
    for task in alice.client.get("/api/tasks").json():
        done = alice.client.post(f"/api/tasks/{task['id']}/complete", json={"completed": True})
        assert done.json()["due_date"] == f"2026-03-0{int(task['title'][-1]) + 1}"


def test_tasks_go_to_a_list_in_their_order_behind_those_of_it(alice: Person) -> None:
    work = alice.client.post("/api/lists", json={"name": "Work"}).json()["id"]
    alice.create("of work", list_id=work)
    ids = {title: alice.create(title, tags=["go"])["id"] for title in "abc"}
    alice.create("stays")
    alice.client.post(f"/api/tasks/{ids['c']}/move", json={"before": ids["a"]})
    assert changed(alice, {"tag": ["go"]}, {"list_id": work}) == 3
    assert alice.titles(list_id=work, sort="position") == ["of work", "c", "a", "b"]
    before = alice.client.get("/api/tasks", params={"list_id": work}).json()
    assert changed(alice, {"tag": ["go"]}, {"list_id": work}) == 3
    after = alice.client.get("/api/tasks", params={"list_id": work}).json()
    assert [task["position"] for task in after] == [task["position"] for task in before]
    assert changed(alice, {"list_id": work}, {"list_id": None}) == 4
    assert alice.titles(sort="position") == ["stays", "of work", "c", "a", "b"]


def test_parts_go_to_a_list_with_what_they_are_parts_of(alice: Person) -> None:
    work = alice.client.post("/api/lists", json={"name": "Work"}).json()["id"]
    top = alice.create("top", tags=["go"])["id"]
    part = alice.create("part", parent_id=top, tags=["go"])["id"]
    below = alice.create("part of the part", parent_id=part)["id"]
    alice.create("deepest", parent_id=below, tags=["go"])
    home = alice.create("home")["id"]
    alice.create("leaves home", parent_id=home, tags=["go"])
    assert changed(alice, {"tag": ["go"]}, {"list_id": work}) == 4
    found = {task["title"]: task for task in alice.client.get("/api/tasks").json()}
    assert {title for title, task in found.items() if task["list_id"] == work} == {
        *("top", "part", "part of the part", "deepest", "leaves home")
    }
    assert found["part"]["parent_id"] == top
    assert found["part of the part"]["parent_id"] == part
    assert found["deepest"]["parent_id"] == below
    assert found["leaves home"]["parent_id"] is None


def test_tasks_become_parts_of_another(alice: Person) -> None:
    work = alice.client.post("/api/lists", json={"name": "Work"}).json()["id"]
    parent = alice.create("parent", list_id=work)["id"]
    for title in "abc":
        alice.create(title, tags=["go"])
    assert changed(alice, {"tag": ["go"]}, {"parent_id": parent}) == 3
    assert alice.titles(parent_id=parent, sort="position", list_id=work) == ["a", "b", "c"]
    for chosen, wrong, status in (
        (ALL, {"parent_id": parent}, 409),
        ({"tag": ["go"]}, {"parent_id": str(new_id())}, 422),
        ({"tag": ["go"]}, {"list_id": str(new_id())}, 422),
    ):
        answer = send(alice, chosen, wrong)
        assert answer.status_code == status
        if status == 422:
            [error] = answer.json()["errors"]
            assert error["pointer"] == f"/body/change/{next(iter(wrong))}"
    assert alice.titles(parent_id=parent) == ["c", "b", "a"]
    assert changed(alice, {"parent_id": parent}, {"parent_id": None}) == 3
    assert alice.titles(parent_id="none", list_id=work, sort="position") == [
        *("parent", "a", "b", "c")
    ]


def test_what_goes_to_the_trash_or_is_done_takes_its_parts_along(alice: Person) -> None:
    top = alice.create("top", tags=["x"])["id"]
    alice.create("part", parent_id=top)
    alice.create("chosen part", parent_id=top, tags=["x"])
    assert changed(alice, {"tag": ["x"]}, {"completed": True}) == 2
    assert alice.titles(status="pending") == []
    assert changed(alice, {"tag": ["x"]}, {"delete": True}) == 2
    assert alice.titles() == []
