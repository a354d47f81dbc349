"""Time zones by their IANA names, and the instants that their wall clocks show."""

from datetime import UTC, date, datetime, time
from functools import lru_cache
from importlib.resources import files
from typing import Final
from zoneinfo import ZoneInfo

# A placeholder for machines that nobody has told where they are; and names of old that PostgreSQL
# reads as abbreviations, of winter time the whole year through.
_UNUSABLE: Final = frozenset({"Factory", "CET", "EET", "EST", "HST", "MET", "MST", "WET"})
_KEPT: Final = 128


@lru_cache(maxsize=1)
def zone_names() -> frozenset[str]:
    """All zones that Duly takes: those of `tzdata` with one meaning, alike on every machine."""
    names = files("tzdata").joinpath("zones").read_text("ascii").split()
    return frozenset(names) - _UNUSABLE


def is_zone(name: str) -> bool:
    """Whether it is the name of a zone, spelled exactly as IANA does."""
    return name in zone_names()


@lru_cache(maxsize=_KEPT)
def load_zone(name: str) -> ZoneInfo:
    """The rules of a zone, from the machine or, where it has none, from the package.

    Raises:
        ValueError: for what is no name of one.
    """
    if not is_zone(name):
        raise ValueError("It is not the name of a time zone.")
    return ZoneInfo(name)


def resolve(day: date, at: time, zone: str) -> datetime:
    """The instant, in UTC, at which the clock of a zone shows a time.

    As RFC 5545, section 3.3.5, has it: a time that a gap leaves out is taken by the offset before
    the gap, so 02:30 is 03:30; of one that comes twice it is the first, with `fold=1` the second.
    PostgreSQL's `AT TIME ZONE` agrees about gaps, and takes the second of two.

    Raises:
        ValueError: for what is no name of a zone, and for an instant outside the years 1 to 9999.
    """
    try:
        return datetime.combine(day, at, load_zone(zone)).astimezone(UTC)
    except OverflowError:
        raise ValueError("It lies outside the years 1 to 9999.") from None
