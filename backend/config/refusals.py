"""Why settings are refused, in sentences that begin with the name of a setting."""

import re
from collections.abc import Callable
from typing import Any

from pydantic import ValidationError


class UnusableSettings(ValueError):  # noqa: N818 - named for what it means
    """Settings that nothing starts on; each argument is a sentence that says what to do."""

    def __str__(self) -> str:
        return "; ".join(map(str, self.args))


def sentences(error: UnusableSettings | ValidationError) -> list[str]:
    """All that is wrong."""
    if isinstance(error, UnusableSettings):
        return list(error.args)
    found: list[str] = []
    for each in error.errors(include_url=False):
        place, cause = each["loc"], each.get("ctx", {}).get("error")
        if isinstance(cause, UnusableSettings):
            found += sentences(cause)
        else:
            words = re.sub(r"^(Input|String|Tuple) should", "must", each["msg"])
            words = words.removeprefix("Value error, ")
            found.append(f"{_name(place)} {words}".strip())
    return found


def further(
    error: ValidationError, values: dict[str, Any], read: Callable[[dict[str, Any]], object]
) -> list[str]:
    """What is wrong with the rest, so that all is told at once.

    Args:
        error: What is wrong with some of them by themselves.
        values: All.
        read: Reads some.
    """
    refused = {str(each["loc"][0]) for each in error.errors(include_url=False) if each["loc"]}
    if not refused:
        return []
    try:
        read({name: value for name, value in values.items() if name not in refused})
    except ValidationError as more:
        names = {name.upper() for name in refused}
        return [each for each in sentences(more) if not any(name in each for name in names)]
    return []


def _name(place: tuple[int | str, ...]) -> str:
    """A setting or a part of it: `AUTH_ISSUERS[0].jwks_url`."""
    members = (f"[{each}]" if isinstance(each, int) else f".{each}" for each in place[1:])
    return "".join([str(place[0]).upper(), *members]) if place else ""
