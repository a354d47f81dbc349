"""From the text of a recurrence rule to a rule that fires, or the reason why there is none."""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Any, Final

from backend.core.recurrence.rules import LONGEST, MOST, WEEKDAYS, InvalidRule, Rule, Weekday
from backend.core.recurrence.series import ever_fires

_LARGEST_INTERVAL: Final = 9_999
_LEAP_SECOND: Final = 60
_KEPT: Final = 256  # a request reads its rule several times

_FREQUENCY: Final = re.compile("YEARLY|MONTHLY|WEEKLY|DAILY|HOURLY|MINUTELY")
_NUMBER: Final = re.compile("[0-9]{1,4}")
_WEEKDAY: Final = re.compile(rf"([+-]?[0-9]{{1,2}})?({'|'.join(WEEKDAYS)})")
_UNTIL: Final = re.compile("([0-9]{8})(?:T([0-9]{6})(Z)?)?")

_Reader = Callable[[str], Any]


@lru_cache(_KEPT)
def parse(text: str) -> Rule:
    """The rule that a text is, with or without `RRULE:` before it, in any case.

    Raises:
        InvalidRule: for what is no rule, what fires more than once a minute, and what never fires,
            whatever it starts from.
    """
    if len(text) > LONGEST or not text.isascii():
        raise InvalidRule(f"It has at most {LONGEST} characters, all of them ASCII.")
    rule = Rule(**_fields(text.upper().removeprefix("RRULE:")))
    _check(rule)
    if not ever_fires(rule):
        raise InvalidRule("It never fires.")
    return rule


def _fields(text: str) -> dict[str, Any]:
    """The attributes of a rule by the parts that name them."""
    fields: dict[str, Any] = {}
    for part in text.split(";"):
        name, _, value = part.partition("=")
        if name not in PARTS:
            raise InvalidRule("It is made of parts such as FREQ=WEEKLY;BYDAY=MO, and no others.")
        field, read = PARTS[name]
        if field in fields:
            raise InvalidRule(f"It has {name} twice.")
        try:
            fields[field] = read(value)
        except ValueError as error:
            raise InvalidRule(f"{name} {error}") from None
    if "freq" not in fields:
        raise InvalidRule("It needs a FREQ.")
    return fields


def _frequency(text: str) -> str:
    if text == "SECONDLY":
        raise ValueError("fires more than once a minute.")
    if not _FREQUENCY.fullmatch(text):
        raise ValueError("is YEARLY, MONTHLY, WEEKLY, DAILY, HOURLY or MINUTELY.")
    return text


def _number(largest: int) -> _Reader:
    def read(text: str) -> int:
        if not _NUMBER.fullmatch(text) or not 1 <= int(text) <= largest:
            raise ValueError(f"is a number from 1 to {largest}.")
        return int(text)

    return read


def _numbers(smallest: int, largest: int) -> _Reader:
    """Reads a list of numbers within bounds; where 1 is the smallest, also from the end."""
    number = re.compile("[+-]?[0-9]{1,3}" if smallest else "[0-9]{1,2}")

    def read(text: str) -> tuple[int, ...]:
        items = text.split(",")
        if not all(map(number.fullmatch, items)) or not all(
            smallest <= abs(int(item)) <= largest for item in items
        ):
            raise ValueError(f"has numbers from {smallest} to {largest}.")
        return tuple(sorted(set(map(int, items))))

    return read


def _months(text: str) -> tuple[int, ...]:
    months: tuple[int, ...] = _numbers(1, 12)(text)
    if months[0] < 0:
        raise ValueError("has no months from the end.")
    return months


def _seconds(text: str) -> tuple[int, ...]:
    """A leap second is the second before (RFC 5545, section 3.3.12)."""
    return tuple(sorted({min(second, _LEAP_SECOND - 1) for second in _numbers(0, 60)(text)}))


def _weekdays(text: str) -> tuple[Weekday, ...]:
    return tuple(sorted(set(map(_weekday, text.split(",")))))


def _weekday(text: str) -> Weekday:
    match = _WEEKDAY.fullmatch(text)
    if not match or (match[1] and not 1 <= abs(int(match[1])) <= 53):  # noqa: PLR2004 - weeks
        raise ValueError("has days such as MO, 1MO or -1MO, up to 53.")
    return Weekday(int(match[1] or 0), WEEKDAYS.index(match[2]))


def _week_start(text: str) -> int:
    if text not in WEEKDAYS:
        raise ValueError("is a day such as MO.")
    return WEEKDAYS.index(text)


def _until(text: str) -> date | datetime:
    """A day, a local time or an instant in UTC."""
    match = _UNTIL.fullmatch(text)
    try:
        if match and match[2]:
            moment = datetime.fromisoformat(f"{match[1]}T{match[2]}")
            return moment.replace(tzinfo=UTC) if match[3] else moment
        if match:
            return date.fromisoformat(match[1])
    except ValueError:
        pass
    raise ValueError("is such as 20261231, 20261231T170000 or 20261231T170000Z.")


PARTS: Final[dict[str, tuple[str, _Reader]]] = {
    "FREQ": ("freq", _frequency),
    "UNTIL": ("until", _until),
    "COUNT": ("count", _number(MOST)),
    "INTERVAL": ("interval", _number(_LARGEST_INTERVAL)),
    "BYSECOND": ("by_second", _seconds),
    "BYMINUTE": ("by_minute", _numbers(0, 59)),
    "BYHOUR": ("by_hour", _numbers(0, 23)),
    "BYDAY": ("by_day", _weekdays),
    "BYMONTHDAY": ("by_month_day", _numbers(1, 31)),
    "BYYEARDAY": ("by_year_day", _numbers(1, 366)),
    "BYWEEKNO": ("by_week_no", _numbers(1, 53)),
    "BYMONTH": ("by_month", _months),
    "BYSETPOS": ("by_set_pos", _numbers(1, 366)),
    "WKST": ("week_start", _week_start),
}


def _check(rule: Rule) -> None:
    """Refuse what the RFC says a rule MUST NOT have, and what fires too often."""
    for wrong, reason in (
        (rule.count and rule.until, "COUNT and UNTIL exclude each other."),
        (len(rule.by_second) > 1, "It fires more than once a minute."),
        (
            rule.by_month_day and rule.freq == "WEEKLY",
            "BYMONTHDAY does not go with FREQ=WEEKLY.",
        ),
        (
            rule.by_year_day and rule.freq in {"MONTHLY", "WEEKLY", "DAILY"},
            "BYYEARDAY goes with FREQ=YEARLY, HOURLY or MINUTELY only.",
        ),
        (rule.by_week_no and rule.freq != "YEARLY", "BYWEEKNO goes with FREQ=YEARLY only."),
        (
            any(each.ordinal for each in rule.by_day)
            and (rule.freq not in {"YEARLY", "MONTHLY"} or rule.by_week_no),
            "BYDAY has numbers with FREQ=MONTHLY, and with FREQ=YEARLY without BYWEEKNO, only.",
        ),
        (rule.by_set_pos and not _has_set(rule), "BYSETPOS needs another BY part."),
    ):
        if wrong:
            raise InvalidRule(reason)


def _has_set(rule: Rule) -> bool:
    return bool(
        rule.by_second
        or rule.by_minute
        or rule.by_hour
        or rule.by_day
        or rule.by_month_day
        or rule.by_year_day
        or rule.by_week_no
        or rule.by_month
    )
