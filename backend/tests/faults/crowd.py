"""Ten writers and ten readers: what they were answered, and the journal of the writers."""

import asyncio
import json
import time
from collections import Counter
from collections.abc import Sequence
from types import TracebackType
from typing import NamedTuple, Self

from backend.tests.faults.aside import Aside, now, pause
from backend.tests.faults.journal import Entry
from backend.tests.faults.wires import Answer, Wire, message

WRITERS = READERS = 10
PACE = 0.05  # seconds between two calls of one caller
EDGE = 0.1  # seconds; what is asked last meets the next phase, and is judged in neither

Somebody = tuple[str, str]
"""Subject and token."""


class Seen(NamedTuple):
    """One answer, reduced to what a bar may ask."""

    writes: bool
    status: int
    code: str
    asked_at: float
    seconds: float


class Record(NamedTuple):
    """All that the crowd saw."""

    answers: list[Seen]
    journal: list[Entry]
    foreign: list[str]  # the owners of rows that were not the caller's
    readiness: list[tuple[float, int]]  # when /readyz was asked, and its status

    def unready(self, window: "Window") -> int:
        """How often /readyz said no, or nothing."""
        return sum(window.begin <= at < window.end and said != 200 for at, said in self.readiness)


class Phase(NamedTuple):
    """The answers to what was asked within some seconds."""

    answers: list[Seen]

    def of(self, *, writes: bool) -> "Phase":
        return Phase([seen for seen in self.answers if seen.writes == writes])

    @property
    def statuses(self) -> Counter[int]:
        return Counter(seen.status for seen in self.answers)

    @property
    def answered(self) -> float:
        """The share that succeeded, 0 to 1; nobody asked is nobody answered."""
        good = sum(200 <= seen.status < 300 for seen in self.answers)
        return good / len(self.answers) if self.answers else 0.0

    @property
    def failed(self) -> int:
        return sum(not 200 <= seen.status < 300 for seen in self.answers)

    @property
    def p95(self) -> float:
        """Milliseconds, of all answers, the failed ones included."""
        return self.quantile(0.95)

    @property
    def p50(self) -> float:
        return self.quantile(0.5)

    @property
    def slowest(self) -> float:
        """Milliseconds."""
        return self.quantile(1.0)

    def quantile(self, part: float) -> float:
        times = sorted(seen.seconds for seen in self.answers)
        return times[min(len(times) - 1, int(part * len(times)))] * 1000 if times else float("inf")

    def __str__(self) -> str:
        told = Counter(f"{seen.status} {seen.code}".strip() for seen in self.answers)
        counts = ", ".join(f"{number} × {status}" for status, number in sorted(told.items()))
        return f"{counts or 'nobody'}; p95 {self.p95:.0f} ms"


class Crowd:
    """Callers at a steady pace, in a process of their own.

    Args:
        port: Of the program.
        people: One for each pair of a writer and a reader.
        pace: Seconds between two calls of one caller.
    """

    def __init__(self, port: int, people: Sequence[Somebody], pace: float = PACE) -> None:
        self._aside = Aside(call, port, list(people), pace)

    def watch(self, seconds: float) -> "Window":
        """Let them go on for so long."""
        began = now()
        time.sleep(seconds)
        return Window(began, now() - EDGE)

    def stop(self) -> Record:
        """End, and give everything they saw."""
        return self._aside.result()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._aside.__exit__(kind, error, trace)


class Window(NamedTuple):
    """From when to when, by the monotonic clock."""

    begin: float
    end: float

    def of(self, record: Record) -> Phase:
        """What was asked within it."""
        return Phase([seen for seen in record.answers if self.begin <= seen.asked_at < self.end])

    @staticmethod
    def together(windows: "Sequence[Window]", record: Record) -> Phase:
        """What was asked within any of them."""
        return Phase([seen for window in windows for seen in window.of(record).answers])


class _Caller:
    """One writer or reader."""

    def __init__(self, port: int, somebody: Somebody, record: Record) -> None:
        self._subject, self._token = somebody
        self._wire = Wire(port)
        self._record = record

    async def go_on(self, stopping: asyncio.Event, *, writes: bool, pace: float) -> None:
        number = 0
        while await pause(stopping, pace):
            number += 1
            answer = await (self._write(number) if writes else self._read())
            seen = Seen(writes, answer.status, answer.code, answer.asked_at, answer.seconds)
            self._record.answers.append(seen)
        self._wire.close()

    async def _write(self, number: int) -> Answer:
        title = f"{self._subject} {number}"
        body = json.dumps({"title": title}).encode()
        answer = await self._wire.ask(message("POST", "/api/tasks", self._token, body))
        self._record.journal.append(Entry(self._subject, title, answer.status))
        return answer

    async def _read(self) -> Answer:
        answer = await self._wire.ask(message("GET", "/api/tasks?limit=20", self._token))
        if answer.status == 200:
            owners = [task["user_id"] for task in answer.json()]
            self._record.foreign.extend({*owners} - {self._subject})
        return answer


async def call(
    stopping: asyncio.Event, port: int, people: Sequence[Somebody], pace: float
) -> Record:
    """Read and write as all of them until told to stop."""
    record = Record([], [], [], [])
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(_ask_readiness(stopping, Wire(port), record))
        for number, somebody in enumerate(people):
            await pause(stopping, pace * number / len(people) / len(people))  # not all at once
            for writes in (True, False):
                caller = _Caller(port, somebody, record)
                tasks.create_task(caller.go_on(stopping, writes=writes, pace=pace))
    return record


async def _ask_readiness(stopping: asyncio.Event, wire: Wire, record: Record) -> None:
    while await pause(stopping, 0.1):
        answer = await wire.ask(message("GET", "/readyz", ""))
        record.readiness.append((answer.asked_at, answer.status))
    wire.close()
