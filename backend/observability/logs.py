"""Logs as JSON lines on standard output, one event a line."""

import logging
import sys
from datetime import UTC, datetime
from typing import Final, TextIO

from pydantic_core import to_json

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


_HANDLER: Final = logging.StreamHandler[TextIO](sys.stdout)
_HANDLER.setFormatter(_JsonFormatter())


def configure_logs(output: TextIO | None = None) -> None:
    """Log our own events from `info`, libraries' from `warning`. Repeating it changes nothing.

    Args:
        output: Where to from now on, instead of standard output.
    """
    if output is not None:
        _HANDLER.setStream(output)
    logging.basicConfig(level=logging.WARNING, handlers=[_HANDLER], force=True)
    logging.getLogger("backend").setLevel(logging.INFO)


def write_lines(lines: bytes | bytearray) -> None:
    """Write lines that are JSON already, in one piece, to where the events go."""
    _HANDLER.stream.buffer.write(lines)
    _HANDLER.stream.buffer.flush()
