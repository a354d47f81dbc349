"""The days that a rule's BY parts leave, month by month, as ordinals: 1 is 1 January of year 1."""

from calendar import isleap, monthrange
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Final

from backend.core.recurrence.rules import Rule

LAST_DAY: Final = date.max.toordinal()
_LAST_MONTH: Final = date.max.year * 12 + 11
# The calendar has 28 kinds of year, with what their neighbours are, and none of them stays away for
# longer than 40 years. INTERVAL
# has no say in what a day is: one that does not come within so many months never comes.
_SEARCHED: Final = 12 * 50
_KEPT: Final = 16


def month_number(day: int) -> int:
    """Months since the year 0, of a day."""
    found = date.fromordinal(day)
    return found.year * 12 + found.month - 1


def month_span(number: int) -> tuple[int, int]:
    """The first and the last day of a month."""
    year, before = divmod(number, 12)
    first = date(year, before + 1, 1).toordinal()
    return first, first + monthrange(year, before + 1)[1] - 1


def year_span(year: int) -> tuple[int, int]:
    """The first and the last day of a year, be it 0 or 10 000, which Python's calendar has not."""
    before = year - 1
    first = before * 365 + before // 4 - before // 100 + before // 400 + 1
    return first, first + 364 + isleap(year)


class Days:
    """The days of a rule that says which ones; what it would take from its start is filled in.

    Attributes:
        looked: Months looked at so far; the measure of its work.
    """

    def __init__(self, rule: Rule) -> None:
        self.looked = 0
        self._rule = rule
        self._every = frozenset(each.day for each in rule.by_day if not each.ordinal)
        self._numbered = frozenset(each for each in rule.by_day if each.ordinal)
        self._by_year = rule.freq == "YEARLY" and not rule.by_month  # what ordinals count within
        self._months: dict[int, Sequence[int]] = {}
        self._places_by_size: dict[int, Sequence[int]] = {}
        self._places_by_kind: dict[tuple[int, int, bool, bool], frozenset[int]] = {}

    def between(self, first: int, last: int) -> list[int]:
        """Those of a span, in order."""
        first, last = max(first, 1), min(last, LAST_DAY)
        months = range(month_number(first), month_number(last) + 1)
        return [day for number in months for day in self._month(number) if first <= day <= last]

    def following(self, day: int) -> int | None:
        """The first one after a day; None if there is none."""
        if day >= LAST_DAY:
            return None
        start = month_number(day + 1)
        for number in range(start, min(start + _SEARCHED, _LAST_MONTH) + 1):
            for found in self._month(number):
                if found > day:
                    return found
        return None

    def _month(self, number: int) -> Sequence[int]:
        if self._rule.by_month and number % 12 + 1 not in self._rule.by_month:
            return ()
        if number not in self._months:
            if len(self._months) >= _KEPT:
                self._months.clear()
            self.looked += 1
            self._months[number] = self._days_of_month(number)
        return self._months[number]

    def _days_of_month(self, number: int) -> Sequence[int]:
        year, (first, last) = number // 12, month_span(number)
        days: Sequence[int] = [first + place for place in self._places(last - first + 1)]
        if self._rule.by_year_day or self._rule.by_week_no:
            places, start = self._places_of_year(year), year_span(year)[0]
            days = [day for day in days if day - start in places]
        if self._rule.by_day:
            span = year_span(year) if self._by_year else (first, last)
            days = [day for day in days if self._is_weekday(day, *span)]
        return days

    def _places(self, size: int) -> Sequence[int]:
        """What BYMONTHDAY leaves of a month with so many days, counted from 0."""
        if not self._rule.by_month_day:
            return range(size)
        if size not in self._places_by_size:
            numbers = (n for n in self._rule.by_month_day if abs(n) <= size)
            self._places_by_size[size] = sorted({n - 1 if n > 0 else size + n for n in numbers})
        return self._places_by_size[size]

    def _is_weekday(self, day: int, first: int, last: int) -> bool:
        """Whether BYDAY has it; first and last are those of the month or year."""
        weekday = (day - 1) % 7
        return weekday in self._every or not self._numbered.isdisjoint(
            (((day - first) // 7 + 1, weekday), ((day - last - 1) // 7, weekday))
        )

    def _places_of_year(self, year: int) -> frozenset[int]:
        """What BYYEARDAY and BYWEEKNO leave of a year, counted from 0; alike in all of its kind."""
        first, last = year_span(year)
        # How many weeks the years beside have, from whose end they may be counted, says their size.
        kind = (last - first, first % 7, isleap(year - 1), isleap(year + 1))
        if kind not in self._places_by_kind:
            size = last - first + 1
            found = frozenset(range(size))
            if self._rule.by_year_day:
                found &= {n - 1 if n > 0 else size + n for n in self._rule.by_year_day}
            if self._rule.by_week_no:
                weeks = (self._weeks(year + each) for each in (-1, 0, 1))
                found &= {day - first for days in weeks for day in days}
            self._places_by_kind[kind] = found
        return self._places_by_kind[kind]

    def _weeks(self, year: int) -> Iterable[int]:
        """The days of the weeks in BYWEEKNO, some perhaps of the years beside.

        Week 1 is the first one with four days in the year, so the fourth day of a week is always in
        the year of its number.
        """
        first, last = year_span(year)
        fourth = first + (self._rule.week_start + 3 - (first - 1)) % 7
        weeks = (last - fourth) // 7 + 1
        for n in self._rule.by_week_no:
            if -weeks <= n <= weeks:
                start = fourth - 3 + 7 * (n - 1 if n > 0 else weeks + n)
                yield from range(start, start + 7)
