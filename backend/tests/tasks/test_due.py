"""When tasks are due: by the clock of their user, or at an instant of a zone of their own."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import psycopg
import pytest

from backend.tests.support.people import Person

EAST, WEST = "Pacific/Kiritimati", "Pacific/Pago_Pago"  # 25 hours apart
# Zones, and days at whose nights their clocks are put forward or back.
TURNS = {
    "Europe/Berlin": [date(2026, 3, 29), date(2026, 10, 25)],
    "America/New_York": [date(2026, 3, 8), date(2026, 11, 1)],
    "Australia/Lord_Howe": [date(2026, 4, 5), date(2026, 10, 4)],
    "America/Santiago": [date(2026, 4, 5), date(2026, 9, 6)],
    "Asia/Kathmandu": [date(2026, 1, 1)],
    "UTC": [date(2026, 1, 1)],
}


@pytest.mark.parametrize("zone", TURNS)
def test_an_instant_is_what_rfc_5545_says_of_gaps_and_folds(zone: str, database_url: str) -> None:
    quarters = [
        datetime(day.year, day.month, day.day) + timedelta(minutes=15 * n)  # noqa: DTZ001 - a clock
        for day in TURNS[zone]
        for n in range(-100, 200)
    ]
    with psycopg.connect(database_url) as connection:
        found = connection.execute(
            "select duly.instant_of(clock, %s) from unnest(%s::timestamp[]) as clock",
            [zone, quarters],
        ).fetchall()
    # Of two equal times the first (`fold=0`); in a gap by the offset before it.
    expected = [clock.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC) for clock in quarters]
    assert [row[0].astimezone(UTC) for row in found] == expected


def live_in(person: Person, zone: str) -> None:
    assert person.client.patch("/api/me", json={"time_zone": zone}).is_success


def due(moment: datetime) -> dict[str, Any]:
    return {"due_date": str(moment.date()), "due_time": f"{moment:%H:%M:%S}"}


def test_a_day_is_over_when_it_is_where_the_user_is(alice: Person) -> None:
    today = datetime.now(ZoneInfo(WEST)).date()
    alice.create("today", due_date=str(today))
    alice.create("yesterday", due_date=str(today - timedelta(1)))
    alice.create("the day after tomorrow", due_date=str(today + timedelta(2)))
    live_in(alice, WEST)
    assert alice.titles(overdue="true", sort="due_date") == ["yesterday"]
    live_in(alice, EAST)  # where it is tomorrow already
    assert alice.titles(overdue="true", sort="due_date") == ["yesterday", "today"]


def test_a_time_without_a_zone_is_that_of_the_users_clock(alice: Person) -> None:
    alice.create("in an hour", **due(datetime.now(ZoneInfo(WEST)) + timedelta(hours=1)))
    live_in(alice, WEST)
    assert alice.titles(overdue="true") == []
    live_in(alice, EAST)
    assert alice.titles(overdue="true") == ["in an hour"]


@pytest.mark.parametrize("home", [EAST, WEST, "UTC"])
@pytest.mark.parametrize("zone", [EAST, WEST, "Asia/Tokyo"])
def test_a_time_with_a_zone_is_the_same_instant_everywhere(
    home: str, zone: str, alice: Person
) -> None:
    live_in(alice, home)
    now = datetime.now(ZoneInfo(zone))
    for title, hours in (("over", -1), ("to come", 1)):
        alice.create(title, **due(now + timedelta(hours=hours)), due_time_zone=zone)
    assert alice.titles(overdue="true") == ["over"]
    assert alice.titles(due_before=now.isoformat()) == ["over"]
    assert alice.titles(due_after=now.isoformat()) == ["to come"]


def test_what_is_done_is_not_overdue(alice: Person) -> None:
    task = alice.create("late", due_date="2020-01-01")
    assert alice.titles(overdue="true") == ["late"]
    alice.client.patch(f"/api/tasks/{task['id']}/complete", json={"completed": True})
    assert alice.titles(overdue="true") == []


def test_two_days_that_follow_are_the_ends_of_one(alice: Person) -> None:
    for moment in ("2026-02-28 23:59:59", "2026-03-01 00:00:00", "2026-03-02 00:00:00"):
        alice.create(moment, **due(datetime.fromisoformat(moment)))
    alice.create("all day", due_date="2026-03-01")
    alice.create("never")
    span = {"due_after": "2026-03-01", "due_before": "2026-03-02", "sort": "due_date"}
    assert alice.titles(**span) == ["2026-03-01 00:00:00", "all day"]
    # A day without a time ends with it, and what has no date comes last.
    every = ["2026-02-28 23:59:59", *alice.titles(**span), "2026-03-02 00:00:00"]
    assert alice.titles(sort="due_date") == [*every, "never"]
    assert alice.titles(sort="-due_date") == [*every[::-1], "never"]


def test_the_plus_of_an_offset_may_come_unescaped(alice: Person) -> None:
    alice.create("noon", due_date="2026-03-01", due_time="12:00", due_time_zone="UTC")
    for offset, found in (("+01:00", []), ("%2B01:00", []), ("-01:00", ["noon"])):
        answer = alice.client.get(f"/api/tasks?due_before=2026-03-01T12:30:00{offset}")
        assert [task["title"] for task in answer.json()] == found
