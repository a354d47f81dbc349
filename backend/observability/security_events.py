"""What looks like an attack: bursts of refusals, each as one event `security_event` of the log.

An event names a user by the start of the SHA-256 of the user id, so that an operator who suspects
somebody can tell, and the log alone tells nobody; somebody without a token by the address.
"""

import logging
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from backend.core.problems import (
    InvalidToken,
    MissingToken,
    NotFound,
    RateLimited,
    WrongUser,
)
from backend.core.pseudonyms import pseudonym

WINDOW: Final = 60.0
"""Seconds without a refusal after which a burst is over."""

BURST: Final[Mapping[str, int]] = MappingProxyType(
    {
        InvalidToken.code: 20,
        MissingToken.code: 20,
        WrongUser.code: 10,
        # Of what is not there and what is another's: the two cannot be told apart.
        NotFound.code: 50,
        RateLimited.code: 50,
    }
)
"""How many refusals of a kind, by one user or from one address, are a burst."""

_REMEMBERED: Final = 10_000

log = logging.getLogger(__name__)


class _Burst:
    __slots__ = ("count", "latest", "started")

    def __init__(self, now: float) -> None:
        self.count = 0
        self.started = self.latest = now


class SecurityEvents:
    """Counts refusals, in this process, and logs each burst once.

    Args:
        now: A clock that only goes forward, in seconds.
    """

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._bursts: OrderedDict[tuple[str, str], _Burst] = OrderedDict()

    def note(self, kind: str, *, user: str | None = None, address: str | None = None) -> None:
        """Count a refusal.

        Args:
            kind: The code of the problem, one of `BURST`.
            user: To whom, by user id.
            address: Or where to; None when nobody knows.
        """
        who = f"user {user}" if user is not None else f"address {address}"
        now = self._now()
        burst = self._bursts.get((kind, who))
        if burst is None or now - burst.latest > WINDOW:
            burst = self._bursts[kind, who] = _Burst(now)
            if len(self._bursts) > _REMEMBERED:
                self._bursts.popitem(last=False)
        burst.count += 1
        burst.latest = now
        self._bursts.move_to_end((kind, who))
        if burst.count == BURST[kind]:
            seconds = round(now - burst.started, 1)
            caller = {"user": pseudonym(user)} if user is not None else {"address": address}
            known = {"kind": kind, "count": burst.count, "window": seconds} | caller
            log.warning("security_event", extra=known)
