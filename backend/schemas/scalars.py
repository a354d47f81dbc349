"""Values that PostgreSQL can keep and every client can show."""

import re
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator
from pydantic_core import PydanticCustomError

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


Storable = AfterValidator(_refuse_unstorable)
"""Put it last, so that what it sees is what is stored."""

DecimalInt = Annotated[int, BeforeValidator(_read_decimal)]
"""An integer of a query: decimal digits only, where Python's `int` also takes `1_0` and ` 1 `."""
