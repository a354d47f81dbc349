"""Values that PostgreSQL can keep and every client can show."""

import re
from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, PlainSerializer, WithJsonSchema
from pydantic_core import PydanticCustomError

from backend.core.visibility import shows_something

_DECIMAL = re.compile(r"-?[0-9]{1,18}")


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


def _refuse_invisible(value: str) -> str:
    if not shows_something(value):
        raise PydanticCustomError("nothing_visible", "Text needs a visible character.")
    return value


def _show(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


Storable = AfterValidator(_refuse_unstorable)
"""Put it last, so that what it sees is what is stored."""

Visible = AfterValidator(_refuse_invisible)
"""A text that people can find in a list, and touch."""

Instant = Annotated[
    datetime,
    PlainSerializer(_show, return_type=str, when_used="json"),
    WithJsonSchema({"type": "string", "format": "date-time"}),
]
"""A point in time, in the one form of all answers, which `database/projection.py` writes as well:
UTC as `+00:00` and six digits of a second, for clients that read by a pattern."""

DecimalInt = Annotated[int, BeforeValidator(_read_decimal)]
"""An integer of a query: decimal digits only, where Python's `int` also takes `1_0` and ` 1 `."""
