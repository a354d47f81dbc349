"""A rule that a change gives goes on from the date that the task has, or is refused."""

from collections.abc import Iterator
from typing import Any

import pytest

from backend.security.signing import Issuer
from backend.tests.support import batches
from backend.tests.support.people import Person
from backend.tests.support.proxy import Proxy
from backend.tests.support.service import Service
from backend.tests.tasks.occurrences import change, complete, due, dues, get
from backend.tests.tasks.test_batch_changes import ALL, changed, send

MONDAYS = "FREQ=DAILY;INTERVAL=7;BYDAY=MO"
MONDAY, TUESDAY = "2026-03-02", "2026-03-03"
NEVER = "It never fires again from this date on."

REFUSED: dict[str, tuple[dict[str, str], dict[str, Any]]] = {
    "a rule alone": ({"due_date": TUESDAY}, {"recurrence": MONDAYS}),
    "a rule and its date": ({"due_date": MONDAY}, {"recurrence": MONDAYS, "due_date": TUESDAY}),
    "the same rule and another date": (
        {"due_date": MONDAY, "recurrence": MONDAYS},
        {"recurrence": MONDAYS, "due_date": TUESDAY},
    ),
    "another rule and the same date": (
        {"due_date": TUESDAY, "recurrence": "FREQ=DAILY"},
        {"recurrence": MONDAYS, "due_date": TUESDAY},
    ),
    "what it takes from the date": (
        {"due_date": "2026-01-31"},
        {"recurrence": "FREQ=MONTHLY;BYMONTH=2"},
    ),
    "the time that the task has": (
        {"due_date": MONDAY, "due_time": "08:00"},
        {"recurrence": "FREQ=HOURLY;INTERVAL=24;BYHOUR=9", "due_date": TUESDAY},
    ),
    "a rule for what is done thereby": (
        {"due_date": TUESDAY},
        {"recurrence": MONDAYS, "completed": True},
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_series_that_never_goes_on_is_refused_as_a_new_one_is(name: str, alice: Person) -> None:
    fields, patch = REFUSED[name]
    task = alice.create(**fields)
    for method in ("PATCH", "PUT"):
        answer = alice.client.request(method, f"/api/tasks/{task['id']}", json=patch)
        assert answer.status_code == 422, answer.text
        [error] = answer.json()["errors"]
        assert error == {"pointer": "/body/recurrence", "code": "recurrence", "detail": NEVER}
    assert get(alice, task) == task
    new = alice.client.post("/api/tasks", json={"title": "x", **fields, **patch})
    assert new.json()["errors"] == [error]


def test_what_goes_on_from_the_date_and_time_of_the_task_is_taken(alice: Person) -> None:
    task = change(alice, alice.create(due_date=MONDAY), recurrence=MONDAYS)
    assert dues(alice, task, 1) == ["2026-03-09"]
    at_nine = alice.create(due_date=MONDAY, due_time="09:00")
    rule = "FREQ=HOURLY;INTERVAL=24;BYHOUR=9"
    assert dues(alice, change(alice, at_nine, recurrence=rule, due_date=TUESDAY), 1) == [
        "2026-03-04T09:00:00"
    ]


def test_what_is_put_off_may_be_sent_back_as_it_was_read(alice: Person) -> None:
    task = alice.create(due_date=MONDAY, recurrence=MONDAYS)
    put_off = change(alice, task, due_date=TUESDAY)
    fields = ("title", "recurrence", "due_date", "due_time", "due_time_zone", "recurrence_from")
    again = change(alice, put_off, **{name: put_off[name] for name in fields})
    assert due(again) == TUESDAY
    assert due(complete(alice, again)) == "2026-03-09"


def test_a_rule_without_a_date_or_for_nobodys_task_is_refused_as_ever(alice: Person) -> None:
    task = alice.create()
    path = f"/api/tasks/{task['id']}"
    answer = alice.client.patch(path, json={"recurrence": MONDAYS})
    assert answer.json()["errors"][0]["code"] == "needs_date"
    alice.client.delete(path)
    assert alice.client.patch(path, json={"recurrence": MONDAYS}).status_code == 404


def test_in_a_batch_what_comes_behind_it_waits(alice: Person) -> None:
    task = alice.create(due_date=TUESDAY)
    give = {"op": "update", "id": task["id"], "patch": {"recurrence": MONDAYS}}
    put = {"op": "update", "id": task["id"], "patch": {"due_date": MONDAY}}
    found = batches.results(alice, give, put, give)
    assert [each["status"] for each in found] == [422, 200, 200]
    assert found[0]["body"]["errors"][0]["pointer"] == "/body/operations/0/patch/recurrence"
    assert dues(alice, task, 1) == ["2026-03-09"]
    assert batches.send(alice, give, atomic=True).status_code == 200
    other = alice.create(due_date=TUESDAY)
    answer = batches.send(alice, put, {**give, "id": other["id"]}, atomic=True)
    assert (answer.status_code, answer.json()["position"]) == (422, 1)


def test_a_change_of_many_says_a_date_from_which_the_rule_goes_on(alice: Person) -> None:
    alice.create(due_date=MONDAY)
    for change_ in ({"recurrence": MONDAYS}, {"recurrence": MONDAYS, "due_date": TUESDAY}):
        answer = send(alice, ALL, change_)
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["pointer"] == "/body/change/recurrence"
    assert changed(alice, ALL, {"recurrence": MONDAYS, "due_date": MONDAY}) == 1


@pytest.fixture
def watcher(watched: tuple[Service, Proxy], issuer: Issuer) -> Iterator[Person]:
    watcher = Person("watcher", watched[0], issuer)
    yield watcher
    watcher.client.close()


@pytest.mark.parametrize(("rule", "syncs"), [("FREQ=WEEKLY;INTERVAL=2;BYDAY=MO", 1), (MONDAYS, 2)])
def test_only_a_rule_that_depends_on_its_date_has_the_task_looked_at(
    rule: str, syncs: int, watched: tuple[Service, Proxy], watcher: Person
) -> None:
    task = watcher.create(due_date=MONDAY)
    seen = []
    for _ in range(3):  # every few seconds the proof of isolation goes beside one
        before = watched[1].messages["S"]
        change(watcher, task, recurrence=rule)
        seen.append(watched[1].messages["S"] - before)
    assert min(seen) == syncs
