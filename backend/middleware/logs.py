"""Logs as JSON lines on standard output, one event a line."""

import asyncio
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import structlog
from pydantic_core import to_json

_PIECE = 4_096  # bytes that a pipe takes in one piece (PIPE_BUF): workers share one output
_DELAY = 0.1  # seconds


def _to_json(event: Mapping[str, Any], **_: Any) -> bytes:
    return to_json(event, fallback=str)


def configure_logs() -> None:
    """Set structlog up for the process. Repeating it changes nothing."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(_to_json),
        ],
        logger_factory=structlog.BytesLoggerFactory(sys.stdout.buffer),
        cache_logger_on_first_use=True,
    )


class RequestLog:
    """The lines of requests, which leave together: a write for each would cost as much as a query.

    They may come up to 0.1 s after lines of other events; `close` writes what is left.
    """

    def __init__(self) -> None:
        self._lines: list[bytes] = []
        self._size = 0
        self._timer: asyncio.TimerHandle | None = None

    def write(self, members: dict[str, Any]) -> None:
        """Log one request; `members` are values of JSON, and nobody's business is not in them."""
        members |= {"event": "request", "level": "info", "timestamp": datetime.now(UTC)}
        line = _to_json(members) + b"\n"
        if self._size + len(line) > _PIECE:
            self.close()
        self._lines.append(line)
        self._size += len(line)
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(_DELAY, self.close)

    def close(self) -> None:
        """Write all lines now."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        sys.stdout.buffer.write(b"".join(self._lines))
        sys.stdout.buffer.flush()
        self._lines.clear()
        self._size = 0
