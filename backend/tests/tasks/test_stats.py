"""Statistics: as PostgreSQL's clock and the user's time zone have it."""

from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import psycopg
import pytest

from backend.tests.support.people import Person


def stats(person: Person) -> dict[str, Any]:
    answer = person.client.get("/api/stats")
    assert answer.status_code == 200
    found: dict[str, Any] = answer.json()
    return found


def test_who_has_nothing_has_thirty_days_of_nothing(alice: Person) -> None:
    found = stats(alice)
    days = found.pop("completed_per_day")
    assert found == {"open": 0, "completed": 0, "overdue": 0, "due_today": 0}
    assert [each["count"] for each in days] == [0] * 30
    dates = [datetime.fromisoformat(each["date"]) for each in days]
    assert {later - earlier for earlier, later in pairwise(dates)} == {timedelta(days=1)}


@pytest.mark.parametrize("zone", ["UTC", "Pacific/Kiritimati", "Pacific/Pago_Pago"])
def test_days_are_the_users(zone: str, alice: Person, bob: Person, database_url: str) -> None:
    bob.create(completed=True)
    alice.client.patch("/api/me", json={"time_zone": zone})
    now = datetime.now(ZoneInfo(zone))
    today, yesterday = now.date(), now.date() - timedelta(days=1)
    alice.create(due_date=str(yesterday))
    alice.create(due_date=str(today))
    alice.create(due_date=str(today), due_time="00:00")
    alice.create(due_date=str(today), completed=True)
    trashed = alice.create(due_date=str(today))
    alice.client.delete(f"/api/tasks/{trashed['id']}")
    old = alice.create(completed=True)
    with psycopg.connect(database_url) as connection:
        connection.execute(
            "update duly.tasks set completed_at = (%s::date - 1 + time '23:59') at time zone %s"
            " where id = %s",
            [today, zone, old["id"]],
        )
    found = stats(alice)
    assert (found["open"], found["completed"], found["overdue"], found["due_today"]) == (3, 2, 2, 2)
    days = {each["date"]: each["count"] for each in found["completed_per_day"] if each["count"]}
    assert days == {str(today): 1, str(yesterday): 1}


def test_a_task_with_a_zone_is_due_on_the_users_day(alice: Person) -> None:
    alice.client.patch("/api/me", json={"time_zone": "Pacific/Kiritimati"})
    noon = datetime.now(ZoneInfo("Pacific/Kiritimati")).replace(hour=12, minute=0, second=0)
    there = noon.astimezone(ZoneInfo("Pacific/Pago_Pago"))
    alice.create(
        due_date=str(there.date()), due_time=f"{there:%H:%M}", due_time_zone="Pacific/Pago_Pago"
    )
    assert stats(alice)["due_today"] == 1
