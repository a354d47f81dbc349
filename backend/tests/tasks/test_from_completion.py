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
