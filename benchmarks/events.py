"""`python -m benchmarks.events`: what streams of events take, and how late a change reaches them.

Two instances of one worker each share a database. Each user has a stream on the first one. Tasks
are created at a steady pace, each by the next user, through the same instance, then through the
other. How late a change comes counts from before its request is sent; what comes to a stream that
is not its user's, or does not come, is counted too.
"""

import argparse
import asyncio
import json
import statistics
import time
from collections.abc import Iterable, Mapping
from contextlib import ExitStack, suppress

from benchmarks.harness import pythons
from benchmarks.harness.people import Person, Size
from benchmarks.harness.places import DULY_BIN, HOST
from benchmarks.harness.stage import set_stage
from benchmarks.harness.systems.duly import Duly

_MOST_MEGABYTES = 60.0
_MOST_SECONDS = {"through the same instance": 0.2, "through the other instance": 0.4}
_LATEST_SECONDS = 5.0  # after the last write
_OPENED_AT_ONCE = 20
_WRITERS = 16  # connections
_DATA = b"data: "


class Instance(Duly):
    """One instance."""

    def environment(self) -> Mapping[str, str]:
        """As for all, with room for the streams."""
        return {**super().environment(), "MAX_EVENT_STREAMS": "8000", "MAX_CONNECTIONS": "9000"}

    def megabytes(self) -> float:
        """The memory of its worker."""
        assert self.program  # noqa: S101 - started
        return self.program.usage().largest

    def cpu_seconds(self) -> float:
        """What it has used of a processor."""
        assert self.program  # noqa: S101 - started
        return self.program.usage().cpu_seconds


class Readers:
    """One stream for each user.

    Attributes:
        came: When each task came, by its title.
        foreign: How many changes came to somebody else.
    """

    def __init__(self) -> None:
        self._tasks: list[asyncio.Task[None]] = []
        self._came = asyncio.Event()
        self.came: dict[str, float] = {}
        self.foreign = 0

    async def begin(self, port: int, people: list[Person]) -> None:
        """Open them all."""
        turns = asyncio.Semaphore(_OPENED_AT_ONCE)

        async def begin_one(person: Person) -> None:
            async with turns:
                reader, writer = await asyncio.open_connection(HOST, port)
                writer.write(_head("GET", "/api/events", person) + b"\r\n")
                while not (await reader.readline()).startswith(b"id: "):
                    pass
            self._tasks.append(asyncio.create_task(self._read(reader, writer, person)))

        await asyncio.gather(*map(begin_one, people))

    async def have(self, titles: Iterable[str]) -> None:
        """Wait until these have come, but not for ever."""
        with suppress(TimeoutError):
            async with asyncio.timeout(_LATEST_SECONDS):
                while set(titles) - self.came.keys():
                    self._came.clear()
                    await self._came.wait()

    async def end(self) -> None:
        """Close them all."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _read(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, person: Person
    ) -> None:
        try:
            while line := await reader.readline():
                if line.startswith(_DATA):
                    task = json.loads(line.removeprefix(_DATA))["data"]
                    self.foreign += task["user_id"] != person.subject
                    self.came[task["title"]] = time.monotonic()
                    self._came.set()
        finally:
            writer.close()


async def write(port: int, people: list[Person], rate: float, seconds: float) -> dict[str, float]:
    """Create tasks at a steady pace; when each was about to be sent, by its title."""
    begun: dict[str, float] = {}
    numbers = iter(range(int(rate * seconds)))
    start = time.monotonic()

    async def write_some() -> None:
        reader, writer = await asyncio.open_connection(HOST, port)
        for number in numbers:
            await asyncio.sleep(start + number / rate - time.monotonic())
            title = f"{port} {start} {number}"
            body = json.dumps({"title": title}).encode()
            head = _head("POST", "/api/tasks", people[number * 7 % len(people)])
            begun[title] = time.monotonic()
            length = b"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body)
            writer.write(head + length + body)
            await _answered(reader)
        writer.close()

    await asyncio.gather(*(write_some() for _ in range(_WRITERS)))
    return begun


async def _answered(reader: asyncio.StreamReader) -> None:
    """Read an answer, which must be 201."""
    head = await reader.readuntil(b"\r\n\r\n")
    if b" 201 " not in head.partition(b"\r\n")[0]:
        raise RuntimeError(head.decode())
    length = head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0]
    await reader.readexactly(int(length))


def _head(method: str, path: str, person: Person) -> bytes:
    name, value = person.header
    return f"{method} {path} HTTP/1.1\r\nHost: {HOST}\r\n{name}: {value}\r\n".encode()


async def measure(near: Instance, far: Instance, options: argparse.Namespace) -> None:
    """Open the streams, write, and print what was found."""
    people = near.known
    await write(near.port, people, 4 * options.rate, 2)  # warm
    before = near.megabytes()
    readers = Readers()
    await readers.begin(near.port, people)
    _tell("memory of the streams", near.megabytes() - before, _MOST_MEGABYTES, "MB")
    idle = near.cpu_seconds(), near.stage.cluster.cpu_seconds()
    await asyncio.sleep(options.seconds)
    for name, used in (
        ("the worker", near.cpu_seconds() - idle[0]),
        ("PostgreSQL", near.stage.cluster.cpu_seconds() - idle[1]),
    ):
        print(f"with nothing to tell: {used / options.seconds:.1%} of a processor for {name}")
    for how, port in zip(_MOST_SECONDS, (near.port, far.port), strict=True):
        begun = await write(port, people, options.rate, options.seconds)
        await readers.have(begun)
        late = sorted(readers.came[each] - begun[each] for each in begun.keys() & readers.came)
        print(f"{how}: {len(begun)} changes, {len(begun) - len(late)} did not come")
        print(f"{how}: p50 {statistics.median(late) * 1000:.0f} ms, max {late[-1] * 1000:.0f} ms")
        _tell(f"{how}: p95", late[len(late) * 95 // 100] * 1000, _MOST_SECONDS[how] * 1000, "ms")
    _tell("memory of the streams, in the end", near.megabytes() - before, _MOST_MEGABYTES, "MB")
    print(f"{readers.foreign} changes came to somebody else")
    await readers.end()


def _tell(what: str, found: float, most: float, unit: str) -> None:
    print(f"{what}: {found:.1f} {unit} (at most {most:.0f}{'' if found <= most else ': MISSED'})")


def main() -> None:
    """Print how late changes come, and what the streams take."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.events", description=__doc__)
    parser.add_argument("--streams", type=int, default=1_000)
    parser.add_argument("--rate", type=float, default=100.0, help="writes per second")
    parser.add_argument("--seconds", type=float, default=15.0, help="of each phase")
    options = parser.parse_args()
    print(pythons.line(DULY_BIN))
    with ExitStack() as stack:
        stage = set_stage(stack, Size(options.streams, tasks=10), workers=1)
        near, far = Instance(stage), Instance(stage)
        near.prepare()
        for instance in (near, far):
            stack.callback(instance.stop)
            instance.start()
        near.known = near.people()
        asyncio.run(measure(near, far, options))


if __name__ == "__main__":
    main()
