"""Recurrence rules: the RFC's own examples, what is refused, and that no rule takes long."""

from dataclasses import replace
from datetime import date, datetime, time, timedelta
from itertools import islice, pairwise
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.core.recurrence import (
    LONGEST,
    InvalidRule,
    Rule,
    canonical,
    check_anchor,
    next_due,
    occurrences,
    parse,
    suits_any_anchor,
)
from backend.core.recurrence.rules import Weekday
from backend.core.recurrence.series import MOST_MONTHS, MOST_PERIODS, Series
from backend.tests.support.random_rules import random_rule

# RFC 5545, section 3.8.5.3: start, rule, the first occurrences.
EXAMPLES = [
    ("1997-09-02", "FREQ=DAILY;COUNT=3", "1997-09-02 1997-09-03 1997-09-04"),
    ("1997-09-02", "FREQ=DAILY;UNTIL=19970904", "1997-09-02 1997-09-03 1997-09-04"),
    ("1997-09-02", "FREQ=DAILY;INTERVAL=10;COUNT=3", "1997-09-02 1997-09-12 1997-09-22"),
    ("1997-09-02", "FREQ=WEEKLY;INTERVAL=2;WKST=SU", "1997-09-02 1997-09-16 1997-09-30"),
    ("1997-09-02", "FREQ=WEEKLY;WKST=SU;BYDAY=TU,TH", "1997-09-02 1997-09-04 1997-09-09"),
    ("1997-09-05", "FREQ=MONTHLY;BYDAY=1FR", "1997-09-05 1997-10-03 1997-11-07"),
    ("1997-09-07", "FREQ=MONTHLY;INTERVAL=2;BYDAY=1SU,-1SU", "1997-09-07 1997-09-28 1997-11-02"),
    ("1997-09-22", "FREQ=MONTHLY;BYDAY=-2MO", "1997-09-22 1997-10-20 1997-11-17"),
    ("1997-09-28", "FREQ=MONTHLY;BYMONTHDAY=-3", "1997-09-28 1997-10-29 1997-11-28"),
    ("1997-09-30", "FREQ=MONTHLY;BYMONTHDAY=1,-1", "1997-09-30 1997-10-01 1997-10-31"),
    ("1997-06-10", "FREQ=YEARLY;BYMONTH=6,7", "1997-06-10 1997-07-10 1998-06-10"),
    (
        "1997-01-01",
        "FREQ=YEARLY;INTERVAL=3;BYYEARDAY=1,100,200",
        "1997-01-01 1997-04-10 1997-07-19",
    ),
    ("1997-05-19", "FREQ=YEARLY;BYDAY=20MO", "1997-05-19 1998-05-18 1999-05-17"),
    ("1997-05-12", "FREQ=YEARLY;BYWEEKNO=20;BYDAY=MO", "1997-05-12 1998-05-11 1999-05-17"),
    ("1997-03-13", "FREQ=YEARLY;BYMONTH=3;BYDAY=TH", "1997-03-13 1997-03-20 1997-03-27"),
    ("1998-02-13", "FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13", "1998-02-13 1998-03-13 1998-11-13"),
    (
        "1996-11-05",
        "FREQ=YEARLY;INTERVAL=4;BYMONTH=11;BYDAY=TU;BYMONTHDAY=2,3,4,5,6,7,8",
        "1996-11-05 2000-11-07 2004-11-02",
    ),
    ("1997-09-04", "FREQ=MONTHLY;BYDAY=TU,WE,TH;BYSETPOS=3", "1997-09-04 1997-10-07 1997-11-06"),
    (
        "1997-09-29",
        "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-2",
        "1997-09-29 1997-10-30 1997-11-27",
    ),
    (
        "1997-08-05",
        "FREQ=WEEKLY;INTERVAL=2;BYDAY=TU,SU;WKST=MO",
        "1997-08-05 1997-08-10 1997-08-19",
    ),
    (
        "1997-08-05",
        "FREQ=WEEKLY;INTERVAL=2;BYDAY=TU,SU;WKST=SU",
        "1997-08-05 1997-08-17 1997-08-19",
    ),
    ("2007-01-15", "FREQ=MONTHLY;BYMONTHDAY=15,30;COUNT=5", "2007-01-15 2007-01-30 2007-02-15"),
]
TIMED = [
    ("1997-09-02T09:00", "FREQ=HOURLY;INTERVAL=3", "09:00 12:00 15:00"),
    ("1997-09-02T09:00", "FREQ=MINUTELY;INTERVAL=15", "09:00 09:15 09:30"),
    ("1997-09-02T09:00", "FREQ=MINUTELY;INTERVAL=90", "09:00 10:30 12:00"),
    ("1997-09-02T09:00", "FREQ=DAILY;BYHOUR=9,10;BYMINUTE=0,20,40", "09:00 09:20 09:40 10:00"),
    ("1997-09-02T16:40", "FREQ=MINUTELY;INTERVAL=20;BYHOUR=9,16", "16:40 09:00 09:20"),
    ("1997-09-02T09:00", "FREQ=DAILY;BYHOUR=9,12,17;BYSETPOS=-1", "09:00 17:00 17:00"),
    ("1997-09-02T09:50", "FREQ=MINUTELY;INTERVAL=25;BYHOUR=9", "09:50 09:10 09:35"),
    ("1997-09-02T12:00", "FREQ=DAILY;BYHOUR=9,12;BYSETPOS=2", "12:00 12:00"),
    ("1997-09-02T09:15", "FREQ=HOURLY;BYMINUTE=0,15,30;BYSETPOS=2", "09:15 10:15 11:15"),
]


@pytest.mark.parametrize(("anchor", "text", "expected"), EXAMPLES)
def test_the_examples_of_the_rfc(anchor: str, text: str, expected: str) -> None:
    days = [date.fromisoformat(day) for day in expected.split()]
    assert list(islice(occurrences(parse(text), date.fromisoformat(anchor)), len(days))) == days


@pytest.mark.parametrize(("anchor", "text", "expected"), TIMED)
def test_rules_with_times(anchor: str, text: str, expected: str) -> None:
    times = [time.fromisoformat(each) for each in expected.split()]
    found = islice(occurrences(parse(text), datetime.fromisoformat(anchor)), len(times))
    assert [moment.time() for moment in found] == times


REFUSED = {
    "": "made of parts",
    "WEEKLY": "made of parts",
    "INTERVAL=2": "needs a FREQ",
    "FREQ=DAILY;": "made of parts",
    "FREQ=DAILY ": "is YEARLY",
    "FREQ=DAILY;FREQ=DAILY": "twice",
    "FREQ=DAILY\nRDATE:20260101": "is YEARLY",
    "FREQ=DAILY;BYEASTER=1": "made of parts",
    "FREQ=DAILY;INTERVAL=0": "INTERVAL is a number",
    "FREQ=DAILY;INTERVAL=10000": "INTERVAL is a number",
    "FREQ=DAILY;INTERVAL=\u0662": "ASCII",
    "FREQ=DAILY;COUNT=0": "COUNT is a number",
    "FREQ=DAILY;COUNT=1001": "COUNT is a number",
    "FREQ=DAILY;COUNT=-1": "COUNT is a number",
    "FREQ=DAILY;COUNT=2;UNTIL=20270101": "exclude each other",
    "FREQ=DAILY;UNTIL=20270230": "UNTIL is such as",
    "FREQ=DAILY;UNTIL=2027-01-01": "UNTIL is such as",
    "FREQ=DAILY;UNTIL=20270101T250000Z": "UNTIL is such as",
    "FREQ=DAILY;BYDAY=": "BYDAY has days",
    "FREQ=DAILY;BYDAY=XX": "BYDAY has days",
    "FREQ=MONTHLY;BYDAY=0MO": "BYDAY has days",
    "FREQ=YEARLY;BYDAY=54MO": "BYDAY has days",
    "FREQ=DAILY;BYDAY=1MO": "BYDAY has numbers",
    "FREQ=YEARLY;BYWEEKNO=1;BYDAY=1MO": "BYDAY has numbers",
    "FREQ=DAILY;BYMONTH=13": "BYMONTH has numbers",
    "FREQ=DAILY;BYMONTH=-1": "no months from the end",
    "FREQ=DAILY;BYMONTH=1,,2": "BYMONTH has numbers",
    "FREQ=MONTHLY;BYMONTHDAY=0": "BYMONTHDAY has numbers",
    "FREQ=MONTHLY;BYMONTHDAY=32": "BYMONTHDAY has numbers",
    "FREQ=WEEKLY;BYMONTHDAY=1": "FREQ=WEEKLY",
    "FREQ=MONTHLY;BYYEARDAY=1": "BYYEARDAY goes with",
    "FREQ=MONTHLY;BYWEEKNO=1": "BYWEEKNO goes with",
    "FREQ=DAILY;BYHOUR=24": "BYHOUR has numbers",
    "FREQ=DAILY;BYHOUR=-1": "BYHOUR has numbers",
    "FREQ=DAILY;BYSETPOS=2": "needs another BY part",
    "FREQ=DAILY;WKST=1MO": "WKST is a day",
    "FREQ=SECONDLY": "more than once a minute",
    "FREQ=SECONDLY;INTERVAL=3600": "more than once a minute",
    "FREQ=DAILY;BYSECOND=0,30": "more than once a minute",
    "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30": "never fires",
    "FREQ=WEEKLY;BYMONTH=2;BYDAY=MO;BYSETPOS=5": "never fires",
    "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30": "never fires",
    "FREQ=MONTHLY;BYMONTH=4,6,9,11;BYMONTHDAY=31": "never fires",
    "FREQ=YEARLY;BYWEEKNO=53;BYMONTH=7": "never fires",
    "FREQ=MINUTELY;BYHOUR=1;BYSETPOS=2": "never fires",
    "FREQ=MONTHLY;BYDAY=MO;BYSETPOS=6": "never fires",
    f"FREQ=DAILY;BYHOUR={','.join(['1'] * LONGEST)}": "characters",
}


@pytest.mark.parametrize(("text", "reason"), REFUSED.items())
def test_what_is_no_rule_is_refused_with_the_reason(text: str, reason: str) -> None:
    with pytest.raises(InvalidRule, match=reason):
        parse(text)


SPELLINGS = {
    "RRULE:FREQ=DAILY": "FREQ=DAILY",
    "rrule:freq=weekly;byday=we,mo": "FREQ=WEEKLY;BYDAY=MO,WE",
    "WKST=MO;INTERVAL=01;FREQ=DAILY": "FREQ=DAILY",
    "FREQ=MONTHLY;BYDAY=+1MO,-1FR,+1MO": "FREQ=MONTHLY;BYDAY=-1FR,1MO",
    "FREQ=DAILY;BYSECOND=59,60": "FREQ=DAILY;BYSECOND=59",
    "FREQ=DAILY;UNTIL=00010203T040506Z": "FREQ=DAILY;UNTIL=00010203T040506Z",
    "BYSETPOS=-1;BYDAY=MO;FREQ=MONTHLY;COUNT=07": "FREQ=MONTHLY;COUNT=7;BYDAY=MO;BYSETPOS=-1",
}


@pytest.mark.parametrize(("text", "expected"), SPELLINGS.items())
def test_a_rule_has_one_spelling(text: str, expected: str) -> None:
    assert canonical(parse(text)) == expected


@given(random=st.randoms(use_true_random=False))
def test_a_rule_survives_the_round_trip(random: Random) -> None:
    rule, _ = random_rule(random)
    text = canonical(rule)
    try:
        assert parse(text) == parse(f"RRULE:{text.lower()}") == rule
    except InvalidRule as reason:
        assert str(reason) == "It never fires."  # noqa: PT017 - most rules do


@given(
    text=st.text(max_size=60)
    | st.lists(
        st.sampled_from(
            [
                "FREQ=DAILY",
                "FREQ=YEARLY",
                "BYDAY=MO",
                "COUNT=2",
                "UNTIL=2026",
                "=",
                "BYMONTH=2,30",
                "",
            ]
        )
    ).map(";".join)
)
def test_any_other_text_is_refused_and_not_repeated(text: str) -> None:
    try:
        rule = parse(text)
    except InvalidRule:
        return
    assert parse(canonical(rule)) == rule


def test_the_anchor_is_the_first_occurrence_though_the_rule_does_not_have_it() -> None:
    tuesdays = parse("FREQ=WEEKLY;BYDAY=TU;COUNT=3")
    monday = date(2026, 11, 23)
    tuesday = timedelta(days=1)
    assert list(occurrences(tuesdays, monday)) == [
        monday,
        monday + tuesday,
        monday + tuesday + timedelta(days=7),
    ]


def test_the_thirty_first_stays_the_thirty_first_after_shorter_months() -> None:
    rule, anchor = parse("FREQ=MONTHLY"), date(2026, 1, 31)
    assert next_due(rule, anchor, anchor) == date(2026, 3, 31)
    assert next_due(rule, anchor, date(2026, 4, 2)) == date(2026, 5, 31)


def test_a_count_and_an_interval_go_by_the_anchor_wherever_the_due_is_now() -> None:
    rule, anchor = parse("FREQ=DAILY;INTERVAL=3;COUNT=3"), date(2026, 1, 1)
    assert next_due(rule, anchor, date(2026, 1, 2)) == date(2026, 1, 4)
    assert next_due(rule, anchor, date(2026, 1, 5)) == date(2026, 1, 7)
    assert next_due(rule, anchor, date(2026, 1, 7)) is None
    assert next_due(rule, anchor, date(2025, 12, 1)) == anchor


def test_the_last_day_of_until_belongs_to_the_series() -> None:
    morning = datetime.combine(date(2026, 1, 1), time(9))
    last = morning + timedelta(days=2)
    for until in ("20260103", "20260103T090000", "20260103T090000Z"):
        assert list(occurrences(parse(f"FREQ=DAILY;UNTIL={until}"), morning))[-1] == last
    early = parse("FREQ=DAILY;UNTIL=20260103T085959Z")
    assert list(occurrences(early, morning))[-1] == last - timedelta(days=1)


def test_an_until_in_utc_is_an_instant_of_the_zone() -> None:
    rule, morning = (
        parse("FREQ=DAILY;UNTIL=20260703T010000Z"),
        datetime.combine(date(2026, 7, 1), time(2)),
    )
    assert len(list(occurrences(rule, morning))) == 2
    assert len(list(occurrences(rule, morning, zone="Europe/Berlin"))) == 3
    assert len(list(occurrences(rule, morning, zone="America/New_York"))) == 2


def test_a_series_of_days_ends_with_the_calendar() -> None:
    for text in ("FREQ=DAILY", "FREQ=WEEKLY;WKST=SU", "FREQ=MONTHLY", "FREQ=YEARLY"):
        rule, last = parse(text), date.max - timedelta(days=1)
        assert [*occurrences(rule, last)][:1] == [last]
        assert next_due(rule, date.max, date.max) is None
        assert next_due(rule, date.min, date.min) is not None
    assert next_due(parse("FREQ=DAILY"), date.max - timedelta(days=1), date.min) is not None


def test_a_rule_with_times_needs_a_time() -> None:
    for text in ("FREQ=HOURLY", "FREQ=MINUTELY", "FREQ=DAILY;BYHOUR=9", "FREQ=DAILY;BYMINUTE=9"):
        rule = parse(text)
        with pytest.raises(InvalidRule, match="needs a time"):
            check_anchor(rule, date(2026, 1, 1))
        check_anchor(rule, datetime.combine(date(2026, 1, 1), time()))


def test_a_rule_that_never_comes_again_from_its_anchor_is_refused() -> None:
    tuesday = date(2026, 11, 24)
    for text in ("FREQ=DAILY;INTERVAL=7;BYDAY=MO", "FREQ=MONTHLY;INTERVAL=12;BYMONTH=3"):
        with pytest.raises(InvalidRule, match="never fires again"):
            check_anchor(parse(text), tuesday)
    with pytest.raises(InvalidRule, match="never fires again"):
        check_anchor(parse("FREQ=MONTHLY;BYMONTH=2"), date(2026, 1, 31))
    check_anchor(parse("FREQ=DAILY;COUNT=1"), tuesday)
    check_anchor(parse("FREQ=DAILY;UNTIL=20200101"), tuesday)


@pytest.mark.parametrize("week", [1, 2, 52, 53, -1, -2, -52, -53])
def test_weeks_are_numbered_as_pythons_calendar_does(week: int) -> None:
    day, last = date(2001, 1, 1), date(2401, 1, 7)
    rule = parse(f"FREQ=YEARLY;BYWEEKNO={week};BYDAY=SA,SU,MO,TH;UNTIL={last:%Y%m%d}")
    found = set(occurrences(rule, day))
    for each in (day + timedelta(days=n) for n in range(1, (last - day).days + 1)):
        year, number, _ = each.isocalendar()
        weeks = date(year, 12, 28).isocalendar().week
        is_meant = week in {number, number - weeks - 1} and each.weekday() in {0, 3, 5, 6}
        assert (each in found) == is_meant, each


def test_a_week_of_the_year_beside_is_alike_whichever_years_were_looked_at_before() -> None:
    rule = parse("FREQ=YEARLY;INTERVAL=3;BYMONTHDAY=-2,8;BYWEEKNO=-53,2")
    anchor = datetime.fromisoformat("2026-02-21T12:59")
    some = list(islice(occurrences(rule, anchor), 60))
    for before, following in pairwise(some):
        assert next_due(rule, anchor, before) == following


def test_a_rule_that_fires_from_some_days_only_is_a_rule() -> None:
    thursday = date(2026, 12, 31)
    rule = parse("FREQ=YEARLY;BYWEEKNO=53;BYMONTH=12")  # never on a Saturday
    assert next_due(rule, thursday, thursday) == date(2032, 12, 30)


# What stops python-dateutil for seconds or minutes, and rules made to be as much work as can be.
ENDLESS: list[Rule] = [
    Rule("DAILY", by_month=(2,), by_month_day=(30,)),
    Rule("DAILY", interval=2, by_set_pos=(2,)),
    Rule("DAILY", interval=7, by_day=(Weekday(0, 0),)),
    Rule("WEEKLY", by_month=(2,), by_day=(Weekday(0, 0),), by_set_pos=(5,)),
    Rule("YEARLY", by_month=(2,), by_month_day=(30,)),
    Rule("YEARLY", by_day=tuple(Weekday(0, day) for day in range(7)), by_set_pos=(-367,)),
    Rule("MONTHLY", by_day=tuple(Weekday(n, 0) for n in range(-53, 54)), by_set_pos=(-366,)),
    Rule("MONTHLY", interval=12, by_month=(3,)),
    Rule("YEARLY", by_year_day=tuple(range(4, 90)), by_week_no=tuple(range(-20, 0))),
    Rule("YEARLY", by_month=(5,), by_week_no=(*range(-53, 0), *range(1, 54)), by_set_pos=(40,)),
    Rule("HOURLY", interval=24, by_hour=(5,)),
    Rule("HOURLY", interval=9_999, by_year_day=(366,), by_hour=(5,), by_minute=(1, 2, 3)),
    Rule("MINUTELY", interval=1_440, by_minute=(5,)),
    Rule("MINUTELY", by_hour=tuple(range(24)), by_minute=tuple(range(60)), by_set_pos=(2,)),
]


@pytest.mark.parametrize("rule", ENDLESS, ids=canonical)
def test_a_rule_that_never_fires_is_given_up_after_a_bounded_search(rule: Rule) -> None:
    anchor = datetime.combine(date(2026, 11, 24), time(9))
    series = Series(rule, anchor)
    assert [moment for moment in series.moments(anchor) if moment > anchor] == []
    assert series.periods <= MOST_PERIODS
    assert series.months <= MOST_MONTHS + 12 * 50


@pytest.mark.parametrize("text", ["DAILY", "WEEKLY", "MONTHLY", "YEARLY", "HOURLY", "MINUTELY"])
def test_the_next_of_a_series_of_twenty_years_is_as_near_as_that_of_a_day(text: str) -> None:
    anchor = datetime.combine(date(2006, 1, 5), time(9))
    series = Series(parse(f"FREQ={text}"), anchor)
    now = datetime.combine(date(2026, 11, 25), time(8, 59))
    assert next(moment for moment in series.moments(now) if moment > now) > now
    assert series.periods <= 2


@pytest.mark.parametrize(
    "text", ["DAILY", "WEEKLY;BYDAY=MO,FR", "MONTHLY;BYDAY=1MO", "MINUTELY;BYHOUR=9"]
)
def test_the_largest_count_is_counted_to_its_end(text: str) -> None:
    anchor = datetime.combine(date(2026, 1, 5), time(9))
    found = list(occurrences(parse(f"FREQ={text};COUNT=1000"), anchor))
    assert len(found) == 1000
    assert next_due(parse(f"FREQ={text};COUNT=1000"), anchor, found[-2]) == found[-1]
    assert next_due(parse(f"FREQ={text};COUNT=1000"), anchor, found[-1]) is None


def test_an_hour_that_a_clock_skips_is_not_counted() -> None:
    rule, start = parse("FREQ=HOURLY;COUNT=4"), datetime(2026, 3, 29, 1, 30)  # noqa: DTZ001 - a clock
    found = [each.hour for each in occurrences(rule, start, zone="Europe/Berlin")]
    assert found == [1, 2, 4, 5]


def test_a_count_that_takes_centuries_ends_where_whoever_looks_later_finds_its_end() -> None:
    rule = parse("FREQ=YEARLY;COUNT=29;INTERVAL=5;BYDAY=-1FR,5SU,10SA;BYMONTHDAY=1,3,23")
    anchor = datetime.fromisoformat("2029-05-12T03:39")
    some = list(occurrences(rule, anchor))
    assert some[-1].year > 2129
    for before, following in pairwise([*some, None]):
        assert before is not None
        assert next_due(rule, anchor, before) == following


def test_what_suits_any_anchor_goes_on_from_each() -> None:
    random = Random(7)  # noqa: S311 - the same for everybody
    last_days = ("2027-01-31", "2027-10-31", "2027-12-31", "0004-02-29", "2096-02-29")
    suiting = 0
    while suiting < 150:
        rule, anchor = random_rule(random)
        rule = replace(rule, interval=random.choice((1, rule.interval, 12, 52, 99, 100)))
        try:
            parse(canonical(rule))
        except InvalidRule:
            continue
        if suits_any_anchor(rule):
            suiting += 1
            check_anchor(rule, anchor.replace(year=random.randrange(1, 8_000), day=28))
            check_anchor(rule, datetime.fromisoformat(random.choice(last_days)))
    for text in ("WEEKLY;INTERVAL=2;BYDAY=MO,FR", "DAILY;INTERVAL=3;BYHOUR=9", "MONTHLY;BYDAY=5TU"):
        assert suits_any_anchor(parse(f"FREQ={text}"))
