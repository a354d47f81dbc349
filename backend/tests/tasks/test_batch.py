"""Operations of many tasks in one request: each answered as its own request would be."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest

from backend.core.ids import new_id
from backend.schemas.batch import MOST_OPERATIONS
from backend.security.signing import Issuer
from backend.tests.support.batches import create, results, send, watch
from backend.tests.support.people import Person
from backend.tests.support.proxy import Proxy
from backend.tests.support.service import Service

MISSING = "01890a5d-ac96-774b-bcce-b302099a8057"


@pytest.fixture
def friend(watched: tuple[Service, Proxy], issuer: Issuer) -> Iterator[Person]:
    """Somebody whom the watched service knows."""
    friend = Person("friend", watched[0], issuer)
    friend.create()
    yield friend
    friend.client.close()


class Alone(NamedTuple):
    """An operation, and the request that does the same alone.

    Attributes:
        operation: Without the id, if it is about a task that is there.
        method: Of the request.
        path: Below the task's.
        body: Of the request.
        is_trashed: Whether the task is in the trash before.
    """

    operation: dict[str, Any]
    method: str
    path: str = ""
    body: Any = None
    is_trashed: bool = False


ALONE = {
    "update": Alone({"op": "update", "patch": {"title": "y"}}, "PATCH", "", {"title": "y"}),
    "update nothing": Alone({"op": "update", "patch": {}}, "PATCH", "", {}),
    "complete": Alone({"op": "complete"}, "PATCH", "/complete", {"completed": True}),
    "open": Alone(
        {"op": "complete", "completed": False}, "PATCH", "/complete", {"completed": False}
    ),
    "move": Alone({"op": "move"}, "POST", "/move", {}),
    "move to the top": Alone(
        {"op": "move", "parent_id": None}, "POST", "/move", {"parent_id": None}
    ),
    "delete": Alone({"op": "delete"}, "DELETE"),
    "restore": Alone({"op": "restore"}, "POST", "/restore", is_trashed=True),
}


def furnish(person: Person, alone: Alone) -> str:
    task: str = person.create("before")["id"]
    if alone.is_trashed:
        person.client.delete(f"/api/tasks/{task}")
    return task


def timeless(task: Any) -> Any:
    """What of a task is alike for two that were made one after the other."""
    own = {"id", "user_id", "list_id", "position", "version"}
    return task and {
        name: bool(value) if name.endswith("_at") else value
        for name, value in task.items()
        if name not in own
    }


@pytest.mark.parametrize("atomic", [False, True])
@pytest.mark.parametrize("name", ALONE)
def test_an_operation_is_answered_as_its_own_request(
    name: str, alice: Person, bob: Person, *, atomic: bool
) -> None:
    alone = ALONE[name]
    path = f"/api/tasks/{furnish(bob, alone)}{alone.path}"
    single = bob.client.request(alone.method, path, json=alone.body)
    task = furnish(alice, alone)
    [result] = results(alice, {**alone.operation, "id": task}, atomic=atomic)
    assert result["status"] == single.status_code
    body = single.json() if single.content else None
    assert timeless(result["body"]) == timeless(body)
    if body:
        assert alice.client.get(f"/api/tasks/{task}").json() == result["body"]
    assert alice.titles() == bob.titles()


@pytest.mark.parametrize("atomic", [False, True])
def test_later_operations_see_what_earlier_ones_did(alice: Person, *, atomic: bool) -> None:
    parent, part = str(new_id()), str(new_id())
    found = results(
        alice,
        create("parent", id=parent),
        create("part", id=part, parent_id=parent, tags=["a"]),
        {"op": "update", "id": part, "patch": {"add_tags": ["b"]}},
        {"op": "complete", "id": part},
        {"op": "delete", "id": parent},
        {"op": "restore", "id": parent},
        atomic=atomic,
    )
    assert [result["status"] for result in found] == [201, 201, 200, 200, 204, 200]
    assert found[1]["body"]["parent_id"] == parent
    assert found[3]["body"]["tags"] == ["a", "b"]
    assert found[3]["body"]["completed"] is True
    assert found[4]["body"] is None
    assert sorted(alice.titles()) == ["parent", "part"]


@pytest.mark.parametrize("atomic", [False, True])
def test_a_retry_of_a_batch_makes_nothing_twice(alice: Person, *, atomic: bool) -> None:
    operations = [create(f"{n}", id=str(new_id())) for n in range(5)]
    results(alice, *operations, atomic=atomic)
    again = send(alice, *operations, atomic=atomic)
    if atomic:
        assert (again.status_code, again.json()["position"]) == (409, 0)
    else:
        assert [result["status"] for result in again.json()["results"]] == [409] * 5
    assert len(alice.titles()) == 5


@pytest.mark.parametrize("op", ["update", "complete", "delete", "restore"])
def test_the_id_of_anothers_task_is_like_one_that_never_existed(
    op: str, alice: Person, bob: Person
) -> None:
    hers = [alice.create("open")["id"], alice.create("deleted")["id"]]
    alice.client.delete(f"/api/tasks/{hers[1]}")
    before = alice.client.get("/api/tasks").content, alice.client.get("/api/trash").content
    patch = {"patch": {"title": "his"}} if op == "update" else {}
    found = results(bob, *({"op": op, "id": each, **patch} for each in [*hers, MISSING]))
    for result in found:
        result["body"].pop("position")
    assert found == [found[-1]] * 3
    assert found[0]["status"] == 404
    after = alice.client.get("/api/tasks").content, alice.client.get("/api/trash").content
    assert after == before


def test_ids_of_other_users_can_be_used_and_collide_with_nothing(
    alice: Person, bob: Person
) -> None:
    task = alice.create("hers")["id"]
    [result] = results(bob, create("his", id=task))
    assert (result["status"], result["body"]["id"]) == (201, task)
    assert alice.titles() == ["hers"]


def test_nothing_to_do_is_done(alice: Person) -> None:
    assert results(alice) == []


def test_as_many_as_are_allowed_are_one_round_trip(
    watched: tuple[Service, Proxy], friend: Person
) -> None:
    def creates() -> list[dict[str, Any]]:
        return [create(f"{n}", id=str(new_id())) for n in range(MOST_OPERATIONS)]

    for atomic in (False, True):
        found, syncs = watch(watched[1], friend, creates, atomic=atomic)
        assert syncs == 1
        assert {result["status"] for result in found} == {201}
        assert [result["body"]["title"] for result in found] == [
            f"{n}" for n in range(MOST_OPERATIONS)
        ]


def test_failures_that_rows_tell_of_cost_no_round_trip_more(
    watched: tuple[Service, Proxy], friend: Person
) -> None:
    missing: list[dict[str, Any]] = [{"op": "delete", "id": MISSING}] * (MOST_OPERATIONS - 1)
    found, syncs = watch(watched[1], friend, lambda: [*missing, create()])
    assert syncs == 1
    assert [result["status"] for result in found] == [404] * (MOST_OPERATIONS - 1) + [201]


def test_one_that_is_refused_among_many_costs_a_few_round_trips_and_not_one_for_each(
    watched: tuple[Service, Proxy], friend: Person
) -> None:
    operations = [create(f"{n}") for n in range(MOST_OPERATIONS - 1)]
    operations.insert(60, create(parent_id=MISSING))
    found, syncs = watch(watched[1], friend, lambda: operations)
    assert syncs == 3
    assert [place for place, result in enumerate(found) if result["status"] != 201] == [60]


def test_a_large_batch_is_taken_where_a_single_task_would_not_be(alice: Person) -> None:
    operations = [create("x", description="y" * 10_000) for _ in range(MOST_OPERATIONS)]
    assert len(results(alice, *operations)) == MOST_OPERATIONS
    too_large = [create("x", description="ü" * 16_384) for _ in range(MOST_OPERATIONS)]
    assert send(alice, *too_large).status_code == 413


@pytest.mark.parametrize("atomic", [False, True])
def test_an_occurrence_is_completed_among_others(alice: Person, *, atomic: bool) -> None:
    weekly = alice.create("weekly", due_date="2026-03-01", recurrence="FREQ=WEEKLY")["id"]
    complete = {"op": "complete", "id": weekly, "occurrence": "2026-03-01"}
    found = results(alice, create("a"), complete, create("b"), atomic=atomic)
    assert [result["status"] for result in found] == [201, 200, 201]
    assert found[1]["body"]["due_date"] == "2026-03-08"
    assert found[1]["body"]["completed"] is False
    [again] = results(alice, complete, atomic=atomic)
    assert again["body"] == found[1]["body"]
    assert sorted(alice.titles()) == ["a", "b", "weekly"]


@pytest.mark.parametrize(
    ("behind", "expected"),
    [
        ({"op": "update", "patch": {"due_date": "2027-01-01"}}, ("2027-01-01", False)),
        ({"op": "update", "patch": {"recurrence": None}}, ("2026-03-08", False)),
        ({"op": "update", "patch": {"title": "changed"}}, ("2026-03-08", False)),
        ({"op": "complete", "completed": False}, ("2026-03-01", False)),
        ({"op": "complete"}, ("2026-03-15", False)),
        ({"op": "delete"}, ("2026-03-08", False)),
    ],
)
def test_what_comes_behind_an_occurrence_is_done_behind_it(
    behind: dict[str, Any], expected: tuple[str, bool], alice: Person
) -> None:
    task = alice.create(due_date="2026-03-01", recurrence="FREQ=WEEKLY;COUNT=9")
    complete = {"op": "complete", "completed": True, "id": task["id"], "if_match": task["version"]}
    found = results(alice, create("a"), complete, behind | {"id": task["id"]}, create("b"))
    assert [result["status"] // 100 for result in found] == [2] * 4
    restored = alice.client.post(f"/api/tasks/{task['id']}/restore").json()
    assert (restored["due_date"], restored["completed"]) == expected


@pytest.mark.parametrize("atomic", [False, True])
def test_tasks_are_put_into_an_order_at_once(alice: Person, *, atomic: bool) -> None:
    ids = {title: alice.create(title)["id"] for title in "abc"}
    moves = [
        {"op": "move", "id": ids["c"], "before": ids["a"]},
        {"op": "move", "id": ids["a"], "after": ids["b"]},
    ]
    assert [result["status"] for result in results(alice, *moves, atomic=atomic)] == [200, 200]
    assert alice.titles(sort="position") == ["c", "b", "a"]
