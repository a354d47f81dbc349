"""When something is due, as clients write it: a date, a time without a zone, or an instant."""

import re
from datetime import UTC, date, datetime, time
from typing import Final, NamedTuple

_DATE: Final = re.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}")
# RFC 3339 with what `Date.toISOString`, `<input type="datetime-local">` and ISO 8601 leave out.
_MOMENT: Final = re.compile(
    rf"({_DATE.pattern})[Tt]((?:[01][0-9]|2[0-3]):[0-9]{{2}}(?::[0-9]{{2}})?)(?:[.,][0-9]{{1,9}})?"
    "([Zz]|[+-][0-9]{2}(?::?[0-5][0-9])?)?"
)


class Due(NamedTuple):
    """When something is due.

    Attributes:
        day: The day.
        at: The time of day; None for the whole day.
        zone: The name of the zone whose clock shows it, which makes it an instant; None for
            whatever clock is on the wall.
    """

    day: date
    at: time | None = None
    zone: str | None = None


def read_due(text: str) -> Due:
    """What a text says: `2026-03-01`, or a moment of ISO 8601 such as `2026-03-01T09:30:00.000Z`.

    A moment with `Z` or an offset is one in UTC; an offset says nothing about a zone's other days.
    Fractions of a second are cut off.

    Raises:
        ValueError: for anything else; it says why, without repeating any of it.
    """
    try:
        if _DATE.fullmatch(text):
            return Due(date.fromisoformat(text))
        if match := _MOMENT.fullmatch(text):
            return _read_moment(*match.groups())
    except (ValueError, OverflowError):
        raise ValueError("There is no such day or time.") from None
    raise ValueError("It is a date such as 2026-03-01, or a moment such as 2026-03-01T09:30:00Z.")


def _read_moment(day: str, at: str, offset: str | None) -> Due:
    if not offset:
        return Due(date.fromisoformat(day), time.fromisoformat(at))
    moment = datetime.fromisoformat(f"{day}T{at}{offset.upper()}").astimezone(UTC)
    return Due(moment.date(), moment.time(), "UTC")
