"""Opening a task that recurs takes its last step back, with all that the step did."""

import pytest

from backend.tests.support.people import Person
from backend.tests.tasks.occurrences import DAILY, change, complete, due, dues, get, undo


def test_opening_takes_the_last_step_back_once(alice: Person) -> None:
    task = alice.create(**DAILY)
    complete(alice, task)
    complete(alice, task)
    assert due(undo(alice, task)) == "2026-03-02"
    once = get(alice, task)
    assert undo(alice, task) == once
    assert due(complete(alice, task)) == "2026-03-03"


def test_opening_an_occurrence_twice_takes_back_one_step(alice: Person) -> None:
    task = alice.create(**DAILY)
    complete(alice, task)
    second = complete(alice, task)
    assert undo(alice, task, occurrence="2026-03-01") == second
    back = undo(alice, task, occurrence="2026-03-02")
    assert due(back) == "2026-03-02"
    assert undo(alice, task, occurrence="2026-03-02") == back


def test_opening_after_the_last_one_opens_the_last_one(alice: Person) -> None:
    task = alice.create(due_date="2026-03-01", recurrence="FREQ=DAILY;COUNT=2")
    assert dues(alice, task, 2) == ["2026-03-02", "done"]
    assert due(undo(alice, task)) == "2026-03-02"
    assert due(undo(alice, task)) == "2026-03-02"
    assert due(complete(alice, task)) == "done"


def test_nothing_is_taken_back_once_the_date_was_set_otherwise(alice: Person) -> None:
    task = alice.create(**DAILY)
    complete(alice, task)
    change(alice, task, due_date="2026-03-05")
    assert due(undo(alice, task)) == "2026-03-05"


def test_a_patch_that_says_what_is_so_already_takes_nothing_back(alice: Person) -> None:
    """Forms send all they know: whoever edits the title has not undone anything."""
    task = alice.create(**DAILY)
    complete(alice, task)
    assert due(change(alice, task, completed=False, title="Other")) == "2026-03-02"


def test_what_was_done_below_it_is_open_again_and_done_again_when_it_is_taken_back(
    alice: Person,
) -> None:
    task = alice.create(**DAILY)
    child = alice.create("child", parent_id=task["id"])
    below = alice.create("grandchild", parent_id=child["id"])
    other = alice.create("other")
    before = [complete(alice, each) for each in (below, child, other)]
    complete(alice, task)
    assert [get(alice, each)["completed"] for each in (below, child, other)] == [
        *(False, False),
        True,
    ]
    undo(alice, task)
    after = [get(alice, each) for each in (below, child, other)]
    assert [each["completed_at"] for each in after] == [each["completed_at"] for each in before]


def test_whoever_came_too_late_opens_nothing_below(alice: Person) -> None:
    task = alice.create(**DAILY)
    child = alice.create("child", parent_id=task["id"])
    complete(alice, child)
    complete(alice, task, occurrence="2026-03-01")
    complete(alice, child)
    complete(alice, task, occurrence="2026-03-01")
    assert get(alice, child)["completed"] is True


def test_if_match_holds_for_a_step_and_for_taking_it_back(alice: Person) -> None:
    task = alice.create(**DAILY)
    path = f"/api/tasks/{task['id']}"
    newer = change(alice, task, title="Newer")
    for done in (True, False):
        stale = {"If-Match": f'"{task["version"]}"'}
        answer = alice.client.post(f"{path}/complete", json={"completed": done}, headers=stale)
        assert answer.status_code == 412
        assert answer.json()["current"] == get(alice, task)
    current = {"If-Match": f'"{newer["version"]}"'}
    answer = alice.client.post(f"{path}/complete", json={"completed": True}, headers=current)
    assert due(answer.json()) == "2026-03-02"
    current = {"If-Match": answer.headers["etag"]}
    answer = alice.client.post(f"{path}/complete", json={"completed": False}, headers=current)
    assert due(answer.json()) == "2026-03-01"


@pytest.mark.parametrize("done", [True, False])
def test_one_in_the_trash_or_of_nobody_is_404(*, done: bool, alice: Person, bob: Person) -> None:
    task = alice.create(**DAILY)
    path = f"/api/tasks/{task['id']}"
    body = {"completed": done}
    assert bob.client.post(f"{path}/complete", json=body).status_code == 404
    alice.client.delete(path)
    for headers in ({}, {"If-Match": "*"}, {"If-Match": '"1"'}):
        answer = alice.client.post(f"{path}/complete", json=body, headers=headers)
        assert answer.status_code == 404
