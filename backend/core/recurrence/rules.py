"""A recurrence rule as a value, and its one spelling (RFC 5545, section 3.3.10)."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Final, Literal, NamedTuple

Frequency = Literal["YEARLY", "MONTHLY", "WEEKLY", "DAILY", "HOURLY", "MINUTELY"]

WEEKDAYS: Final = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
"""As rules name them, in the order of `date.weekday`."""

LONGEST: Final = 500
"""Characters of a rule."""

MOST: Final = 1_000
"""The largest COUNT: unlike UNTIL, it has to be counted from the first occurrence on."""


class InvalidRule(ValueError):  # noqa: N818 - a property of the text, not a fault of the program
    """It is no rule that Duly can follow; the message says why, without repeating any of it."""


class Weekday(NamedTuple):
    """One value of BYDAY.

    Attributes:
        ordinal: The how manieth of its month or year, from the end if negative; 0 for every one.
        day: 0 for Monday to 6 for Sunday.
    """

    ordinal: int
    day: int


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule; its lists are sorted and have no value twice.

    Attributes:
        until: The last moment: a day, a local time, or an instant in UTC.
        week_start: 0 for Monday to 6 for Sunday.
    """

    freq: Frequency
    interval: int = 1
    count: int | None = None
    until: date | datetime | None = None
    by_second: tuple[int, ...] = ()
    by_minute: tuple[int, ...] = ()
    by_hour: tuple[int, ...] = ()
    by_day: tuple[Weekday, ...] = ()
    by_month_day: tuple[int, ...] = ()
    by_year_day: tuple[int, ...] = ()
    by_week_no: tuple[int, ...] = ()
    by_month: tuple[int, ...] = ()
    by_set_pos: tuple[int, ...] = ()
    week_start: int = 0

    @property
    def needs_time(self) -> bool:
        """Whether it speaks of the time of day, so that a day alone cannot follow it."""
        return bool(
            self.freq in {"HOURLY", "MINUTELY"} or self.by_hour or self.by_minute or self.by_second
        )


def canonical(rule: Rule) -> str:
    """The one spelling of a rule: parts in the order of the grammar, none that says nothing."""
    parts = {
        "FREQ": rule.freq,
        "UNTIL": _until(rule.until),
        "COUNT": str(rule.count or ""),
        "INTERVAL": str(rule.interval) if rule.interval > 1 else "",
        "BYSECOND": _list(rule.by_second),
        "BYMINUTE": _list(rule.by_minute),
        "BYHOUR": _list(rule.by_hour),
        "BYDAY": ",".join(f"{each.ordinal or ''}{WEEKDAYS[each.day]}" for each in rule.by_day),
        "BYMONTHDAY": _list(rule.by_month_day),
        "BYYEARDAY": _list(rule.by_year_day),
        "BYWEEKNO": _list(rule.by_week_no),
        "BYMONTH": _list(rule.by_month),
        "BYSETPOS": _list(rule.by_set_pos),
        "WKST": WEEKDAYS[rule.week_start] if rule.week_start else "",
    }
    return ";".join(f"{name}={value}" for name, value in parts.items() if value)


def _list(values: tuple[int, ...]) -> str:
    return ",".join(map(str, values))


def _until(until: date | None) -> str:
    """Not by `strftime`, whose years before 1000 have fewer than four digits on Linux."""
    if until is None:
        return ""
    text = until.isoformat().replace("-", "").replace(":", "")
    return text.removesuffix("+0000") + ("Z" if text.endswith("+0000") else "")
