"""Values that PostgreSQL can keep and every client can show."""

import re
from datetime import UTC, date, datetime, time
from typing import Annotated

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    PlainSerializer,
    StringConstraints,
    WithJsonSchema,
)
from pydantic.config import JsonDict
from pydantic_core import PydanticCustomError

from backend.core.ids import parse_id
from backend.core.visibility import shows_something
from backend.core.zones import is_zone

_DECIMAL = re.compile(r"-?[0-9]{1,18}")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
# A `+` that was not escaped comes out of a query as a blank.
_INSTANT = re.compile(
    _DATE.pattern + r"T[0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?(Z|[-+ ][0-9]{2}:[0-9]{2})"
)
_TIME = re.compile(r"[0-9]{2}:[0-9]{2}(:[0-9]{2})?")


def _refuse_unstorable(value: str) -> str:
    if "\0" in value:
        raise PydanticCustomError("nul_character", "Text may not contain the NUL character.")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise PydanticCustomError(
            "string_unicode", "Text may not contain lone surrogates."
        ) from None
    return value


def _read_decimal(value: object) -> object:
    if isinstance(value, str):
        if not _DECIMAL.fullmatch(value):
            raise PydanticCustomError("int_parsing", "Input should be a decimal integer.")
        return int(value)
    return value


def _read_date(value: object) -> object:
    if isinstance(value, date) or (isinstance(value, str) and _DATE.fullmatch(value)):
        return value
    raise PydanticCustomError("date_parsing", "Input should be a date, YYYY-MM-DD.")


def _read_time(value: object) -> object:
    if isinstance(value, time) or (isinstance(value, str) and _TIME.fullmatch(value)):
        return value
    raise PydanticCustomError("time_parsing", "Input should be a time of day, HH:MM or HH:MM:SS.")


def _read_moment(value: object) -> object:
    if not isinstance(value, str):
        return value
    try:
        if _INSTANT.fullmatch(value):
            return datetime.fromisoformat(value.replace(" ", "+"))
    except ValueError:
        pass
    raise PydanticCustomError(
        "instant", "Input should be an instant with its offset: 2026-03-01T09:00:00Z."
    )


def _read_day_or_instant(value: object) -> object:
    if not isinstance(value, str):
        return value
    try:
        if _DATE.fullmatch(value):
            return date.fromisoformat(value)
        if _INSTANT.fullmatch(value):
            return datetime.fromisoformat(value.replace(" ", "+"))
    except ValueError:
        pass
    raise PydanticCustomError(
        "date_or_instant",
        "Input should be a date, YYYY-MM-DD, or an instant with its offset: 2026-03-01T09:00:00Z.",
    )


def _check_time_zone(value: str) -> str:
    if not is_zone(value):
        raise PydanticCustomError("time_zone", "Input should be an IANA time zone: Europe/Berlin.")
    return value


def _refuse_invisible(value: str) -> str:
    if not shows_something(value):
        raise PydanticCustomError("nothing_visible", "Text needs a visible character.")
    return value


def _show(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


Storable = AfterValidator(_refuse_unstorable)
"""Put it last, so that what it sees is what is stored."""

WithoutNul = Field(json_schema_extra={"pattern": r"^[^\u0000]*$"})
"""What JSON Schema can say of that: lone surrogates are not text for it."""

WITH_MARK: JsonDict = {"pattern": r"^[^\u0000]*[^\s\u0000][^\u0000]*$"}
WithMark = Field(json_schema_extra=WITH_MARK)
"""The same of a text that shows something; some characters are as invisible as blanks."""

AsVersion = Field(json_schema_extra={"format": "int64"})
"""For generators, whose integers may have 32 bits."""

Visible = AfterValidator(_refuse_invisible)
"""A text that people can find in a list, and touch."""

Instant = Annotated[
    datetime,
    PlainSerializer(_show, return_type=str, when_used="json"),
    WithJsonSchema({"type": "string", "format": "date-time"}),
]
"""A point in time, in the one form of all answers, which `database/projection.py` writes as well:
UTC as `+00:00` and six digits of a second, for clients that read by a pattern."""

Day = Annotated[date, BeforeValidator(_read_date)]
"""A date, `YYYY-MM-DD`, where pydantic would also take a number of seconds."""

Moment = Annotated[
    datetime,
    BeforeValidator(_read_moment),
    WithJsonSchema({"type": "string", "format": "date-time"}),
]
"""A date-time of RFC 3339 in a query: a point in time."""

DayOrInstant = Annotated[
    date | datetime,
    BeforeValidator(_read_day_or_instant),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "string", "format": "date"},
                {"type": "string", "format": "date-time"},
            ]
        }
    ),
]
"""A date, or a date-time of RFC 3339: a point in time."""

CLOCK = "([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9])?"
"""A time on the clock, as a regular expression for clients."""

TimeOfDay = Annotated[
    time,
    BeforeValidator(_read_time),
    WithJsonSchema({"type": "string", "pattern": f"^{CLOCK}$"}),
]
"""A time on the clock, `HH:MM` or `HH:MM:SS`; answers always have the seconds."""

TimeZone = Annotated[
    str,
    StringConstraints(strict=True, max_length=64),
    AfterValidator(_check_time_zone),
    Field(json_schema_extra={"pattern": "^[A-Za-z0-9_+/-]+$"}),
]
"""The IANA name of a time zone."""

DecimalInt = Annotated[int, BeforeValidator(_read_decimal)]
"""An integer of a query: decimal digits only, where Python's `int` also takes `1_0` and ` 1 `."""


def _read_parent(value: str) -> str:
    if value == "none" or parse_id(value):
        return value
    raise PydanticCustomError("parent_id", "Input should be a UUID, or none.")


ParentId = Annotated[
    str,
    AfterValidator(_read_parent),
    WithJsonSchema(
        {"anyOf": [{"type": "string", "format": "uuid"}, {"type": "string", "enum": ["none"]}]}
    ),
]
"""The id of a task; or `none`, which is no task."""
