"""Completing a task that recurs takes it to its next occurrence."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from backend.tests.support.people import Person
from backend.tests.tasks.occurrences import DAILY, change, complete, due, dues, get, undo


def test_completing_goes_to_the_next_date_and_leaves_it_open(alice: Person) -> None:
    task = alice.create(due_date="2026-03-02", recurrence="FREQ=WEEKLY;BYDAY=MO")
    again = complete(alice, task)
    assert due(again) == "2026-03-09"
    assert again["completed_at"] is None
    assert get(alice, task) == again


SERIES: dict[str, tuple[dict[str, str], list[str]]] = {
    "the 31st": (
        {"due_date": "2026-01-31", "recurrence": "FREQ=MONTHLY"},
        ["2026-03-31", "2026-05-31", "2026-07-31"],
    ),
    "three of them": (
        {"due_date": "2026-03-01", "recurrence": "FREQ=DAILY;COUNT=3"},
        ["2026-03-02", "2026-03-03", "done", "done"],
    ),
    "until a day": (
        {"due_date": "2026-03-01", "recurrence": "FREQ=DAILY;UNTIL=20260302"},
        ["2026-03-02", "done"],
    ),
    "only one": ({"due_date": "2026-03-01", "recurrence": "FREQ=DAILY;COUNT=1"}, ["done"]),
    "every other hour": (
        {"due_date": "2026-03-01", "due_time": "21:00", "recurrence": "FREQ=HOURLY;INTERVAL=2"},
        ["2026-03-01T23:00:00", "2026-03-02T01:00:00"],
    ),
    "twice a day": (
        {"due_date": "2026-03-01", "due_time": "09:00", "recurrence": "FREQ=DAILY;BYHOUR=9,17"},
        ["2026-03-01T17:00:00", "2026-03-02T09:00:00"],
    ),
    "the last days of the calendar": (
        {"due_date": "9999-12-30", "recurrence": "FREQ=DAILY"},
        ["9999-12-31", "done"],
    ),
    "the first days of the calendar": (
        {
            "due_date": "0001-01-01",
            "due_time": "00:30",
            "due_time_zone": "Asia/Tokyo",
            "recurrence": "FREQ=DAILY;UNTIL=00010103T000000Z",
        },
        ["0001-01-02T00:30:00", "0001-01-03T00:30:00", "done"],
    ),
    "the last instants of the calendar": (
        {
            "due_date": "9999-12-30",
            "due_time": "23:30",
            "due_time_zone": "America/Los_Angeles",
            "recurrence": "FREQ=DAILY",
        },
        ["9999-12-31T23:30:00", "done"],
    ),
}


@pytest.mark.parametrize("name", SERIES)
def test_a_series_goes_its_way(name: str, alice: Person) -> None:
    fields, expected = SERIES[name]
    assert dues(alice, alice.create(**fields), len(expected)) == expected


def test_a_time_with_a_zone_stays_what_the_clock_shows_when_clocks_change(alice: Person) -> None:
    fields = {"due_time": "09:30:00", "due_time_zone": "Europe/Berlin", "recurrence": "FREQ=DAILY"}
    for day in ("2026-03-28", "2026-10-24"):
        task = alice.create(due_date=day, **fields)
        times = dues(alice, task, 2)
        assert [at.partition("T")[2] for at in times] == ["09:30:00"] * 2
        assert get(alice, task)["due_time_zone"] == "Europe/Berlin"


def test_an_hour_that_the_clock_leaves_out_does_not_shift_the_following_days(alice: Person) -> None:
    task = alice.create(
        due_date="2026-03-28",
        due_time="02:30",
        due_time_zone="Europe/Berlin",
        recurrence="FREQ=DAILY",
    )
    assert dues(alice, task, 2) == ["2026-03-29T02:30:00", "2026-03-30T02:30:00"]


def test_completing_the_same_occurrence_again_changes_nothing(alice: Person) -> None:
    task = alice.create(**DAILY)
    first = complete(alice, task, occurrence="2026-03-01")
    assert due(first) == "2026-03-02"
    assert complete(alice, task, occurrence="2026-03-01") == first
    assert due(complete(alice, task)) == "2026-03-03"


def test_an_occurrence_is_named_by_its_time_as_well(alice: Person) -> None:
    task = alice.create(due_time="09:30", **DAILY)
    assert complete(alice, task, occurrence="2026-03-01T10:00") == task
    assert due(complete(alice, task, occurrence="2026-03-01T09:30:00")) == "2026-03-02T09:30:00"
    assert due(complete(alice, task, occurrence="2026-03-02")) == "2026-03-03T09:30:00"


def test_a_day_with_several_occurrences_names_none_of_them(alice: Person) -> None:
    task = alice.create(due_date="2026-03-01", due_time="09:00", recurrence="FREQ=HOURLY")
    body = {"completed": True, "occurrence": "2026-03-01"}
    answer = alice.client.post(f"/api/tasks/{task['id']}/complete", json=body)
    assert answer.status_code == 422
    assert [error["pointer"] for error in answer.json()["errors"]] == ["/body/occurrence"]
    assert get(alice, task) == task


@pytest.mark.parametrize("name", ["tomorrow", "2026-02-30", "2026-03-01T09:30Z", "", 3, None])
def test_what_names_no_occurrence_is_422(name: Any, alice: Person) -> None:
    task = alice.create(**DAILY)
    body = {"completed": True, "occurrence": name}
    answer = alice.client.post(f"/api/tasks/{task['id']}/complete", json=body)
    assert answer.status_code == (200 if name is None else 422)
    assert due(get(alice, task)) == ("2026-03-02" if name is None else "2026-03-01")


def test_ten_who_complete_the_same_occurrence_at_once_make_one_step(alice: Person) -> None:
    task = alice.create(**DAILY)
    with ThreadPoolExecutor(10) as pool:
        both = [pool.submit(complete, alice, task, occurrence="2026-03-01") for _ in range(10)]
    assert {due(each.result()) for each in both} == {"2026-03-02"}
    assert get(alice, task)["version"] == task["version"] + 1


def test_ten_who_complete_the_last_one_at_once_find_it_done(alice: Person) -> None:
    task = alice.create(due_date="2026-03-01", recurrence="FREQ=DAILY;COUNT=1")
    with ThreadPoolExecutor(10) as pool:
        all_ = [pool.submit(complete, alice, task) for _ in range(10)]
    assert {due(each.result()) for each in all_} == {"done"}
    assert len({each.result()["completed_at"] for each in all_}) == 1


def test_those_who_name_none_complete_one_each_also_at_once(alice: Person) -> None:
    task = alice.create(**DAILY)
    with ThreadPoolExecutor(4) as pool:
        all_ = [pool.submit(complete, alice, task) for _ in range(4)]
    expected = ["2026-03-02", "2026-03-03", "2026-03-04", "2026-03-05"]
    assert sorted(due(each.result()) for each in all_) == expected


def test_a_change_of_something_else_meanwhile_does_not_get_lost(alice: Person) -> None:
    task = alice.create(**DAILY)
    with ThreadPoolExecutor(8) as pool:
        steps = [pool.submit(complete, alice, task) for _ in range(4)]
        titles = [pool.submit(change, alice, task, title=f"{n}") for n in range(4)]
    assert len({each.result()["version"] for each in (*steps, *titles)}) == 8
    assert due(get(alice, task)) == "2026-03-05"
    assert get(alice, task)["title"] in {"0", "1", "2", "3"}


@pytest.mark.parametrize("method", ["PATCH", "PUT"])
def test_a_patch_that_completes_does_the_same_with_the_rest(method: str, alice: Person) -> None:
    task = alice.create(**DAILY)
    body = {"completed": True, "title": "Water the plants", "priority": "high"}
    changed = alice.client.request(method, f"/api/tasks/{task['id']}", json=body).json()
    assert due(changed) == "2026-03-02"
    assert (changed["title"], changed["priority"]) == ("Water the plants", "high")
    changed = change(alice, task, completed=True, add_tags=["home"])
    assert (due(changed), changed["tags"]) == ("2026-03-03", ["home"])


PATCHES: dict[str, tuple[dict[str, Any], str]] = {
    "another date": ({"due_date": "2026-05-01"}, "2026-05-02"),
    "a time": ({"due_time": "08:00"}, "2026-03-02T08:00:00"),
    "another rule": ({"recurrence": "FREQ=WEEKLY"}, "2026-03-08"),
    "a rule and its first date": (
        {"recurrence": "FREQ=WEEKLY", "due_date": "2026-05-01"},
        "2026-05-08",
    ),
    "no rule": ({"recurrence": None}, "done"),
    "no date": ({"due_date": None}, "done"),
}


@pytest.mark.parametrize("name", PATCHES)
def test_a_patch_that_completes_counts_from_what_it_says(name: str, alice: Person) -> None:
    fields, expected = PATCHES[name]
    task = alice.create(**DAILY)
    assert due(change(alice, task, completed=True, **fields)) == expected


def test_a_toggle_completes_the_current_occurrence(alice: Person) -> None:
    task = alice.create(due_date="2026-03-01", recurrence="FREQ=DAILY;COUNT=2")
    path = f"/api/tasks/{task['id']}/toggle"
    answers = [due(alice.client.patch(path).json()) for _ in range(3)]
    assert answers == ["2026-03-02", "done", "2026-03-02"]


def test_one_that_is_born_completed_is_done(alice: Person) -> None:
    task = alice.create(completed=True, **DAILY)
    assert due(task) == "done"
    assert due(complete(alice, task)) == "done"
    assert due(undo(alice, task)) == "2026-03-01"


def test_a_new_time_holds_from_now_on(alice: Person) -> None:
    task = alice.create(due_time="09:00", **DAILY)
    change(alice, task, due_time="10:00")
    assert dues(alice, task, 2) == ["2026-03-02T10:00:00", "2026-03-03T10:00:00"]
    change(alice, task, due_time=None)
    assert dues(alice, task, 1) == ["2026-03-04"]


def test_a_date_that_is_put_off_comes_back_to_the_rhythm(alice: Person) -> None:
    task = alice.create(due_date="2026-03-02", recurrence="FREQ=WEEKLY")
    change(alice, task, due_date="2026-03-04")
    assert dues(alice, task, 1) == ["2026-03-09"]


def test_the_same_rule_again_does_not_begin_anew(alice: Person) -> None:
    task = alice.create(due_date="2026-03-01", recurrence="FREQ=DAILY;COUNT=3")
    shown = complete(alice, task)
    said = {name: shown[name] for name in ("due_date", "due_time", "recurrence", "title")}
    change(alice, task, **said)
    change(alice, task, recurrence="count=3;freq=daily")
    assert dues(alice, task, 2) == ["2026-03-03", "done"]


def test_a_rule_with_its_date_begins_anew(alice: Person) -> None:
    task = alice.create(due_date="2026-03-02", recurrence="FREQ=WEEKLY")
    change(alice, task, due_date="2026-03-04", recurrence="FREQ=WEEKLY")
    assert dues(alice, task, 1) == ["2026-03-11"]


def test_a_rule_alone_begins_with_the_date_that_is_there(alice: Person) -> None:
    task = alice.create(due_date="2026-01-31", due_time="08:00")
    change(alice, task, recurrence="FREQ=MONTHLY")
    assert dues(alice, task, 1) == ["2026-03-31T08:00:00"]


def test_the_last_occurrence_again_changes_nothing_either(alice: Person) -> None:
    task = alice.create(due_date="2026-03-01", recurrence="FREQ=DAILY;COUNT=1")
    done = complete(alice, task, occurrence="2026-03-01")
    assert due(done) == "done"
    assert complete(alice, task, occurrence="2026-03-01") == done
    assert undo(alice, task, occurrence="2026-02-28") == done
    opened = undo(alice, task, occurrence="2026-03-01")
    assert due(opened) == "2026-03-01"
    assert undo(alice, task, occurrence="2026-03-01") == opened


def test_an_occurrence_that_was_done_is_done_after_the_rule_is_gone(alice: Person) -> None:
    task = alice.create(**DAILY)
    complete(alice, task, occurrence="2026-03-01")
    plain = change(alice, task, recurrence=None)
    assert complete(alice, task, occurrence="2026-03-01") == plain
    assert due(complete(alice, task, occurrence="2026-03-02")) == "done"
    undated = alice.create("Whenever")
    assert due(complete(alice, undated, occurrence="2026-03-01")) == "done"


def test_what_recurs_by_the_hour_keeps_its_time(alice: Person) -> None:
    task = alice.create(due_date="2026-03-01", due_time="08:00", recurrence="FREQ=HOURLY")
    answer = alice.client.patch(f"/api/tasks/{task['id']}", json={"due_time": None})
    assert answer.status_code == 422
    assert [each["pointer"] for each in answer.json()["errors"]] == ["/body/due_time"]
    assert get(alice, task) == task
