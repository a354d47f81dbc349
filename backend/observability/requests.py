"""What became of the requests: measured, and logged as JSON lines on standard output."""

import asyncio
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple

from pydantic_core import to_json

from backend.core.pseudonyms import pseudonym
from backend.observability.logs import write_lines
from backend.observability.metrics import count_problems, observe

_PIECE: Final = 4_096  # bytes that a pipe takes in one piece (PIPE_BUF): workers share one output
_MOST: Final = 16  # lines; most fit into one piece
_DELAY: Final = 0.1  # seconds


class RequestRecord(NamedTuple):
    """What became of one request; nobody's business is not in it.

    Attributes:
        ended: When, in seconds since the epoch.
        problem: What the log has of the problem that was the answer, or from where it came.
        user: Who asked, by user id, which the log does not show; None for nobody who is known.
    """

    ended: float
    request_id: str
    method: str
    route: str
    status: int
    seconds: float
    problem: Mapping[str, Any]
    user: str | None


class RequestLog:
    """Takes note of outcomes together: one by one they cost three times as much.

    The lines may come up to 0.1 s after those of other events; `flush` writes what is left.
    """

    def __init__(self) -> None:
        self._noted: list[RequestRecord] = []
        self._timer: asyncio.TimerHandle | None = None

    def note(self, outcome: RequestRecord) -> None:
        """Measure and log one request, soon."""
        self._noted.append(outcome)
        if len(self._noted) >= _MOST:
            self.flush()
        elif self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(_DELAY, self.flush)

    def flush(self) -> None:
        """Measure and log all that were noted."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        noted, self._noted = self._noted, []
        kinds: dict[tuple[str, str, int], list[float]] = {}
        for outcome in noted:
            kind = outcome.method, outcome.route, outcome.status
            kinds.setdefault(kind, []).append(outcome.seconds)
        for kind, durations in kinds.items():
            observe(*kind, durations)
        codes = (each.problem.get("problem") for each in noted if each.problem)
        count_problems(Counter(code for code in codes if code))
        piece = bytearray()
        for outcome in noted:
            line = _line(outcome)
            if len(piece) + len(line) > _PIECE:
                write_lines(piece)
                piece.clear()
            piece += line
        write_lines(piece)


def _line(outcome: RequestRecord) -> bytes:
    user = {} if outcome.user is None else {"user": pseudonym(outcome.user)}
    members = {
        "request_id": outcome.request_id,
        "method": outcome.method,
        "route": outcome.route,
        "status": outcome.status,
        "duration_ms": round(outcome.seconds * 1000, 2),
        **user,
        **outcome.problem,
        "event": "request",
        "level": "info",
        "timestamp": datetime.fromtimestamp(outcome.ended, UTC),
    }
    return to_json(members) + b"\n"
