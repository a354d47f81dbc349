"""Logs as JSON lines on standard output, one event a line."""

import json
import sys

import structlog

# Made once: `json.dumps` with any option makes an encoder for every line.
_ENCODER = json.JSONEncoder(default=str)


def configure_logs() -> None:
    """Set structlog up for the process. Repeating it changes nothing."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(lambda event, **_: _ENCODER.encode(event)),
        ],
        logger_factory=structlog.WriteLoggerFactory(sys.stdout),
        cache_logger_on_first_use=True,
    )
