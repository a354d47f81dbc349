"""The periods of a rule: years, months, weeks, days, hours or minutes, each with a number."""

from datetime import date, datetime, time

from backend.core.recurrence.days import month_number, month_span, year_span
from backend.core.recurrence.rules import Rule

_HOURS, _MINUTES = 24, 24 * 60  # of a day


class Periods:
    """Every `interval`th period, counted from that of the anchor."""

    def __init__(self, rule: Rule, anchor: datetime) -> None:
        self._freq = rule.freq
        self._interval = rule.interval
        self._week_start = rule.week_start
        self._first = self.number(anchor)
        self._last = self.number(datetime.combine(date.max, time.max))

    def number(self, moment: datetime) -> int:
        """Which period of its kind a moment lies in, be it one of the rule's or not."""
        day = moment.toordinal()
        match self._freq:
            case "YEARLY":
                return moment.year
            case "MONTHLY":
                return month_number(day)
            case "WEEKLY":
                return (day - 1 - self._week_start) // 7
            case "DAILY":
                return day
            case "HOURLY":
                return day * _HOURS + moment.hour
            case "MINUTELY":
                return day * _MINUTES + moment.hour * 60 + moment.minute

    def span(self, number: int) -> tuple[int, int]:
        """The first and the last day of a period, as ordinals."""
        match self._freq:
            case "YEARLY":
                return year_span(number)
            case "MONTHLY":
                return month_span(number)
            case "WEEKLY":
                first = number * 7 + 1 + self._week_start
                return first, first + 6
            case "DAILY":
                day = number
            case "HOURLY":
                day = number // _HOURS
            case "MINUTELY":
                day = number // _MINUTES
        return day, day

    def since(self, number: int) -> int | None:
        """The first of the rule's periods that is not before one; None after the year 9999."""
        steps = max(0, -((self._first - number) // self._interval))
        found = self._first + steps * self._interval
        return found if found <= self._last else None

    def holding(self, moment: datetime) -> int:
        """The last of the rule's periods that does not begin after a moment; at least the first."""
        steps = max(0, (self.number(moment) - self._first) // self._interval)
        return self._first + steps * self._interval

    def of_day(self, day: int) -> int:
        """The period in which a day begins."""
        return self.number(datetime.combine(date.fromordinal(day), time()))

    def clock(self, number: int) -> tuple[int | None, int | None]:
        """The hour and the minute that a period is; None where it has all of them."""
        match self._freq:
            case "HOURLY":
                return number % _HOURS, None
            case "MINUTELY":
                return number % _MINUTES // 60, number % 60
            case _:
                return None, None
