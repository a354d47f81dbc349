"""What is below a task goes where it goes, and comes back with it."""

from typing import Any

import pytest

from backend.tests.support.people import Person

Task = dict[str, Any]


def tree(person: Person, depth: int = 3) -> list[Task]:
    """A task, its only part, the only part of that, and so on."""
    made: list[Task] = []
    for level in range(depth):
        above = {"parent_id": made[-1]["id"]} if made else {}
        made.append(person.create(f"level {level}", **above))
    return made


def now(person: Person, *tasks: Task) -> list[Task]:
    """What has become of tasks, in the trash or not."""
    found: dict[str, Task] = {}
    for path in ("/api/tasks", "/api/trash"):
        found |= {each["id"]: each for each in person.client.get(path).json()}
    return [found[task["id"]] for task in tasks]


def completed(person: Person, *tasks: Task) -> list[bool]:
    return [task["completed"] for task in now(person, *tasks)]


def trashed(person: Person, *tasks: Task) -> list[bool]:
    return [task["deleted_at"] is not None for task in now(person, *tasks)]


def post(person: Person, task: Task, action: str, **body: Any) -> Task:
    answer = person.client.post(f"/api/tasks/{task['id']}/{action}", json=body or None)
    assert answer.status_code == 200, answer.text
    done: Task = answer.json()
    return done


def delete(person: Person, task: Task) -> None:
    assert person.client.delete(f"/api/tasks/{task['id']}").status_code == 204


@pytest.mark.parametrize(
    ("method", "suffix", "body"),
    [
        ("POST", "/complete", {"completed": True}),
        ("PATCH", "/complete", None),
        ("PATCH", "/toggle", None),
        ("PATCH", "", {"completed": True, "title": "Done"}),
    ],
)
def test_whatever_completes_a_task_completes_what_is_below_it(
    method: str, suffix: str, body: Any, alice: Person
) -> None:
    root, part, leaf = tree(alice)
    other = alice.create("another")
    answer = alice.client.request(method, f"/api/tasks/{root['id']}{suffix}", json=body)
    assert answer.status_code == 200
    after = now(alice, root, part, leaf)
    assert answer.json() == after[0]
    assert [task["completed_at"] for task in after] == [answer.json()["completed_at"]] * 3
    assert len({task["version"] for task in after}) == 3
    assert [task["title"] for task in after[1:]] == ["level 1", "level 2"]
    assert completed(alice, other) == [False]


def test_reopening_a_task_reopens_what_it_completed_and_nothing_else(alice: Person) -> None:
    root, before, along = alice.create("root"), None, None
    before, along = (alice.create(each, parent_id=root["id"]) for each in ("before", "along"))
    post(alice, before, "complete", completed=True)
    post(alice, root, "complete", completed=True)
    assert completed(alice, root, before, along) == [True, True, True]
    post(alice, root, "complete", completed=False)
    assert completed(alice, root, before, along) == [False, True, False]


def test_reopening_a_part_reopens_what_is_above_it(alice: Person) -> None:
    root, part, leaf = tree(alice)
    sibling = alice.create("sibling", parent_id=root["id"])
    post(alice, root, "complete", completed=True)
    post(alice, part, "complete", completed=False)
    assert completed(alice, root, part, leaf, sibling) == [False, False, False, True]
    # The sibling was not completed by what completes the root now.
    post(alice, root, "complete", completed=True)
    post(alice, root, "complete", completed=False)
    assert completed(alice, root, part, leaf, sibling) == [False, False, False, True]


def test_completing_a_part_leaves_what_is_above_it_open(alice: Person) -> None:
    root, part, leaf = tree(alice)
    post(alice, part, "complete", completed=True)
    assert completed(alice, root, part, leaf) == [False, True, True]


def test_an_open_task_below_a_completed_one_opens_that(alice: Person) -> None:
    root, part = tree(alice, 2)
    post(alice, root, "complete", completed=True)
    alice.create("one more", parent_id=part["id"])
    assert completed(alice, root, part) == [False, False]


def test_a_completed_task_may_come_below_a_completed_one(alice: Person) -> None:
    root, part = tree(alice, 2)
    post(alice, root, "complete", completed=True)
    done = alice.create("done", completed=True, parent_id=part["id"])
    assert completed(alice, root, part, done) == [True, True, True]


def test_an_open_part_that_comes_back_opens_what_is_above_it(alice: Person) -> None:
    root, part = tree(alice, 2)
    delete(alice, part)
    post(alice, root, "complete", completed=True)
    post(alice, part, "restore")
    assert completed(alice, root, part) == [False, False]


def test_a_deleted_task_takes_what_is_below_it_to_the_trash_and_back(alice: Person) -> None:
    root, part, leaf = tree(alice)
    delete(alice, root)
    assert trashed(alice, root, part, leaf) == [True, True, True]
    assert alice.titles() == []
    restored = post(alice, root, "restore")
    assert trashed(alice, root, part, leaf) == [False, False, False]
    after = now(alice, root, part, leaf)
    assert after[0] == restored
    changing = {"version", "updated_at"}
    assert [{k: v for k, v in task.items() if k not in changing} for task in after] == [
        {k: v for k, v in task.items() if k not in changing} for task in (root, part, leaf)
    ]


def test_what_was_in_the_trash_before_stays_there(alice: Person) -> None:
    root, part, leaf = tree(alice)
    delete(alice, leaf)
    delete(alice, root)
    post(alice, root, "restore")
    assert trashed(alice, root, part, leaf) == [False, False, True]


def test_a_part_of_a_task_in_the_trash_comes_back_to_the_top_with_what_is_below_it(
    alice: Person,
) -> None:
    root, part, leaf = tree(alice)
    last = alice.create("last")
    delete(alice, root)
    restored = post(alice, part, "restore")
    assert restored["parent_id"] is None
    assert restored["position"] > last["position"]
    assert trashed(alice, root, part, leaf) == [True, False, False]
    post(alice, root, "restore")
    assert [task["parent_id"] for task in now(alice, part, leaf)] == [None, part["id"]]


def test_what_is_completed_comes_back_completed(alice: Person) -> None:
    root, part, leaf = tree(alice)
    post(alice, root, "complete", completed=True)
    delete(alice, root)
    post(alice, root, "restore")
    assert completed(alice, root, part, leaf) == [True, True, True]
    post(alice, root, "complete", completed=False)
    assert completed(alice, root, part, leaf) == [False, False, False]


def test_a_stale_version_takes_nothing_along(alice: Person) -> None:
    root, part = tree(alice, 2)
    path = f"/api/tasks/{root['id']}"
    stale = {"If-Match": '"0"'}
    assert alice.client.delete(path, headers=stale).status_code == 412
    assert alice.client.post(f"{path}/complete", headers=stale).status_code == 412
    assert now(alice, root, part) == [root, part]


def test_a_new_part_is_in_the_list_of_its_parent(alice: Person, make_list: Any) -> None:
    groceries = make_list(alice)
    root = alice.create("root", list_id=groceries)
    assert alice.create("part", parent_id=root["id"])["list_id"] == groceries
    inbox = alice.create("elsewhere")["list_id"]
    answer = alice.client.post(
        "/api/tasks", json={"title": "torn", "parent_id": root["id"], "list_id": inbox}
    )
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == "/body/list_id"
