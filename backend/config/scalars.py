"""Settings of one value: switches, numbers, durations, words and folders."""

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from pydantic import BeforeValidator

from backend.core import rates

_WHOLE: Final = re.compile(r"[+-]?\d+(?:_\d+)*", re.ASCII)
_DURATION: Final = re.compile(r"([+-]?\d+(?:_\d+)*(?:\.\d+)?)\s*([a-z]*)", re.ASCII)
_UNITS: Final = {"": 1, "ms": 0.001, **rates.SECONDS}


def read_switch(value: object) -> object:
    """Whether something is on, in whatever words.

    Raises:
        ValueError: when it is neither.
    """
    if not isinstance(value, str):
        return value
    word = value.lower()
    if word in {"true", "on", "yes", "y", "t", "1", "enabled"}:
        return True
    if word in rates.OFF | {"n", "f", "0", "disabled"}:
        return False
    raise ValueError("must be true or false")


def read_whole(value: object) -> object:
    """A whole number.

    Raises:
        ValueError: when it is written as none, or in a way that others read as another number.
    """
    if not isinstance(value, str):
        return value
    if not _WHOLE.fullmatch(value):
        raise ValueError("must be a whole number such as 8000, without point, comma and unit")
    return int(value)


def read_seconds(value: object) -> object:
    """A number of seconds, written with or without its unit: `90`, `90s`, `1.5 min`.

    Raises:
        ValueError: when it is none.
    """
    if not isinstance(value, str):
        return value
    match = _DURATION.fullmatch(value.lower())
    if match is None or match[2] not in _UNITS:
        raise ValueError("must be a number of seconds, or one with a unit: 90, 90s, 2min, 1h, 1d")
    seconds = float(match[1]) * _UNITS[match[2]]
    return int(seconds) if seconds.is_integer() else seconds


def words(others: Mapping[str, str]) -> Callable[[object], object]:
    """Reads a word in any case; some are other words for one."""

    def read(value: object) -> object:
        return others.get(value.lower(), value.lower()) if isinstance(value, str) else value

    return read


SWITCH: Final = BeforeValidator(read_switch)
WHOLE: Final = BeforeValidator(read_whole)
SECONDS: Final = BeforeValidator(read_seconds)
ENVIRONMENT: Final = BeforeValidator(words({"prod": "production", "dev": "development"}))
ON_OFF: Final = BeforeValidator(
    words(dict.fromkeys(("true", "yes", "1"), "on") | dict.fromkeys(("false", "no", "0"), "off"))
)


def read_most(value: object) -> object:
    """A largest number, None for `off`."""
    return None if isinstance(value, str) and value.lower() in rates.OFF else read_whole(value)


def read_folder(value: Path) -> Path:
    """A folder; `~` is the user's.

    Raises:
        ValueError: when nobody knows where that is.
    """
    try:
        return value.expanduser()
    except RuntimeError:
        raise ValueError(f"is {value}, and this user has no home: write the whole path") from None
