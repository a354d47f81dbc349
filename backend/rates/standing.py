"""How somebody stands with a limit."""

from typing import NamedTuple

from backend.core.rates import Limit


class Standing(NamedTuple):
    """What is left to somebody of one limit.

    Attributes:
        limit: Which one.
        remaining: How much is left; None when nobody asked.
        reset: Seconds until more is.
        wait: Seconds until what was refused would pass; 0 when it was not refused.
    """

    limit: Limit
    remaining: int | None
    reset: int
    wait: int
