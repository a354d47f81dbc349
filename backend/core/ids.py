"""UUIDv7 identifiers (RFC 9562, section 5.7)."""

import re
import time
from secrets import randbits
from uuid import UUID

_CANONICAL = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


def new_id() -> UUID:
    """A new UUIDv7: milliseconds since the epoch, then 74 random bits."""
    return id_at(time.time_ns() // 1_000_000, randbits(74))


def id_at(milliseconds: int, random: int) -> UUID:
    """The UUIDv7 of a moment, in milliseconds since the epoch, with these 74 bits."""
    high = milliseconds << 16 | 0x7000 | random >> 62
    return UUID(int=high << 64 | 0b10 << 62 | random & (1 << 62) - 1)


def parse_id(text: str) -> UUID | None:
    """The id that `text` writes in the canonical form of 36 characters, or None."""
    return UUID(text) if _CANONICAL.fullmatch(text) else None
