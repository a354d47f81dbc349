"""All connections of one worker: how many, for how long, and with how much unsent."""

import asyncio
import contextlib
import errno
import socket
import time
from collections.abc import Iterable
from dataclasses import dataclass
from email.utils import formatdate
from typing import TYPE_CHECKING, Final

from starlette.types import ASGIApp

from backend.observability.metrics import count_refused_connection
from backend.serving.refusals import Refusals

if TYPE_CHECKING:
    from backend.serving.protocol import Connection

_SWEEP_SECONDS: Final = 0.5
# Taken from the queue of the kernel at once: few, so that the worker with less to do takes more,
# but more when there are many.
_ACCEPTED_AT_ONCE: Final = 2
_ACCEPTED_SHARE: Final = 16
_ACCEPT_PAUSE_SECONDS: Final = 0.1
_MADE_ROOM: Final = 8  # connections, when there are no descriptors left
_REFUSED_AT_ONCE: Final = 256  # connections over the bound that are being told so
_MOST_UNSENT: Final = 33_554_432  # bytes of answers that clients have not taken
# Bytes that the kernel takes beyond what it can send now (Linux, tcp(7)): it would take megabytes
# for a client that reads nothing, and nobody here would notice.
_MOST_NOT_SENT: Final = 65_536
_NOT_SENT: Final[int | None] = getattr(socket, "TCP_NOTSENT_LOWAT", None)


@dataclass(frozen=True, slots=True)
class Timers:
    """How long a client may take, in seconds.

    Attributes:
        head: From its first byte, or from connecting, until its request line and header fields
            are there.
        idle: Between an answer and the next request.
        write: Without taking a byte of an answer.
    """

    head: float
    idle: float
    write: float


class Connections:
    """The connections of one worker.

    Args:
        application: Who answers their requests.
        timers: How long they may take.
        most: How many there may be. Beyond it the one that has waited longest for a request makes
            room; if all are busy, a new one is refused with 503.
        refusals: Makes the answers that the application does not.

    Attributes:
        stopping: Whether each is closed after the answer in progress.
        date: The line of the `Date` field.
    """

    def __init__(
        self,
        application: ASGIApp,
        timers: Timers,
        most: int,
        refusals: Refusals,
    ) -> None:
        self.application = application
        self.timers = timers
        self.refusals = refusals
        self.stopping = False
        self.loop = asyncio.get_running_loop()
        self.now = self.loop.time
        self.date = b""
        self._most = most
        self._all: set[Connection] = set()
        self._idle: dict[Connection, None] = {}  # the one that has waited longest is the first
        # Bytes, and since when no byte of them was taken; the longest is the first.
        self._unsent: dict[Connection, tuple[int, float]] = {}
        self._unsent_bytes = 0
        self._arriving: set[asyncio.Task[object]] = set()
        self._emptied: asyncio.Future[None] | None = None
        self._sweep()

    def listen(self, listener: socket.socket) -> None:
        """Accept connections from a socket that listens."""
        self.loop.add_reader(listener, self._accept, listener)

    async def close(self, listeners: Iterable[socket.socket], seconds: float) -> None:
        """Accept no more, let requests in progress be answered, then cut what is left.

        Args:
            listeners: As given to `listen`.
            seconds: For how long to wait.
        """
        for listener in listeners:
            self.loop.remove_reader(listener)
            listener.close()
        self.stopping = True
        for each in list(self._all):
            each.rest()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._no_more()
        for each in list(self._all):
            each.abort()

    async def _no_more(self) -> None:
        await asyncio.gather(*self._arriving, return_exceptions=True)
        if self._all:
            self._emptied = self.loop.create_future()
            await self._emptied

    def add(self, connection: "Connection") -> bool:
        """Take note of a new one; whether there is room for it."""
        self._all.add(connection)
        if len(self._all) > self._most:
            if not self._idle:
                return False
            next(iter(self._idle)).abort()
        self._idle[connection] = None
        return True

    def remove(self, connection: "Connection") -> None:
        """Forget one that is closed."""
        self._all.discard(connection)
        self._idle.pop(connection, None)
        self.note_sent(connection)
        if self._emptied is not None and not self._all and not self._emptied.done():
            self._emptied.set_result(None)

    def note_busy(self, connection: "Connection") -> None:
        """Take note that a request has come."""
        self._idle.pop(connection, None)

    def note_idle(self, connection: "Connection") -> None:
        """Take note that it waits for a request."""
        self._idle[connection] = None

    def note_unsent(self, connection: "Connection") -> None:
        """Take note that the client does not take its answer; cut the slowest if all is too much.

        Memory is what an answer costs until it is taken.
        """
        self._record_unsent(connection, connection.unsent)
        while self._unsent_bytes > _MOST_UNSENT:
            slowest = next(iter(self._unsent))
            self.note_sent(slowest)
            slowest.abort()

    def note_sent(self, connection: "Connection") -> None:
        """Take note that the client has taken all."""
        size, _ = self._unsent.pop(connection, (0, 0.0))
        self._unsent_bytes -= size

    def count_refusal(self, code: str) -> None:
        """Count a connection that ends with a refusal of the server itself."""
        count_refused_connection(code)

    def states(self) -> dict[str, int]:
        """How many connections have a request in progress, and how many have none."""
        idle = len(self._idle)
        return {"busy": len(self._all) - idle, "idle": idle}

    def _record_unsent(self, connection: "Connection", size: int) -> None:
        self.note_sent(connection)
        self._unsent[connection] = (size, self.now())
        self._unsent_bytes += size

    def _accept(self, listener: socket.socket) -> None:
        for _ in range(_ACCEPTED_AT_ONCE + len(self._all) // _ACCEPTED_SHARE):
            try:
                client, _ = listener.accept()
            except (BlockingIOError, InterruptedError):
                return
            except OSError as error:
                if error.errno in {errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM}:
                    self._accept_later(listener)
                    return
                continue  # that one has gone already
            if len(self._all) + len(self._arriving) >= self._most + _REFUSED_AT_ONCE:
                client.close()
                continue
            client.setblocking(False)  # noqa: FBT003 - as the standard library has it
            if client.family != socket.AF_UNIX:
                client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                if _NOT_SENT is not None:
                    client.setsockopt(socket.IPPROTO_TCP, _NOT_SENT, _MOST_NOT_SENT)
            arriving = self.loop.create_task(self._welcome(client))
            self._arriving.add(arriving)
            arriving.add_done_callback(self._arriving.discard)

    async def _welcome(self, client: socket.socket) -> None:
        from backend.serving.protocol import Connection  # noqa: PLC0415 - each knows the other

        with contextlib.suppress(OSError):  # gone in the meantime
            await self.loop.connect_accepted_socket(lambda: Connection(self), client)

    def _accept_later(self, listener: socket.socket) -> None:
        """Make room: the process has no descriptor left."""
        for each in list(self._idle)[:_MADE_ROOM]:
            each.abort()
        self.loop.remove_reader(listener)

        def resume() -> None:
            if not self.stopping:
                self.listen(listener)

        self.loop.call_later(_ACCEPT_PAUSE_SECONDS, resume)

    def _sweep(self) -> None:
        """Act on the times that have passed.

        One timer for all: to set and cancel one for each request would cost more than to look at
        all connections twice a second.
        """
        now = self.now()
        self.date = b"date: %b\r\n" % formatdate(time.time(), usegmt=True).encode()
        for connection in [each for each in self._all if each.due <= now]:
            connection.expire()
        for connection, (size, since) in list(self._unsent.items()):
            left = connection.unsent
            if left < size:
                self._record_unsent(connection, left)
            elif now - since > self.timers.write:
                connection.abort()
        self.loop.call_later(_SWEEP_SECONDS, self._sweep)
