"""Why settings are refused, in sentences that begin with the name of a setting."""

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
            words = each["msg"].removeprefix("Value error, ").replace("Input should", "must", 1)
            found.append(f"{_name(place)} {words}".strip())
    return found


def refused_names(error: ValidationError) -> set[str]:
    """The settings that are wrong by themselves, as fields."""
    return {str(each["loc"][0]) for each in error.errors(include_url=False) if each["loc"]}


def _name(place: tuple[int | str, ...]) -> str:
    """A setting or a part of it: `AUTH_ISSUERS[0].jwks_url`."""
    members = (f"[{each}]" if isinstance(each, int) else f".{each}" for each in place[1:])
    return "".join([str(place[0]).upper(), *members]) if place else ""
