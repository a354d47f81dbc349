"""Answers that go on: what `EventSource` of browsers reads (WHATWG HTML, section 9.2)."""

import random
import time
from collections.abc import AsyncGenerator
from contextlib import AbstractContextManager, aclosing
from typing import Final

from fastapi.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

EVENT_STREAM: Final = "text/event-stream"

_BACK_MILLISECONDS: Final = (1_000, 3_000)

HEARTBEAT: Final = b":\n\n"
"""A comment, which nobody is told of: proxies and clients learn that the stream is there."""


def opening(pause: float) -> bytes:
    """What a stream begins with: after how long a browser shall come back when it has ended.

    Each after another time, since many streams may end together. A comment says how often one
    comes, so that a client knows how long a silence means that the connection is dead.

    Args:
        pause: Seconds after which there is a heartbeat.
    """
    back = random.randint(*_BACK_MILLISECONDS)  # noqa: S311 - jitter
    return b"retry: %d\n: heartbeat %g\n\n" % (back, pause)


def message(kind: str, data: bytes, cursor: str | None) -> bytes:
    """One message.

    Args:
        kind: Its type; empty: nothing is told, the reader only learns of the cursor.
        data: Text in UTF-8 without a line break.
        cursor: What `Last-Event-ID` of the next request will be; None: it stays as it was.
    """
    place = b"" if cursor is None else b"id: %s\n" % cursor.encode()
    told = b"event: %s\ndata: %s\n" % (kind.encode(), data) if kind else b""
    return b"%s%s\n" % (place, told) if place or told else HEARTBEAT


class EventStream(StreamingResponse):
    """200 with messages as they come, which nobody between may hold back.

    Args:
        opened: Gives the messages for as long as it lasts; what it raises is answered instead.
    """

    def __init__(self, opened: AbstractContextManager[AsyncGenerator[bytes, None]]) -> None:
        self._opened = opened
        self.status_code = 200
        self.background = None
        # `no-transform`: or a proxy collects them to compress them.
        fields = {"Cache-Control": "no-cache, no-store, no-transform", "X-Accel-Buffering": "no"}
        self.media_type = EVENT_STREAM
        self.init_headers(fields)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer; `scope["opened"]` is when, for those who measure how long an answer takes."""
        with self._opened as messages:
            fields = scope["fields"]
            fields[:] = [each for each in fields if each[0] != b"cache-control"]
            scope["opened"] = time.perf_counter()
            async with aclosing(messages):
                self.body_iterator = messages
                await super().__call__(scope, receive, send)
