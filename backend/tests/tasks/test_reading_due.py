"""When a task is due: what existing frontends send is read where it means one thing."""

from typing import Any

import pytest

from backend.tests.support.people import Person

PARTS = ("due_date", "due_time", "due_time_zone")
ALL = {"due_date": "2026-03-01", "due_time": "09:30:00", "due_time_zone": "Europe/Berlin"}
WEEKLY = ALL | {"recurrence": "FREQ=WEEKLY"}


def when(task: dict[str, Any]) -> tuple[str | None, ...]:
    return tuple(task[part] for part in PARTS)


def patch(person: Person, task: dict[str, Any], **fields: Any) -> Any:
    return person.client.patch(f"/api/tasks/{task['id']}", json=fields)


def pointers(answer: Any) -> list[str]:
    assert answer.status_code == 422, answer.text
    return [error["pointer"] for error in answer.json()["errors"]]


READ: dict[str, tuple[dict[str, Any], tuple[str | None, ...]]] = {
    "a date": ({"due_date": "2026-03-01"}, ("2026-03-01", None, None)),
    "a date and a time": (
        {"due_date": "2026-03-01", "due_time": "09:30"},
        ("2026-03-01", "09:30:00", None),
    ),
    "a zone": (ALL, ("2026-03-01", "09:30:00", "Europe/Berlin")),
    "toISOString": (
        {"due_date": "2026-03-01T09:30:00.000Z"},
        ("2026-03-01", "09:30:00", "UTC"),
    ),
    "an offset": ({"due_date": "2026-03-01T00:30:00+01:00"}, ("2026-02-28", "23:30:00", "UTC")),
    "datetime-local": ({"due_date": "2026-03-01T09:30"}, ("2026-03-01", "09:30:00", None)),
    "datetime-local with a zone": (
        {"due_date": "2026-03-01T09:30", "due_time_zone": "Asia/Tokyo"},
        ("2026-03-01", "09:30:00", "Asia/Tokyo"),
    ),
    "an empty field of a form": ({"due_date": ""}, (None, None, None)),
    "empty fields of a form": (
        {"due_date": "2026-03-01", "due_time": ""},
        ("2026-03-01", None, None),
    ),
}


@pytest.mark.parametrize("name", READ)
def test_what_clients_write_is_answered_in_one_form(name: str, alice: Person) -> None:
    fields, expected = READ[name]
    assert when(alice.create(**fields)) == expected
    assert when(patch(alice, alice.create(due_date="2020-01-01"), **fields).json()) == expected


def test_a_date_keeps_the_time_and_a_moment_says_all_of_it(alice: Person) -> None:
    task = alice.create(**ALL)
    changed = patch(alice, task, due_date="2026-05-01").json()
    assert when(changed) == ("2026-05-01", "09:30:00", "Europe/Berlin")
    changed = patch(alice, task, due_date="2026-05-02T10:00").json()
    assert when(changed) == ("2026-05-02", "10:00:00", None)


CLEARED: dict[str, tuple[dict[str, Any], tuple[str | None, ...], str | None]] = {
    "the date": ({"due_date": None}, (None, None, None), None),
    "the date, by a form": ({"due_date": ""}, (None, None, None), None),
    "the time": ({"due_time": None}, ("2026-03-01", None, None), "FREQ=WEEKLY"),
    "the zone": ({"due_time_zone": None}, ("2026-03-01", "09:30:00", None), "FREQ=WEEKLY"),
    "the rule": ({"recurrence": None}, tuple(ALL.values()), None),
    "the rule, by a form": ({"recurrence": ""}, tuple(ALL.values()), None),
}


@pytest.mark.parametrize("name", CLEARED)
def test_null_takes_along_what_is_nothing_without_it(name: str, alice: Person) -> None:
    fields, expected, rule = CLEARED[name]
    changed = patch(alice, alice.create(**WEEKLY), **fields).json()
    assert when(changed) == expected
    assert changed["recurrence"] == rule


CONTRADICTIONS: dict[str, tuple[dict[str, Any], str]] = {
    "a time without the date": ({"due_date": None, "due_time": "09:30"}, "due_time"),
    "a zone without the time": ({"due_time": None, "due_time_zone": "UTC"}, "due_time_zone"),
    "a rule without the date": ({"due_date": None, "recurrence": "FREQ=DAILY"}, "recurrence"),
    "a time beside a moment": (
        {"due_date": "2026-03-01T09:30:00Z", "due_time": "10:00"},
        "due_time",
    ),
    "a zone beside an offset": (
        {"due_date": "2026-03-01T09:30:00Z", "due_time_zone": "Asia/Tokyo"},
        "due_time_zone",
    ),
    "no such day": ({"due_date": "2026-02-30"}, "due_date"),
    "no such hour": ({"due_date": "2026-03-01T25:00:00Z"}, "due_date"),
    "before the calendar": ({"due_date": "0001-01-01T00:00:00+01:00"}, "due_date"),
    "after the calendar": ({"due_date": "9999-12-31T23:59:00-01:00"}, "due_date"),
    "words": ({"due_date": "tomorrow at noon"}, "due_date"),
    "a number": ({"due_date": 1_772_323_200}, "due_date"),
    "a list": ({"due_date": []}, "due_date"),
    "no zone": (
        {"due_date": "2026-03-01", "due_time": "09:30", "due_time_zone": "CET+1"},
        "due_time_zone",
    ),
    "a zone in lower case": (ALL | {"due_time_zone": "europe/berlin"}, "due_time_zone"),
    "the zone of the machine": (ALL | {"due_time_zone": "localtime"}, "due_time_zone"),
    "no rule": (ALL | {"recurrence": "every day"}, "recurrence"),
    "a rule that never fires": (
        ALL | {"recurrence": "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30"},
        "recurrence",
    ),
    "a rule that fires every second": (ALL | {"recurrence": "FREQ=SECONDLY"}, "recurrence"),
    "a rule that fires no second time": (
        ALL | {"recurrence": "FREQ=DAILY;INTERVAL=7;BYDAY=MO"},
        "recurrence",
    ),
    "half a rule": (ALL | {"recurrence": "FREQ=DAILY;COUNT="}, "recurrence"),
    "a rule that is too long": (ALL | {"recurrence": "FREQ=DAILY;" + "X" * 500}, "recurrence"),
    "no origin": (ALL | {"recurrence_from": "start"}, "recurrence_from"),
    "a number as priority": ({"priority": 2}, "priority"),
}


@pytest.mark.parametrize("name", CONTRADICTIONS)
def test_what_does_not_go_together_is_422_where_it_is(name: str, alice: Person) -> None:
    fields, member = CONTRADICTIONS[name]
    task = alice.create(**ALL)
    assert pointers(patch(alice, task, **fields)) == [f"/body/{member}"]
    created = alice.client.post("/api/tasks", json={"title": "x", **fields})
    assert pointers(created) == [f"/body/{member}"]
    assert alice.client.get(f"/api/tasks/{task['id']}").json() == task


MISSING: dict[str, tuple[dict[str, Any], str]] = {
    "a time": ({"due_time": "09:30"}, "due_time"),
    "a rule": ({"recurrence": "FREQ=DAILY"}, "recurrence"),
    "a rule by the hour": ({"due_date": "2026-03-01", "recurrence": "FREQ=HOURLY"}, "recurrence"),
}


@pytest.mark.parametrize("name", MISSING)
def test_what_a_task_has_not_is_missed_by_a_patch_as_well(name: str, alice: Person) -> None:
    fields, member = MISSING[name]
    task = alice.create("Buy milk")
    assert pointers(patch(alice, task, **fields)) == [f"/body/{member}"]
    assert pointers(alice.client.post("/api/tasks", json={"title": "x", **fields})) == [
        f"/body/{member}"
    ]
    assert alice.client.get(f"/api/tasks/{task['id']}").json() == task


def test_a_number_as_priority_is_told_the_words(alice: Person) -> None:
    """Scales run either way: 2 is high for one frontend, low for another."""
    answer = alice.client.post("/api/tasks", json={"title": "x", "priority": 2})
    [error] = answer.json()["errors"]
    assert all(word in error["detail"] for word in ("none", "low", "medium", "high", "urgent"))
    assert alice.create(priority="MEDIUM")["priority"] == "medium"


def test_a_zone_that_the_database_does_not_know_reaches_no_row(
    alice: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its list may be older than ours; a row with such a zone would make lists fail."""
    monkeypatch.setattr("backend.schemas.scalars.is_zone", lambda _: True)
    task = alice.create(**ALL)
    nowhere = {"due_time_zone": "Mars/Phobos"}
    assert patch(alice, task, **nowhere).status_code == 422
    assert alice.client.post("/api/tasks", json={"title": "x", **ALL, **nowhere}).status_code == 422
    assert alice.client.patch("/api/me", json={"time_zone": "Mars/Phobos"}).status_code == 422
    assert when(alice.client.get(f"/api/tasks/{task['id']}").json()) == when(task)
