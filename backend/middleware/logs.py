"""Logs as JSON lines on standard output, one event a line."""

import asyncio
import logging
import sys
from datetime import UTC, datetime
from typing import Any, Final

from pydantic_core import to_json

_PIECE = 4_096  # bytes that a pipe takes in one piece (PIPE_BUF): workers share one output
_DELAY = 0.1  # seconds


# What every record has; the rest is what the caller gave as `extra`.
_STANDARD: Final = {*vars(logging.makeLogRecord({})), "message", "asctime", "taskName"}


class _JsonFormatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        line = {name: value for name, value in vars(record).items() if name not in _STANDARD}
        line["event"] = record.getMessage()
        line["level"] = record.levelname.lower()
        line["timestamp"] = datetime.fromtimestamp(record.created, UTC)
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return to_json(line, fallback=str).decode()


def configure_logs() -> None:
    """Log our own events from `info`, libraries' from `warning`. Repeating it changes nothing."""
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(_JsonFormatter())
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    logging.getLogger("backend").setLevel(logging.INFO)


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
        line = to_json(members) + b"\n"
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
