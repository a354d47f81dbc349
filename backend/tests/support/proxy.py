"""A TCP proxy before PostgreSQL that counts messages, and delays, stalls, alters or cuts."""

import asyncio
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from sqlalchemy import make_url

_CHUNK = 65_536


@dataclass
class Weather:
    """What happens to bytes on their way; may change while connections are open.

    Attributes:
        latency: Seconds that each chunk waits, both ways.
        drip: Seconds between the single bytes of the server's answers.
        cut_after: Bytes of the server that still pass, for each connection; then it is closed.
        cuts: How many connections meet that fate.
        flip_at: The byte of the server, counted for each connection, that arrives altered.
        flips: How many bytes meet that fate.
    """

    latency: float = 0.0
    drip: float = 0.0
    cut_after: int | None = None
    cuts: int = 1_000_000
    flip_at: int | None = None
    flips: int = 1_000_000


class Messages:
    """Counts the messages of one frontend (PostgreSQL manual, "Message formats")."""

    def __init__(self, counts: "Counter[str]") -> None:
        self._counts = counts
        self._buffer = b""
        self._started = False

    def feed(self, data: bytes) -> None:
        """Take the next bytes of the client."""
        self._buffer += data
        while (length := self._next()) is not None and len(self._buffer) >= length:
            if self._started:
                self._counts[chr(self._buffer[0])] += 1
            self._started = True
            self._buffer = self._buffer[length:]

    def _next(self) -> int | None:
        """The length of the message that the buffer starts with; the first has no type."""
        skip = 1 if self._started else 0
        if len(self._buffer) < skip + 4:
            return None
        return skip + int.from_bytes(self._buffer[skip : skip + 4])


class _Link:
    """One connection through the proxy."""

    def __init__(
        self, proxy: "Proxy", client: asyncio.StreamWriter, server: asyncio.StreamWriter
    ) -> None:
        self.client = client
        self.server = server
        self._proxy = proxy
        self._messages = Messages(proxy.messages)
        self._answered = 0  # bytes of the server since the weather last changed
        self.expired = False

    def forget(self) -> None:
        self._answered = 0

    def close(self) -> None:
        self.client.close()
        self.server.close()

    async def carry(self, client: asyncio.StreamReader, server: asyncio.StreamReader) -> None:
        both = {
            asyncio.create_task(self._requests(client)),
            asyncio.create_task(self._answers(server)),
        }
        try:
            await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in both:
                task.cancel()
            await asyncio.gather(*both, return_exceptions=True)
            self.close()

    async def _requests(self, source: asyncio.StreamReader) -> None:
        while True:
            await self._proxy.to_server.wait()
            data = await source.read(_CHUNK)
            if not data:
                return
            await asyncio.sleep(self._proxy.weather.latency)
            await self._proxy.to_server.wait()
            if self.expired:
                self._proxy.resets += 1
                return
            self._messages.feed(data)
            self._proxy.sent += len(data)
            self.server.write(data)
            await self.server.drain()

    async def _answers(self, source: asyncio.StreamReader) -> None:
        while data := await source.read(_CHUNK):
            await self._proxy.to_client.wait()
            weather = self._proxy.weather
            await asyncio.sleep(weather.latency)
            data = self._flip(data)
            cut = weather.cut_after is not None and self._answered + len(data) > weather.cut_after
            if cut := cut and weather.cuts > 0:
                weather.cuts -= 1
                data = data[: max(0, (weather.cut_after or 0) - self._answered)]
            self._answered += len(data)
            for piece in [bytes([byte]) for byte in data] if weather.drip else [data]:
                self.client.write(piece)
                await self.client.drain()
                await asyncio.sleep(weather.drip)
            if cut:
                return

    def _flip(self, data: bytes) -> bytes:
        at = self._proxy.weather.flip_at
        if at is None or not self._answered <= at < self._answered + len(data):
            return data
        if self._proxy.weather.flips <= 0:
            return data
        self._proxy.weather.flips -= 1
        at -= self._answered
        return data[:at] + bytes([data[at] ^ 0x81]) + data[at + 1 :]


class Proxy:
    """A proxy on a free port of loopback, running in a thread of its own.

    Args:
        url: The database to stand before.

    Attributes:
        url: The same database through the proxy.
        messages: How often each message type of the frontend passed.
        sent: Bytes that clients have sent to the server, start-up of connections included.
        weather: What happens to the bytes now; change it with `set`.
        refused: How many connections were refused.
        resets: How many connections were closed because they had expired.
    """

    url: str

    def __init__(self, url: str) -> None:
        self._target = make_url(url)
        self.messages: Counter[str] = Counter()
        self.sent = 0
        self.weather = Weather()
        self._links: set[_Link] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self.to_server, self.to_client = asyncio.Event(), asyncio.Event()
        self.to_server.set()
        self.to_client.set()
        self.refusing = False
        self.refused = 0
        self.resets = 0

    def __enter__(self) -> Self:
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._listen(), self._loop).result(60)
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        asyncio.run_coroutine_threadsafe(self._shut(), self._loop).result(60)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(60)
        self._loop.close()

    @property
    def open_links(self) -> int:
        """How many connections go through."""
        return len(self._links)

    def set(self, weather: Weather) -> None:
        """Change the weather; bytes are counted from here."""

        def change() -> None:
            self.weather = weather
            for link in self._links:
                link.forget()

        self._do(change)

    def cut(self) -> None:
        """Close every connection now; new ones are welcome."""

        def close_all() -> None:
            for link in self._links:
                link.close()

        self._do(close_all)

    def expire(self) -> None:
        """Close each connection at its next message, as an address translator that forgot it."""

        def expire_all() -> None:
            for link in self._links:
                link.expired = True

        self._do(expire_all)

    def refuse(self) -> None:
        """Close new connections at once."""
        self.refusing = True

    def welcome(self) -> None:
        """Take new connections again."""
        self.refusing = False

    def stall(self, *, requests: bool = True, answers: bool = True) -> None:
        """Keep connections open but carry nothing in the given directions (half-open)."""

        def change() -> None:
            for gate, closed in ((self.to_server, requests), (self.to_client, answers)):
                if closed:
                    gate.clear()
                else:
                    gate.set()

        self._do(change)

    def resume(self) -> None:
        """Carry bytes again, those that waited first."""
        self.stall(requests=False, answers=False)

    def _do(self, action: Callable[[], None]) -> None:
        async def run() -> None:
            action()

        asyncio.run_coroutine_threadsafe(run(), self._loop).result(60)

    async def _listen(self) -> None:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        port = self._server.sockets[0].getsockname()[1]
        direct = {k: v for k, v in self._target.query.items() if k not in {"host", "port"}}
        self.url = (
            self._target.set(host="127.0.0.1", port=port, query=direct | {"sslmode": "disable"})
        ).render_as_string(hide_password=False)

    async def _shut(self) -> None:
        self._server.close()
        for link in self._links:
            link.close()
        everything = asyncio.all_tasks() - {asyncio.current_task()}
        for task in everything:
            task.cancel()
        await asyncio.gather(*everything, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.refusing:
            self.refused += 1
            writer.close()
            return
        try:
            server_reader, server_writer = await self._connect()
        except OSError:
            writer.close()
            return
        link = _Link(self, writer, server_writer)
        self._links.add(link)
        try:
            await link.carry(reader, server_reader)
        except asyncio.CancelledError:  # asyncio's streams log it as an error
            pass
        finally:
            self._links.discard(link)

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        directory = self._target.query.get("host")
        port = self._target.port or 5432
        if isinstance(directory, str) and directory.startswith("/"):
            return await asyncio.open_unix_connection(f"{directory}/.s.PGSQL.{port}")
        return await asyncio.open_connection(self._target.host, port)
