"""Why there is no connection, for the log: said when it is new, then once a minute."""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from math import inf
from typing import Final

from backend.database.urls import first_line

_AGAIN: Final = 60.0  # seconds
_AGAIN_AFTER_SUCCESS: Final = 5.0  # seconds; a server that comes and goes fills no log either
_MOST_REASONS: Final = 32

log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Reason:
    told_at: float = -inf
    unsaid: int = 0


class FailureLog:
    """Logs each reason for which connections fail, all connections of a worker together.

    A wrong password, a name that does not resolve and a server that is down look alike to a
    client: only the reason tells an operator whose mistake it is.

    Args:
        now: A clock that only goes forward, in seconds.
    """

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._reasons: dict[str, _Reason] = {}
        self._succeeded_at = -inf

    def note(self, error: Exception) -> None:
        """Take note of a connection that could not be made."""
        if len(self._reasons) > _MOST_REASONS:
            self._reasons.clear()
        line = first_line(error)
        reason = self._reasons.setdefault(line, _Reason())
        reason.unsaid += 1
        now = self._now()
        pause = _AGAIN_AFTER_SUCCESS if reason.told_at < self._succeeded_at else _AGAIN
        if now - reason.told_at < pause:
            return
        known = {"reason": line, "failures": reason.unsaid, "error": type(error).__name__}
        log.warning(
            "database_connection_failed",
            extra=known | {"sqlstate": getattr(error, "sqlstate", None)},
        )
        reason.told_at, reason.unsaid = now, 0

    def note_success(self) -> None:
        """Take note of a connection that was made: the next failure is news."""
        self._succeeded_at = self._now()
