"""A load generator for thousands of connections, closed or open loop, with its own check.

An answer's time counts from the last byte written: how long a request waited here for a free
connection is the generator's business, not the program's.
"""

import asyncio
import re
import time
from collections import Counter, deque
from collections.abc import Sequence
from typing import NamedTuple, cast

from backend.tests.faults.aside import now, pause
from backend.tests.faults.attacks import raise_descriptors

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_TICK = 0.005  # seconds between two looks at what is due


class Load(NamedTuple):
    """What a generator saw.

    Attributes:
        seconds: How long it sent.
        due: How many requests the rate demanded.
        sent: How many were sent; fewer than due when all connections waited for answers.
        statuses: Of the answers; 0 stands for a connection that was closed instead.
        times: Seconds until each 200, from the last byte written.
        cpu: The share of one core that the generator needed.
    """

    seconds: float
    due: int
    sent: int
    statuses: Counter[int]
    times: list[float]
    cpu: float

    @property
    def goodput(self) -> float:
        """Right answers per second."""
        return self.statuses[200] / self.seconds

    def quantile(self, part: float) -> float:
        """Seconds."""
        times = sorted(self.times)
        return times[min(len(times) - 1, int(part * len(times)))] if times else float("inf")

    def __str__(self) -> str:
        counts = ", ".join(f"{n} × {status}" for status, n in sorted(self.statuses.items()))
        return f"{self.goodput:.0f}/s ({counts}), p99 {self.quantile(0.99):.2f} s"


class _Sender(asyncio.Protocol):
    """One connection with at most one request in progress."""

    def __init__(self, generator: "_Generator", number: int) -> None:
        self._generator = generator
        self._number = number
        self._buffer = b""
        self._written = 0.0
        self._waiting = False
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is no subclass of it
        self._generator.free(self)

    def send(self) -> None:
        requests = self._generator.requests
        self._waiting, self._buffer = True, b""
        assert self._transport
        self._transport.write(requests[self._number % len(requests)])
        self._written = now()

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0:
            return
        length = _LENGTH.search(self._buffer, 0, end + 2)
        if len(self._buffer) < end + 4 + (int(length[1]) if length else 0):
            return
        self._waiting = False
        self._generator.answered(int(self._buffer[9:12]), now() - self._written)
        assert self._transport
        if b"connection: close" in self._buffer[:end].lower():
            self._transport.close()
        else:
            self._generator.free(self)

    def connection_lost(self, _error: Exception | None) -> None:
        self._generator.lost(self, self._number, waiting=self._waiting)


class _Generator:
    """The connections, and who of them may send."""

    def __init__(self, port: int, requests: Sequence[bytes], rate: float | None) -> None:
        self.requests = requests
        self._port = port
        self._rate = rate  # per second; None for a closed loop
        self._idle: deque[_Sender] = deque()
        self._opening: set[asyncio.Task[None]] = set()
        self._running = False
        self._credit = 0
        self.due = self.sent = 0
        self.statuses = Counter[int]()
        self.times: list[float] = []

    async def open(self, number: int) -> None:
        """Connect all, before the clock runs."""
        for start in range(0, number, 100):
            await asyncio.gather(
                *(self._connect(each) for each in range(start, min(start + 100, number)))
            )

    async def _connect(self, number: int) -> None:
        loop = asyncio.get_running_loop()
        while True:
            try:
                async with asyncio.timeout(5):
                    await loop.create_connection(
                        lambda: _Sender(self, number), "127.0.0.1", self._port
                    )
            except (OSError, TimeoutError):
                await asyncio.sleep(0.2)
            else:
                return

    def free(self, sender: _Sender) -> None:
        """A connection may send again."""
        if self._running and (self._rate is None or self._credit > 0):
            self._send(sender)
        else:
            self._idle.append(sender)

    def _send(self, sender: _Sender) -> None:
        self._credit -= 1
        self.sent += 1
        sender.send()

    def answered(self, status: int, seconds: float) -> None:
        if self._running:
            self.statuses[status] += 1
            if status == 200:
                self.times.append(seconds)

    def lost(self, sender: _Sender, number: int, *, waiting: bool) -> None:
        """Count what was in progress, and connect anew."""
        if waiting and self._running:
            self.statuses[0] += 1
        if sender in self._idle:
            self._idle.remove(sender)
        if self._running:
            task = asyncio.ensure_future(self._connect(number))
            self._opening.add(task)
            task.add_done_callback(self._opening.discard)

    async def run(self, stopping: asyncio.Event, seconds: float) -> Load:
        """Send for so long."""
        began, spent = now(), time.process_time()
        self._running = True
        while (elapsed := now() - began) < seconds:
            if self._rate is not None:
                due = int(elapsed * self._rate)
                # What no connection could take is dropped after a second: the clients are finite.
                self._credit = min(self._credit + due - self.due, int(self._rate))
                self.due = due
            while self._idle and (self._rate is None or self._credit > 0):
                self._send(self._idle.popleft())
            if not await pause(stopping, _TICK):
                break
        self._running = False
        taken = now() - began
        cpu = (time.process_time() - spent) / taken
        return Load(taken, self.due, self.sent, self.statuses, self.times, cpu)


async def generate(
    stopping: asyncio.Event,
    port: int,
    requests: Sequence[bytes],
    connections: int,
    rate: float | None,
    seconds: float,
) -> Load:
    """Load the program for so long; without a rate each connection asks again at once."""
    raise_descriptors()
    generator = _Generator(port, requests, rate)
    await generator.open(connections)
    return await generator.run(stopping, seconds)
