"""HTTP/1.1 on one connection (RFC 9112): llhttp reads, this keeps order, time and measure.

Strict: what two readers could take for different requests is refused and ends the connection.
Any other ASGI server can run the application; this one knows when a client has gone, and what a
client that sends or reads nothing may cost.
"""

import asyncio
import math
import re
from collections import deque
from typing import Final
from urllib.parse import unquote

import httptools

from backend.core.problems import (
    HeadersTooLarge,
    MalformedRequest,
    Overloaded,
    Problem,
    RequestTimeout,
)
from backend.serving.connections import Connections
from backend.serving.exchange import Exchange, head_of

_ASGI: Final = {"version": "3.0", "spec_version": "2.4"}
_VERSIONS: Final = frozenset({"1.0", "1.1"})
_TOKEN: Final = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # RFC 9110, section 5.6.2
# Bytes that are no body: of a head, and of chunks' sizes and trailers beside the body.
_MOST_HEAD: Final = 65_536
_MOST_FRAMING: Final = 524_288
_MOST_PIPELINED: Final = 64
# What a client may still send after an answer that ends the connection: closed at once, TCP would
# take the answer back (RFC 9112, section 9.6).
_LINGER_BYTES: Final = 262_144
_LINGER_SECONDS: Final = 2.0


class Connection(asyncio.Protocol):
    """One client's connection.

    Args:
        others: All connections of the process.

    Attributes:
        others: The same.
        due: When `expire` is to be called, by the event loop's clock, in seconds.
    """

    __slots__ = (
        "_client",
        "_current",
        "_deaf",
        "_drained",
        "_fields",
        "_framing",
        "_incoming",
        "_method",
        "_parser",
        "_paused",
        "_queue",
        "_reading",
        "_server",
        "_transport",
        "_url",
        "due",
        "others",
    )
    _transport: asyncio.Transport

    def __init__(self, others: Connections) -> None:
        self.others = others
        self.due = math.inf
        self._parser = httptools.HttpRequestParser(self)
        self._url = b""
        self._method = b""  # if it is one that the parser does not know
        self._fields: list[tuple[bytes, bytes]] | None = None  # of the head that is coming
        self._framing = 0  # bytes that came and are no body
        self._incoming: Exchange | None = None  # its body is coming
        self._current: Exchange | None = None  # its answer is next
        self._queue: deque[Exchange | Problem] = deque()  # behind it: pipelining
        self._reading = True
        self._deaf = False  # what still comes is thrown away
        self._paused = False  # the client has not taken what was written
        self._drained: asyncio.Future[None] | None = None

    # What the event loop calls.

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # those of sockets are
        """Wait for the first request."""
        self._transport = transport
        # So that `pause_writing` says that anything is left, and not only when much is.
        transport.set_write_buffer_limits(high=0)
        self._client = (transport.get_extra_info("peername") or ())[:2] or None
        self._server = (transport.get_extra_info("sockname") or ())[:2] or None
        self.due = self.others.now() + self.others.timers.head
        if not self.others.add(self):
            self._end(Overloaded("There are too many connections."))

    def connection_lost(self, _: Exception | None) -> None:
        """Stop what was done for this client."""
        self.others.remove(self)
        self._deaf = True
        self._queue.clear()
        self._resolve()
        for exchange in (self._current, self._incoming):
            if exchange is not None:
                exchange.leave()

    def data_received(self, data: bytes) -> None:
        """Read on."""
        self._framing += len(data)
        if self._deaf:
            if self._framing > _LINGER_BYTES:
                self.abort()
            return
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade) as error:
            self._fail(error, data)
        if self._framing > (_MOST_FRAMING if self._incoming else _MOST_HEAD) and not self._deaf:
            self._refuse(HeadersTooLarge())

    def pause_writing(self) -> None:
        """Take note that the client does not take what is written."""
        self._paused = True
        self.others.note_unsent(self)

    def resume_writing(self) -> None:
        """Go on: the client has taken it all."""
        self._paused = False
        self.others.note_sent(self)
        self._resolve()
        if self._current is None and not self._deaf:
            self._go_on()

    # What the parser calls.

    def on_message_begin(self) -> None:
        """Expect a head."""
        self._url = b""
        self._fields = []
        if self._current is None:
            self.due = self.others.now() + self.others.timers.head

    def on_url(self, piece: bytes) -> None:
        """Take a piece of the request's target."""
        self._url += piece

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header field; those behind a body mean nothing here."""
        if self._fields is not None:
            self._fields.append((name.lower(), value))

    def on_headers_complete(self) -> None:
        """Hand the request on, or let it wait for its turn."""
        fields = self._fields or []
        version = self._parser.get_http_version()
        known = dict(fields)
        coding = known.get(b"transfer-encoding")
        if version not in _VERSIONS or (
            coding is not None and (coding.lower() != b"chunked" or version == "1.0")
        ):
            raise MalformedRequest
        if len(self._queue) >= _MOST_PIPELINED:
            raise MalformedRequest("There are too many requests at once on this connection.")
        raw_path, _, query = self._url.partition(b"?")
        if not raw_path.startswith(b"/"):
            raw_path = _path_of(raw_path)
        path = raw_path.decode("ascii")
        exchange = Exchange(
            self,
            {
                "type": "http",
                "asgi": _ASGI,
                "http_version": version,
                "server": self._server,
                "client": self._client,
                "scheme": "http",
                "method": (self._method or self._parser.get_method()).decode("ascii"),
                "root_path": "",
                "path": unquote(path) if "%" in path else path,
                "raw_path": raw_path,
                "query_string": query,
                "headers": fields,
            },
            keep_alive=self._parser.should_keep_alive() and not self._parser.should_upgrade(),
            expects_continue=known.get(b"expect", b"").lower() == b"100-continue",
        )
        self._method = b""
        self._fields = None
        self._incoming = exchange
        if self._current is None and not self._paused:
            self._start(exchange)
        else:
            self._queue.append(exchange)

    def on_body(self, piece: bytes) -> None:
        """Take a piece of the body."""
        self._framing -= len(piece)
        if self._incoming is not None:
            self._incoming.take(piece)
            if self._incoming.is_full:
                self.regulate()

    def on_message_complete(self) -> None:
        """Take note that the request is whole."""
        if self._incoming is not None:
            self._incoming.end()
            self._incoming = None
        self._framing = 0
        if self._queue or not self._reading:
            self.regulate()

    # What an exchange calls.

    def write(self, data: bytes) -> None:
        """Send bytes to the client."""
        if not self._transport.is_closing():
            self._transport.write(data)

    async def drained(self) -> None:
        """Wait until the client has taken what was written."""
        if self._paused:
            self._drained = self._drained or asyncio.get_running_loop().create_future()
            await asyncio.shield(self._drained)

    def regulate(self) -> None:
        """Read from the client, unless there is enough to do already."""
        wanted = not self._queue and not (self._incoming and self._incoming.is_full)
        if wanted is self._reading or self._transport.is_closing():
            return
        self._reading = wanted
        if wanted:
            self._transport.resume_reading()
        else:
            self._transport.pause_reading()

    def keeps(self, exchange: Exchange) -> bool:
        """Whether the connection is of use after this exchange."""
        return exchange.keep_alive and exchange.whole and not self.others.stopping

    def answered(self, exchange: Exchange) -> None:
        """Go on after an exchange that is over."""
        self._current = None
        if not self.keeps(exchange):
            self._close(linger=not exchange.whole)
        elif not self._paused:
            self._go_on()

    def abort(self) -> None:
        """Cut the connection."""
        self._transport.abort()

    # What `Connections` calls.

    def expire(self) -> None:
        """Act on a time that has passed: of a head, of waiting for a request, of lingering."""
        if self._deaf or self._paused:
            self.abort()
        elif self._fields is not None:
            self._refuse(RequestTimeout())
        else:
            self._transport.close()

    def rest(self) -> None:
        """Close unless a request is being answered."""
        if self._current is not None:
            return
        if self._paused:  # the end of an answer is still on its way
            self._close(linger=False)
        else:
            self.expire()

    @property
    def unsent(self) -> int:
        """How many bytes the client has not taken."""
        return self._transport.get_write_buffer_size()

    # In here.

    def _fail(self, error: Exception, data: bytes) -> None:
        """Go on after what the parser could not read in `data`."""
        if isinstance(error, httptools.HttpParserUpgrade):
            return  # nothing else is spoken here; the answer ends the connection
        method, _, rest = data.partition(b" ")
        if (
            isinstance(error, httptools.HttpParserInvalidMethodError)
            and not self._method
            and self._framing == len(data)
            and _TOKEN.fullmatch(method)
        ):
            # It is the application that answers 405, so it is read as a method that llhttp knows.
            self._method = method
            self._parser = httptools.HttpRequestParser(self)
            self._framing = 0
            self.data_received(b"TRACE " + rest)
            return
        cause = error.__context__  # what a callback raised
        self._refuse(cause if isinstance(cause, Problem) else MalformedRequest())

    def _start(self, exchange: Exchange) -> None:
        self.due = math.inf
        self._current = exchange
        self.others.note_busy(self)
        exchange.begin()

    def _go_on(self) -> None:
        """Take the next request, or wait for it."""
        if self._queue:
            following = self._queue.popleft()
            if isinstance(following, Problem):
                self._end(following)
                return
            self._start(following)
            self.regulate()
            return
        timers = self.others.timers
        self.due = self.others.now() + (timers.idle if self._fields is None else timers.head)
        self.others.note_idle(self)

    def _refuse(self, problem: Problem) -> None:
        """Answer what is no request when its turn comes, and read no further."""
        self._deaf = True
        broken, self._incoming = self._incoming, None
        if broken is not None:
            self._fields = broken.fields
            broken.leave()
            if broken is self._current:
                self._current = None
                if broken.has_begun:  # half an answer cannot be taken back
                    self.abort()
                    return
            else:
                self._queue.remove(broken)
        self._queue.append(problem)
        if self._current is None and not self._paused:
            self._go_on()

    def _end(self, problem: Problem) -> None:
        """Answer with a problem, and close."""
        answer = self.others.refusals.answer(problem, self._fields or ())
        fields = [field for field in answer.raw_headers if field[0] != b"connection"]
        head = head_of(problem.status, fields, self.others.date, b"connection: close\r\n")
        self.write(head + bytes(answer.body))
        self.others.count_refusal(problem.code)
        self._close(linger=True)

    def _close(self, *, linger: bool) -> None:
        self._deaf = True
        self._queue.clear()
        if not linger or self._transport.is_closing():
            self._transport.close()
            return
        self._framing = 0
        self.due = self.others.now() + _LINGER_SECONDS
        self._transport.write_eof()
        self.regulate()

    def _resolve(self) -> None:
        if self._drained is not None and not self._drained.done():
            self._drained.set_result(None)
        self._drained = None


def _path_of(target: bytes) -> bytes:
    """The path of a target that is a whole URL (RFC 9112, section 3.2.2), or what is none."""
    _, scheme, rest = target.partition(b"://")
    return b"/" + rest.partition(b"/")[2] if scheme else target
