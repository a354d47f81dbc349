"""One request and its answer, as ASGI has them (asgi.readthedocs.io, "HTTP & WebSocket")."""

import asyncio
import logging
from collections.abc import Iterable
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from starlette.types import Message, Scope

if TYPE_CHECKING:
    from backend.serving.protocol import Connection

_STATUS_LINES: Final = {
    each.value: f"HTTP/1.1 {each.value} {each.phrase}\r\n".encode() for each in HTTPStatus
}
_WITHOUT_BODY: Final = frozenset({204, 304})
_HIGH_WATER: Final = 65_536  # bytes of a body that wait for the application

log = logging.getLogger(__name__)


class Exchange:
    """One request on its way through the application.

    Args:
        connection: Where it came from.
        scope: What ASGI says of it.
        keep_alive: Whether the client wants the connection kept.
        expects_continue: Whether the client waits for `100 Continue` before it sends the body.

    Attributes:
        keep_alive: The same.
        whole: Whether all of its body has come.
        has_begun: Whether a part of its answer is written.
    """

    __slots__ = (
        "_chunked",
        "_connection",
        "_expects_continue",
        "_finished",
        "_gone",
        "_ready",
        "_scope",
        "_start",
        "_task",
        "_told",
        "_unread",
        "has_begun",
        "keep_alive",
        "whole",
    )

    def __init__(
        self, connection: "Connection", scope: Scope, *, keep_alive: bool, expects_continue: bool
    ) -> None:
        self.keep_alive = keep_alive
        self.whole = self.has_begun = False
        self._connection = connection
        self._scope = scope
        self._expects_continue = expects_continue
        self._unread: bytes | bytearray = b""
        self._told = False  # the application knows that the body is whole
        self._gone = self._finished = False
        self._ready: asyncio.Future[None] | None = None  # there is something to receive
        self._start: Message | None = None
        self._chunked = False
        self._task: asyncio.Task[None] | None = None

    def begin(self) -> None:
        """Call the application."""
        self._task = self._connection.others.loop.create_task(self._run())

    def take(self, piece: bytes) -> None:
        """Take a piece of the body."""
        if isinstance(self._unread, bytearray):
            self._unread += piece
        elif self._unread:
            self._unread = bytearray(self._unread + piece)
        else:
            self._unread = piece
        self._wake()

    def end(self) -> None:
        """Take note that the body is whole."""
        self.whole = True
        self._wake()

    def leave(self) -> None:
        """Stop: nobody waits for the answer any more."""
        self._gone = True
        self._wake()
        if self._task is not None and not self._finished:
            self._task.cancel()

    @property
    def fields(self) -> list[tuple[bytes, bytes]]:
        """The header fields of the request."""
        fields: list[tuple[bytes, bytes]] = self._scope["headers"]
        return fields

    @property
    def is_full(self) -> bool:
        """Whether the application has enough to read for now."""
        return len(self._unread) > _HIGH_WATER

    def _wake(self) -> None:
        if self._ready is not None and not self._ready.done():
            self._ready.set_result(None)

    async def _run(self) -> None:
        try:
            await self._connection.others.application(self._scope, self._receive, self._send)
        except asyncio.CancelledError:
            pass  # `leave` says why
        except Exception:
            log.exception("bug")
        if not self._finished and not self._gone:
            self._connection.abort()

    async def _receive(self) -> Message:
        while not (self._gone or self._unread or (self.whole and not self._told)):
            if self._expects_continue:
                self._expects_continue = False
                self._connection.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            self._ready = self._connection.others.loop.create_future()
            await self._ready
        if self._gone:
            return {"type": "http.disconnect"}
        body, self._unread = bytes(self._unread), b""
        self._told = self.whole
        if not self.whole:
            self._connection.regulate()
        return {"type": "http.request", "body": body, "more_body": not self.whole}

    async def _send(self, message: Message) -> None:
        if self._gone or self._finished:
            return
        if message["type"] == "http.response.start":
            self._start = message
            return
        body: bytes = message.get("body", b"")
        more: bool = message.get("more_body", False)
        head = b""
        if self._start is not None:
            head = self._head(self._start, None if more else len(body))
            self._start = None
            self.has_begun = True
        if self._scope["method"] == "HEAD":
            body = b""
        elif self._chunked:
            body = (b"%x\r\n%b\r\n" % (len(body), body) if body else b"") + (
                b"" if more else b"0\r\n\r\n"
            )
        self._connection.write(head + body)
        if more:
            await self._connection.drained()
        else:
            self._finished = True
            self._connection.answered(self)

    def _head(self, start: Message, length: int | None) -> bytes:
        """The status line and the header fields.

        Args:
            start: What the application says.
            length: Of the body, in bytes; None if that is not known yet.
        """
        status, fields = start["status"], start["headers"]
        known = dict(fields)
        extra = b""
        if status not in _WITHOUT_BODY and b"content-length" not in known:
            extra = self._length(length)
        if b"connection" in known:
            self.keep_alive = False  # `close` is all that an application can ask for
            fields = [field for field in fields if field[0] != b"connection"]
        if not self._connection.keeps(self):
            extra += b"connection: close\r\n"
        elif self._scope["http_version"] == "1.0":
            extra += b"connection: keep-alive\r\n"
        return head_of(status, fields, self._connection.others.date, extra)

    def _length(self, length: int | None) -> bytes:
        if length is not None:
            return b"content-length: %d\r\n" % length
        if self._scope["http_version"] == "1.0":
            self.keep_alive = False  # the end of the connection is that of the body
            return b""
        self._chunked = True
        return b"transfer-encoding: chunked\r\n"


def head_of(
    status: int, fields: Iterable[tuple[bytes, bytes]], date: bytes, extra: bytes = b""
) -> bytes:
    """A status line and header fields, up to the body.

    Args:
        status: The status.
        fields: The header fields.
        date: The line of the `Date` field.
        extra: More lines.

    Raises:
        ValueError: when a field has a line break in it, and so would begin another.
    """
    lines = [b"%b: %b" % field for field in fields]
    text = b"\r\n".join(lines)
    if text.count(b"\n") >= len(lines) or text.count(b"\r") >= len(lines):
        raise ValueError("a header field has a line break in it")
    return b"%b%b\r\n%b%b\r\n" % (_STATUS_LINES[status], text, date, extra)
