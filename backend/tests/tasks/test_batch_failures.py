"""Operations of a batch that fail, alone or with all others, and batches that are none."""

from itertools import product
from typing import Any, NamedTuple

import pytest

from backend.schemas.batch import MOST_OPERATIONS
from backend.tests.support.batches import BATCH, create, results, send
from backend.tests.support.people import Person


class Failure(NamedTuple):
    """An operation that fails because of what is there; `{}` stands for a task that is."""

    operation: dict[str, Any]
    status: int
    code: str
    pointer: str | None = None


MISSING = "01890a5d-ac96-774b-bcce-b302099a8057"
FAILURES = {
    "an id that is taken": Failure(create(id="{}"), 409, "conflict"),
    "a parent that is not there": Failure(
        create(parent_id=MISSING), 422, "validation_failed", "/task/parent_id"
    ),
    "a time without a date": Failure(
        {"op": "update", "id": "{}", "patch": {"due_time": "09:00"}},
        *(422, "validation_failed", "/patch/due_time"),
    ),
    "too many tags": Failure(
        {"op": "update", "id": "{}", "patch": {"add_tags": [f"t{n}" for n in range(20)]}},
        *(422, "validation_failed", "/patch/add_tags"),
    ),
    "a task to complete that is not there": Failure(
        {"op": "complete", "id": MISSING}, 404, "not_found"
    ),
    "a neighbour that is not there": Failure(
        {"op": "move", "id": "{}", "before": MISSING}, 422, "validation_failed", "/before"
    ),
    "a place below itself": Failure(
        {"op": "move", "id": "{}", "parent_id": "{}"}, 409, "misplaced"
    ),
    "a version to move": Failure({"op": "move", "id": "{}", "if_match": 99}, 412, "stale_version"),
    "a task to delete that is not there": Failure(
        {"op": "delete", "id": MISSING}, 404, "not_found"
    ),
    "a task to restore that is not there": Failure(
        {"op": "restore", "id": MISSING}, 404, "not_found"
    ),
    "a version that is not current": Failure(
        {"op": "update", "id": "{}", "if_match": 99, "patch": {"title": "y"}}, 412, "stale_version"
    ),
    "a version of an empty patch": Failure(
        {"op": "update", "id": "{}", "if_match": 99, "patch": {}}, 412, "stale_version"
    ),
    "a version to complete": Failure(
        {"op": "complete", "id": "{}", "if_match": 99}, 412, "stale_version"
    ),
    "a version to delete": Failure(
        {"op": "delete", "id": "{}", "if_match": 99}, 412, "stale_version"
    ),
    "a version to restore": Failure(
        {"op": "restore", "id": "{}", "if_match": 99}, 412, "stale_version"
    ),
}


def aimed(failure: Failure, task: str) -> dict[str, Any]:
    """The operation, at that task."""
    operation = failure.operation | {
        name: task for name, value in failure.operation.items() if value == "{}"
    }
    if operation.get("task", {}).get("id") == "{}":
        operation["task"] = operation["task"] | {"id": task}
    return operation


def check(problem: Any, failure: Failure, place: int) -> None:
    assert problem["code"] == failure.code
    assert problem["status"] == failure.status
    assert problem["position"] == place
    assert ("current" in problem) == (failure.status == 412)
    if failure.pointer:
        pointers = [each["pointer"] for each in problem["errors"]]
        assert pointers == [f"/body/operations/{place}{failure.pointer}"]


@pytest.mark.parametrize(("name", "place"), [*product(FAILURES, range(3))])
def test_one_that_fails_leaves_the_others_alone(name: str, place: int, alice: Person) -> None:
    failure = FAILURES[name]
    task = alice.create("was there", tags=["one"])["id"]
    operations = [create("a"), create("b")]
    operations.insert(place, aimed(failure, task))
    found = results(alice, *operations)
    failed = found.pop(place)
    assert failed["status"] == failure.status
    check(failed["body"], failure, place)
    assert [result["status"] for result in found] == [201, 201]
    assert alice.titles(sort="title") == ["a", "b", "was there"]


@pytest.mark.parametrize(("name", "place"), [*product(FAILURES, range(3))])
def test_one_that_fails_takes_all_back_if_the_batch_is_atomic(
    name: str, place: int, alice: Person
) -> None:
    failure = FAILURES[name]
    task = alice.create("was there", tags=["one"])["id"]
    operations = [create("a"), {"op": "update", "id": task, "patch": {"title": "changed"}}]
    operations.insert(place, aimed(failure, task))
    answer = send(alice, *operations, atomic=True)
    assert answer.status_code == failure.status
    assert answer.headers["content-type"] == "application/problem+json"
    check(answer.json(), failure, place)
    assert alice.titles() == ["was there"]


def test_of_many_that_fail_each_says_why_and_the_others_take_effect(alice: Person) -> None:
    task = alice.create("was there", tags=["one"])["id"]
    operations, expected = [], []
    for place, (failure, title) in enumerate(product(FAILURES.values(), ("a", "b"))):
        operations += [create(title), aimed(failure, task)]
        expected += [201, failure.status]
        assert place < MOST_OPERATIONS
    found = results(alice, *operations)
    assert [result["status"] for result in found] == expected
    assert len(alice.titles()) == 1 + len(operations) // 2
    for place, result in enumerate(found):
        if result["status"] != 201:
            assert result["body"]["position"] == place


REFUSED: dict[str, tuple[Any, list[str]]] = {
    "no such operation": ({"op": "explode", "id": MISSING}, [""]),
    "none named": ({"id": MISSING}, [""]),
    "not an object": (7, [""]),
    "an id that is none": ({"op": "delete", "id": "x"}, ["/id"]),
    "an id that is missing": ({"op": "delete"}, ["/id"]),
    "a task without title": ({"op": "create", "task": {}}, ["/task/title"]),
    "a member that nobody knows": (
        {"op": "create", "task": {"title": "x", "colour": 1}},
        ["/task/colour"],
    ),
    "another operation's member": ({"op": "delete", "id": MISSING, "patch": {}}, ["/patch"]),
    "a value that no task has": (
        {"op": "update", "id": MISSING, "patch": {"title": "", "priority": "x"}},
        ["/patch/title", "/patch/priority"],
    ),
    "a version that is none": ({"op": "delete", "id": MISSING, "if_match": "1"}, ["/if_match"]),
    "a version too large": ({"op": "delete", "id": MISSING, "if_match": 10**30}, ["/if_match"]),
    "two neighbours": (
        {"op": "move", "id": MISSING, "before": MISSING, "after": MISSING},
        [""],
    ),
    "a tick that is none": ({"op": "complete", "id": MISSING, "completed": None}, ["/completed"]),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_batch_that_is_not_well_formed_does_nothing_and_says_where(
    name: str, alice: Person
) -> None:
    operation, paths = REFUSED[name]
    answer = send(alice, create("a"), operation, create("b"))
    assert answer.status_code == 422
    assert [each["pointer"] for each in answer.json()["errors"]] == [
        f"/body/operations/1{path}" for path in paths
    ]
    assert "explode" not in answer.text
    assert alice.titles() == []


@pytest.mark.parametrize(
    ("body", "pointers"),
    [
        ({}, ["/body/operations"]),
        ([], ["/body"]),
        ({"operations": {}}, ["/body/operations"]),
        ({"operations": [], "atomic": "yes"}, ["/body/atomic"]),
        ({"operations": [], "filter": {"status": "all"}}, ["/body/change", "/body/operations"]),
        ({"operations": [create()] * (MOST_OPERATIONS + 1)}, ["/body/operations"]),
        (
            {"operations": [{"op": "create", "task": dict.fromkeys(map(str, range(60_000)))}]},
            ["/body"],
        ),
    ],
    ids=["nothing", "an array", "no list", "no bool", "both forms", "too many", "a crowd"],
)
def test_what_is_no_batch_is_422(body: Any, pointers: list[str], alice: Person) -> None:
    answer = alice.client.post(BATCH, json=body)
    assert answer.status_code == 422
    assert [each["pointer"] for each in answer.json()["errors"]] == pointers
    assert alice.titles() == []
