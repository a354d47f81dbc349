"""Rate limits as settings have them: `600/minute`, `20/second;600/minute`."""

import re
from typing import Final, NamedTuple

MOST_LIMITS: Final = 4
LARGEST_AMOUNT: Final = 1_000_000_000

OFF: Final = frozenset({"off", "no", "none", "false", "unlimited"})
"""Words for no limit at all."""

SECONDS: Final = {
    **dict.fromkeys(("s", "sec", "secs", "second", "seconds"), 1),
    **dict.fromkeys(("m", "min", "mins", "minute", "minutes"), 60),
    **dict.fromkeys(("h", "hr", "hrs", "hour", "hours"), 3_600),
    **dict.fromkeys(("d", "day", "days"), 86_400),
}
"""How long the units of time are that people write."""

_LIMIT: Final = re.compile(rf"(\d{{1,10}})\s*(?:/|per)\s*(\d{{1,5}})?\s*({'|'.join(SECONDS)})")


class Limit(NamedTuple):
    """How much somebody may use up within a time.

    Attributes:
        amount: Requests, or what counts as so many.
        seconds: The time.
    """

    amount: int
    seconds: int


def parse_limits(text: str) -> tuple[Limit, ...]:
    """Read limits in the notation of the library `limits`, separated by `;` or commas.

    Returns:
        Shortest time first; nothing for `off`.

    Raises:
        ValueError: when it is no such text; it says what is.
    """
    if text.strip().lower() in OFF:
        return ()
    found = [_parse(part.strip().lower()) for part in re.split("[;,]", text)]
    if len(found) > MOST_LIMITS or len({limit.seconds for limit in found}) < len(found):
        raise ValueError(f"may have {MOST_LIMITS} limits, each for another time")
    return tuple(sorted(found, key=lambda limit: limit.seconds))


def _parse(text: str) -> Limit:
    match = _LIMIT.fullmatch(text)
    limit = Limit(int(match[1]), int(match[2] or 1) * SECONDS[match[3]]) if match else Limit(0, 0)
    if not (0 < limit.amount <= LARGEST_AMOUNT and limit.seconds):
        raise ValueError("must be `off`, or limits such as `600/minute` or `20/second;600/minute`")
    return limit
