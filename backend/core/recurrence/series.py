"""The occurrences of a rule, period by period, so that every rule is done with in bounded time."""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time
from typing import Final, overload

from backend.core.recurrence.days import Days
from backend.core.recurrence.periods import Periods
from backend.core.recurrence.rules import InvalidRule, Rule, Weekday
from backend.core.zones import load_zone

# What may be looked at for one occurrence, or with COUNT, which counts from the anchor, for a whole
# series: 50 ms at the very worst. Nobody's rule needs nearly as much.
MOST_PERIODS: Final = 5_000
MOST_MONTHS: Final = 1_200

_MIDNIGHT: Final = time()
_ANY_START: Final = datetime.combine(date(2000, 1, 1), _MIDNIGHT)  # a day and an hour that all have


class Series:
    """A rule that starts somewhere.

    Attributes:
        periods: How many were looked at since the last rest; the measure of its work.
    """

    def __init__(self, rule: Rule, anchor: datetime) -> None:
        self._rule = rule = _completed(rule, anchor)
        self._periods = Periods(rule, anchor)
        self._days = Days(rule)
        self.periods = 0
        self._times = [
            time(hour, minute, second)
            for hour in rule.by_hour
            for minute in rule.by_minute
            for second in rule.by_second
        ]

    @property
    def months(self) -> int:
        """How many were looked at since the last rest."""
        return self._days.looked

    def rest(self) -> None:
        """Begin to count the work anew: an occurrence was found."""
        self.periods = self._days.looked = 0

    def moments(self, floor: datetime) -> Iterator[datetime]:
        """All moments from a day on, in order, and perhaps some before it."""
        number: int | None = self._periods.holding(floor)
        while number is not None and self._may_go_on():
            self.periods += 1
            first, last = self._periods.span(number)
            if days := self._days.between(first, last):
                hour, minute = self._periods.clock(number)
                if times := self._times_at(hour, minute):
                    yield from self._select(days, times, floor)
                    number = self._periods.since(number + 1)
                else:
                    number = self._periods.since(number + self._wait(hour, minute))
            else:
                day = self._days.following(last)
                number = self._periods.since(self._periods.of_day(day)) if day else None

    def _may_go_on(self) -> bool:
        return self.periods < MOST_PERIODS and self._days.looked < MOST_MONTHS

    def _times_at(self, hour: int | None, minute: int | None) -> Sequence[time]:
        """The times of a period; there are none where BYHOUR or BYMINUTE excludes it."""
        rule = self._rule
        if hour is None:
            return self._times
        if rule.by_hour and hour not in rule.by_hour:
            return ()
        if minute is None:
            return [time(hour, each, rule.by_second[0]) for each in rule.by_minute]
        if rule.by_minute and minute not in rule.by_minute:
            return ()
        return (time(hour, minute, rule.by_second[0]),)

    def _wait(self, hour: int | None, minute: int | None) -> int:
        """How many hours or minutes there are at least until a period that has times."""
        rule = self._rule
        if hour is not None and rule.by_hour and hour not in rule.by_hour:
            hours = min((each - hour) % 24 for each in rule.by_hour)
            return hours if minute is None else hours * 60 - minute
        return min((each - (minute or 0)) % 60 for each in rule.by_minute)

    def _select(
        self, days: Sequence[int], times: Sequence[time], floor: datetime
    ) -> Iterator[datetime]:
        """Days by times, or those of them that BYSETPOS picks."""
        if not self._rule.by_set_pos:
            for day in days[bisect_left(days, floor.toordinal()) :]:
                yield from (datetime.combine(date.fromordinal(day), each) for each in times)
            return
        size = len(days) * len(times)
        picked = {n - 1 if n > 0 else size + n for n in self._rule.by_set_pos if abs(n) <= size}
        for index in sorted(picked):
            day, at = divmod(index, len(times))
            yield datetime.combine(date.fromordinal(days[day]), times[at])


def _completed(rule: Rule, anchor: datetime) -> Rule:
    """The rule with what it takes from its anchor (RFC 5545, section 3.3.10, the table's end)."""
    dayless = not (rule.by_day or rule.by_month_day or rule.by_year_day)
    if dayless and (rule.freq == "WEEKLY" or rule.by_week_no):
        rule = replace(rule, by_day=(Weekday(0, anchor.weekday()),))
    elif dayless and rule.freq in {"YEARLY", "MONTHLY"}:
        month = (anchor.month,) if rule.freq == "YEARLY" else ()
        rule = replace(rule, by_month_day=(anchor.day,), by_month=rule.by_month or month)
    hour = () if rule.freq in {"HOURLY", "MINUTELY"} else (anchor.hour,)
    return replace(
        rule,
        by_hour=rule.by_hour or hour,
        by_minute=rule.by_minute or (() if rule.freq == "MINUTELY" else (anchor.minute,)),
        by_second=rule.by_second or (anchor.second,),
    )


@overload
def occurrences(
    rule: Rule, anchor: datetime, after: date | None = None, zone: str | None = None
) -> Iterator[datetime]: ...
@overload
def occurrences(
    rule: Rule, anchor: date, after: date | None = None, zone: str | None = None
) -> Iterator[date]: ...
def occurrences(
    rule: Rule, anchor: date, after: date | None = None, zone: str | None = None
) -> Iterator[date]:
    """The occurrences of a series, in order.

    The anchor is always the first one, whether the rule has it or not (RFC 5545, section 3.8.5.3),
    and what COUNT and INTERVAL count from. Those after it are wall-clock times. In a zone, one that
    is not after the one before, because a gap of the zone's clock moved that one, is left out.

    Args:
        rule: The rule.
        anchor: The first due: a day, or a time without a zone.
        after: Where to begin: only what is after it is given. Without COUNT, what lies between
            the two costs nothing.
        zone: The name of the zone whose clock it is; None for none, or for UTC.

    Raises:
        InvalidRule: when the rule speaks of times and the anchor is a day.
    """
    if rule.needs_time and not isinstance(anchor, datetime):
        raise InvalidRule("A rule with hours or minutes needs a time to start from.")
    start, begin = _moment(anchor), _moment(after or date.min)
    if after is None or start > begin:
        yield anchor
    series, place, counted = Series(rule, start), max(start, begin), 1
    before = start if rule.count else place
    for moment in series.moments(before):
        # An hour that a clock skips is the one behind it: it is neither given nor counted twice.
        if moment <= before or (zone is not None and not _is_later(moment, before, zone)):
            continue
        before = moment
        counted += 1
        if counted > (rule.count or counted) or _is_past(moment, rule.until, zone):
            return
        if moment > place:
            yield moment if isinstance(anchor, datetime) else moment.date()
            place = moment
            if not rule.count:  # which is counted from the anchor, by whoever begins later, too
                series.rest()


@overload
def next_due(
    rule: Rule, anchor: datetime, after: date, zone: str | None = None
) -> datetime | None: ...
@overload
def next_due(rule: Rule, anchor: date, after: date, zone: str | None = None) -> date | None: ...
def next_due(rule: Rule, anchor: date, after: date, zone: str | None = None) -> date | None:
    """The first of the `occurrences` after a moment; None when the series is over."""
    return next(occurrences(rule, anchor, after, zone), None)


def ever_fires(rule: Rule) -> bool:
    """Whether any anchor makes it fire."""
    dayless = not (rule.by_day or rule.by_month_day or rule.by_year_day)
    any_day = tuple(Weekday(0, day) for day in range(7)) if dayless and rule.by_week_no else ()
    eager = replace(rule, interval=1, count=None, until=None, by_day=rule.by_day or any_day)
    reachable = not rule.by_set_pos or min(map(abs, rule.by_set_pos)) <= _largest_set(rule)
    return reachable and next_due(eager, _ANY_START, _ANY_START) is not None


def _largest_set(rule: Rule) -> int:
    """How many moments a period has at most, for BYSETPOS to pick from."""
    hours, minutes = max(1, len(rule.by_hour)), max(1, len(rule.by_minute))
    match rule.freq:
        case "MINUTELY":
            return 1
        case "HOURLY":
            return minutes
        case "DAILY":
            return hours * minutes
        case "WEEKLY":
            return max(1, len(rule.by_day)) * hours * minutes
        case "MONTHLY":
            return 31 * hours * minutes
        case "YEARLY":
            return 366 * hours * minutes


def _moment(when: date) -> datetime:
    return when if isinstance(when, datetime) else datetime.combine(when, _MIDNIGHT)


def _is_later(moment: datetime, than: datetime, zone: str) -> bool:
    """Not by comparing the two: Python compares times of one zone by what their clock shows."""
    return _aware(moment, zone).timestamp() > _aware(than, zone).timestamp()


def _aware(moment: datetime, zone: str | None) -> datetime:
    return moment.replace(tzinfo=load_zone(zone) if zone else UTC)


def _is_past(moment: datetime, until: date | None, zone: str | None) -> bool:
    """Whether UNTIL is over: by the day, by the wall clock or, in UTC, by the instant."""
    if until is None:
        return False
    if not isinstance(until, datetime):
        return moment.date() > until
    if until.tzinfo is None:
        return moment > until
    return _aware(moment, zone) > until
