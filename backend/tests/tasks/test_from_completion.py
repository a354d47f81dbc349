"""A task that recurs from its completion: the next date counts from today."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from backend.tests.support.people import Person
from backend.tests.tasks.occurrences import complete, due, undo


def today(zone: str) -> datetime:
    return datetime.now(ZoneInfo(zone))


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Pacific/Pago_Pago"])
@pytest.mark.parametrize("is_own", [True, False])
def test_from_completion_it_counts_from_today_where_its_clock_is(
    zone: str, *, is_own: bool, alice: Person
) -> None:
    fields = {"due_time": "09:30:00", "due_time_zone": zone} if is_own else {}
    assert alice.client.patch("/api/me", json={"time_zone": zone}).status_code == 200
    rule = {"recurrence": "FREQ=DAILY;INTERVAL=3", "recurrence_from": "completion"}
    task = alice.create(due_date="2020-01-01", **rule, **fields)
    before = today(zone).date()
    found = complete(alice, task)
    days = {str(day + timedelta(days=3)) for day in (before, today(zone).date())}
    assert found["due_date"] in days
    assert found["due_time"] == fields.get("due_time")


def test_from_completion_the_number_of_times_goes_down(alice: Person) -> None:
    rule = {"recurrence": "FREQ=DAILY;COUNT=3", "recurrence_from": "completion"}
    task = alice.create(due_date="2020-01-01", **rule)
    steps = [complete(alice, task) for _ in range(2)]
    assert [each["recurrence"] for each in steps] == ["FREQ=DAILY;COUNT=2", "FREQ=DAILY;COUNT=1"]
    back = undo(alice, task)
    assert (back["recurrence"], back["due_date"]) == ("FREQ=DAILY;COUNT=2", steps[0]["due_date"])
    assert [complete(alice, task)["completed"] for _ in range(2)] == [False, True]


def test_from_completion_by_the_hour_it_counts_from_this_minute(alice: Person) -> None:
    rule = {"recurrence": "FREQ=HOURLY;INTERVAL=4", "recurrence_from": "completion"}
    task = alice.create(due_date="2020-01-01", due_time="09:00", due_time_zone="UTC", **rule)
    began = datetime.now(UTC).replace(second=0, microsecond=0)
    found = datetime.fromisoformat(due(complete(alice, task)) + "+00:00")
    assert began + timedelta(hours=4) <= found <= datetime.now(UTC) + timedelta(hours=4)


def test_an_occurrence_that_is_completed_before_its_day_is_not_completed_twice(
    alice: Person,
) -> None:
    """A request that names it and is sent again meets another one."""
    tomorrow = str(today("UTC").date() + timedelta(days=1))
    rule = {"recurrence": "FREQ=DAILY;COUNT=5", "recurrence_from": "completion"}
    task = alice.create(due_date=tomorrow, **rule)
    found = [complete(alice, task, occurrence=tomorrow) for _ in range(3)]
    assert {each["recurrence"] for each in found} == {"FREQ=DAILY;COUNT=4"}
    assert found[0]["due_date"] > tomorrow


@pytest.mark.parametrize(
    ("due_date", "rule"),
    [
        ("2026-01-15", "FREQ=MONTHLY;INTERVAL=3;BYMONTH=1,4,7,10"),
        ("2026-01-06", "FREQ=DAILY;INTERVAL=7;BYDAY=TU"),
        ("2024-02-29", "FREQ=YEARLY;INTERVAL=4;BYMONTH=2;BYMONTHDAY=29"),
    ],
)
def test_a_rule_that_picks_what_its_intervals_never_meet_from_now_goes_on(
    due_date: str, rule: str, alice: Person
) -> None:
    task = alice.create(due_date=due_date, recurrence=rule, recurrence_from="completion")
    found = complete(alice, task)
    assert found["completed"] is False
    assert found["due_date"] > str(today("UTC").date() - timedelta(days=1))
