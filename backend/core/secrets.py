"""What a shared secret must be like, before it may vouch for anybody."""

from itertools import pairwise
from typing import Final

_SHORTEST: Final = 32
_FEWEST_DIFFERENT: Final = 5
# What the documentation has in the place of a secret, for everybody to read.
_PLACEHOLDER: Final = b"put-the-output-of"


def find_weakness(secret: bytes) -> str | None:
    """Why whoever knows nothing could guess it; None if nothing is certain.

    The random secrets of 32 bytes and more that fail here, in any alphabet of ten or more, are
    fewer than one in 10^12.
    """
    if len(secret) < _SHORTEST:
        return f"needs at least {_SHORTEST} bytes"
    if secret.startswith(_PLACEHOLDER):
        return "is the placeholder of the documentation"
    if len(set(secret)) < _FEWEST_DIFFERENT or _repeats(secret) or _counts(secret):
        return "can be guessed, since it repeats or counts"
    return None


def _repeats(secret: bytes) -> bool:
    """Whether it is a text of half its length or less over and over, the last time perhaps cut."""
    return any(
        secret[period:] == secret[:-period] for period in range(1, min(16, len(secret) // 2) + 1)
    )


def _counts(secret: bytes) -> bool:
    """Whether each byte is as far from the next as all others."""
    return len({(b - a) % 256 for a, b in pairwise(secret)}) == 1
