"""Zones: their names, and the instants of their clocks as RFC 5545 and PostgreSQL have them."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

import psycopg
import pytest

from backend.core.recurrence import next_due, occurrences, parse
from backend.core.zones import is_zone, load_zone, resolve, zone_names

# Years whose rules no later version of the time zone database changes any more.
FROM, TO = datetime(2010, 1, 1, tzinfo=UTC), datetime(2020, 1, 1, tzinfo=UTC)
WEEK: Final = timedelta(days=7)

# PostgreSQL's `AT TIME ZONE` takes the second of two equal times. The first: by the offset of a day
# before, if the clock then shows that time.
FIRST: Final = """
    select case when early at time zone zone = wall then early else wall at time zone zone end
    from unnest(%s::text[], %s::timestamp[]) with ordinality as asked(zone, wall, n),
    lateral (select wall at time zone 'UTC' - (
        (wall at time zone 'UTC' - interval '1 day') at time zone zone
        - (wall - interval '1 day')
    )) as shifted(early)
    order by n
"""
PLAIN: Final = """
    select wall at time zone zone
    from unnest(%s::text[], %s::timestamp[]) with ordinality as asked(zone, wall, n) order by n
"""


def transitions(zone: ZoneInfo) -> Iterator[tuple[datetime, timedelta, timedelta]]:
    """When the offset of a zone changed: the instant, the offset before it and the one after."""
    early = FROM
    while early < TO:
        late = early + WEEK
        before, after = _offset(early, zone), _offset(late, zone)
        if before != after:
            low, high = early, late
            while high - low > timedelta(seconds=1):
                middle = low + timedelta(seconds=(high - low).total_seconds() // 2)
                low, high = (middle, high) if _offset(middle, zone) == before else (low, middle)
            yield high, before, after
        early = late


def _offset(moment: datetime, zone: ZoneInfo) -> timedelta:
    offset = moment.astimezone(zone).utcoffset()
    assert offset is not None
    return offset


def walls(*, folds: bool) -> list[tuple[str, datetime]]:
    """Wall-clock times at, before, within and after each change of each zone."""
    found = []
    for name in sorted(zone_names()):
        for moment, before, after in transitions(ZoneInfo(name)):
            changed = moment.replace(tzinfo=None)
            first, last = sorted((changed + before, changed + after))
            inside = [first, first + (last - first) / 2, last - timedelta(seconds=1)]
            if (after < before) == folds:
                found += [(name, wall) for wall in inside]
            if not folds:
                outside = [first - timedelta(seconds=1), last, last + timedelta(hours=3)]
                found += [(name, wall) for wall in outside]
    return found


def ask(url: str, query: str, asked: list[tuple[str, datetime]]) -> list[datetime]:
    """What PostgreSQL says; of the zones that it knows."""
    with psycopg.connect(url) as connection:
        connection.execute("set time zone 'UTC'")
        rows = connection.execute(query, ([zone for zone, _ in asked], [wall for _, wall in asked]))
        return [row[0] for row in rows]


def resolved(asked: list[tuple[str, datetime]], fold: int = 0) -> list[datetime]:
    return [resolve(wall.date(), wall.time().replace(fold=fold), zone) for zone, wall in asked]


def differences(
    asked: list[tuple[str, datetime]], ours: list[datetime], theirs: list[datetime]
) -> list[tuple[tuple[str, datetime], datetime, datetime]]:
    return [each for each in zip(asked, ours, theirs, strict=True) if each[1] != each[2]]


def test_postgresql_knows_every_zone_and_by_its_name_nothing_else(database_url: str) -> None:
    with psycopg.connect(database_url) as connection:
        known = {name for (name,) in connection.execute("select name from pg_timezone_names")}
        short = {name for (name,) in connection.execute("select abbrev from pg_timezone_abbrevs")}
    assert zone_names() - known == set()
    assert zone_names() & short <= {"GMT", "UCT", "UTC", "Zulu"}  # abbreviations come first


def test_gaps_and_ordinary_times_are_those_of_postgresql(database_url: str) -> None:
    asked = walls(folds=False)
    assert len(asked) > 5_000
    assert differences(asked, resolved(asked), ask(database_url, PLAIN, asked)) == []
    assert differences(asked, resolved(asked), ask(database_url, FIRST, asked)) == []


def test_of_a_time_that_comes_twice_it_is_the_first_and_postgresqls_the_second(
    database_url: str,
) -> None:
    asked = walls(folds=True)
    assert len(asked) > 2_000
    assert differences(asked, resolved(asked, 1), ask(database_url, PLAIN, asked)) == []
    assert differences(asked, resolved(asked), ask(database_url, FIRST, asked)) == []


@pytest.mark.parametrize(
    "name", ["Europe/Berlin", "America/Argentina/Buenos_Aires", "UTC", "Etc/GMT+5"]
)
def test_a_name_of_iana_is_a_zone(name: str) -> None:
    assert is_zone(name)
    assert resolve(date(2026, 1, 1), time(12), name).tzinfo == UTC


@pytest.mark.parametrize(
    "name",
    [
        *(
            "",
            " UTC",
            "europe/berlin",
            "EUROPE/BERLIN",
            "utc",
            "localtime",
            "posixrules",
            "Factory",
        ),
        *(
            "posix/Europe/Berlin",
            "right/UTC",
            "../../etc/passwd",
            "/etc/localtime",
            "Europe",
            "CET",
        ),
        *(
            "Europe/Berlin\0",
            "Europe/Berlin\n",
            "EST5",
            "+02:00",
            "UTC+2",
            "zone.tab",
            "\udcff",
            "Z",
        ),
    ],
    ids=ascii,
)
def test_nothing_else_is_a_zone(name: str) -> None:
    assert not is_zone(name)
    with pytest.raises(ValueError, match="not the name of a time zone"):
        load_zone(name)


def test_an_instant_outside_the_calendar_is_refused() -> None:
    for day, at in ((date.min, time.min), (date.max, time(23))):
        zone = "Asia/Tokyo" if day == date.min else "America/New_York"
        with pytest.raises(ValueError, match="outside the years"):
            resolve(day, at, zone)


def test_a_zoned_task_keeps_its_wall_clock_time() -> None:
    rule, zone = parse("FREQ=DAILY"), "America/New_York"
    due = datetime.combine(date(2026, 3, 6), time(9))
    instants = []
    for _ in range(3):
        due = next_due(rule, due, due, zone) or due
        instants.append(resolve(due.date(), due.time(), zone).time())
    assert instants == [time(14), time(13), time(13)]


@pytest.mark.parametrize(
    ("day", "at", "zone", "utc"),
    [
        ("2026-03-08", "02:30", "America/New_York", "2026-03-08T07:30"),  # 03:30 there
        ("2026-11-01", "01:30", "America/New_York", "2026-11-01T05:30"),  # the first
        ("2026-03-29", "02:30", "Europe/Berlin", "2026-03-29T01:30"),
        ("2026-10-25", "02:30", "Europe/Berlin", "2026-10-25T00:30"),
        ("2026-10-04", "02:15", "Australia/Lord_Howe", "2026-10-03T15:45"),  # by half an hour
        ("2026-04-05", "01:45", "Australia/Lord_Howe", "2026-04-04T14:45"),
        (
            "2026-03-29",
            "01:30",
            "Europe/Dublin",
            "2026-03-29T01:30",
        ),  # winter is the exception there
        ("2011-12-30", "12:00", "Pacific/Apia", "2011-12-30T22:00"),  # a day that was left out
    ],
)
def test_times_in_gaps_and_folds(day: str, at: str, zone: str, utc: str) -> None:
    expected = datetime.fromisoformat(utc).replace(tzinfo=UTC)
    assert resolve(date.fromisoformat(day), time.fromisoformat(at), zone) == expected


@pytest.mark.parametrize(
    ("text", "zone", "start"),
    [
        ("FREQ=HOURLY", "America/New_York", "2026-03-07T22:30"),
        ("FREQ=MINUTELY;INTERVAL=10", "Europe/Berlin", "2026-03-29T00:05"),
        ("FREQ=DAILY;BYHOUR=2,3;BYMINUTE=0,30", "America/New_York", "2026-03-06T02:00"),
        ("FREQ=HOURLY", "America/New_York", "2026-10-31T22:30"),
        ("FREQ=DAILY", "Pacific/Apia", "2011-12-27T10:00"),
        ("FREQ=HOURLY;COUNT=30", "Australia/Lord_Howe", "2026-10-03T20:15"),
    ],
)
def test_across_a_change_of_the_clock_each_occurrence_is_later_than_the_one_before(
    text: str, zone: str, start: str
) -> None:
    anchor = due = datetime.fromisoformat(start)
    rule = parse(text)
    for expected in list(occurrences(rule, anchor, zone=zone))[1:30] if rule.count else [None] * 30:
        following = next_due(rule, anchor, due, zone)
        assert following is not None
        assert expected in (None, following)
        assert resolve(following.date(), following.time(), zone) > resolve(
            due.date(), due.time(), zone
        )
        due = following


def test_an_occurrence_in_a_gap_comes_after_it_and_the_next_at_its_own_time() -> None:
    rule, zone = parse("FREQ=DAILY"), "America/New_York"
    anchor = datetime.combine(date(2026, 3, 7), time(2, 30))
    in_gap = next_due(rule, anchor, anchor, zone)
    assert in_gap is not None
    shown = resolve(in_gap.date(), in_gap.time(), zone).astimezone(load_zone(zone))
    assert shown.time() == time(3, 30)
    after = next_due(rule, anchor, in_gap, zone)
    assert after is not None
    assert after.time() == time(2, 30)
