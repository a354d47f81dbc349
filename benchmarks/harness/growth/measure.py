"""Latency from one connection, pages near and far, and updates from several connections."""

import random
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import cycle, zip_longest
from statistics import median, quantiles
from typing import NamedTuple, TypeVar

from benchmarks.harness.calls import Call
from benchmarks.harness.growth.data import ORDINARY, RECENT, Grown, Statistics
from benchmarks.harness.line import INTRODUCE, TOO_LATE, Answer, Line, field, introduced
from benchmarks.harness.people import PAGE, Person

_Item = TypeVar("_Item")
Say = Callable[[str], None]

LIST = Call("GET", f"/api/tasks?limit={PAGE}")
GET = Call("GET", "/api/tasks/{id}")
CREATE = Call("POST", "/api/tasks", '{"title":"A new task","description":"Made under load"}')
FIRST = f"list, user of {ORDINARY} tasks"
"""What every size is compared by."""

SORTS = ("-created", "created", "-updated", "updated", "-title", "title")
DEEP = 1000
"""The page that is compared with the first."""

TABLES = ("tasks", "spaces")
_CONNECTIONS = 8
_ROUNDS = 20
_STEP = 9
"""Pages at once on the way to the deep one; a thousand is one more than a multiple of it."""

_LEAST_PAIRS = 2  # for quantiles
_WALK_SECONDS, _PAIRS_SECONDS = 3.0, 4.0
_STATISTICS_SECONDS = 15.0


class Latency(NamedTuple):
    """Over many requests, in milliseconds."""

    p50: float
    p95: float
    requests: int


class Deep(NamedTuple):
    """The first page of a sort and a deep one, in milliseconds, and how many were too late."""

    page: int
    first: Latency
    deep: Latency
    too_late: int


class Churn(NamedTuple):
    """What updates did: answers per second, and the counters of each table before and after."""

    rate: float
    before: dict[str, Statistics]
    after: dict[str, Statistics]


def latencies(systems: Sequence[Grown], requests: int, say: Say) -> dict[str, dict[int, Latency]]:
    """By what is asked and by size; sizes take turns, so that the machine's moods fall on all."""
    found: dict[str, dict[int, list[float]]] = {}
    streams = [_Stream(system) for system in systems]
    # In turns too: the server hangs up on a connection that stays idle.
    for people in zip_longest(*(stream.people for stream in streams)):
        for stream, person in zip(streams, people, strict=True):
            stream.line.ask(INTRODUCE, person or stream.people[0])
    for round_ in range(_ROUNDS):
        shift = round_ % len(streams)
        for what in streams[-1].kinds:
            for stream in (*streams[shift:], *streams[:shift]):
                if what in stream.kinds:
                    samples = stream.ask(what, requests // _ROUNDS)
                    found.setdefault(what, {}).setdefault(stream.total, []).extend(samples)
    for stream in streams:
        stream.line.close()
    result = {
        what: {total: _latency(values) for total, values in sizes.items()}
        for what, sizes in found.items()
    }
    for what, sizes in result.items():
        say(f"{what}: " + ", ".join(f"{n:,}: {x.p50:.2f} ms" for n, x in sizes.items()))
    return result


class _Stream:
    """Requests of every kind to one system, over one connection that knows all of its users."""

    def __init__(self, system: Grown) -> None:
        self.total = system.total
        people = shuffled(system.known)
        self.kinds: dict[str, tuple[Call, Iterator[Person]]] = {
            FIRST: (LIST, cycle(people)),
            "get one": (GET, cycle(shuffled(people))),
            "create": (CREATE, cycle(shuffled(people))),
        }
        for tasks in (10, 1_000, 10_000, 100_000):
            if others := system.sample(tasks, 100):
                self.kinds[f"list, user of {tasks:,} tasks"] = (LIST, cycle(others))
                people = people + others
        self.people = people
        self.line = Line(system.port)

    def ask(self, what: str, times: int) -> list[float]:
        call, people = self.kinds[what]
        chosen = (next(people) for _ in range(times))
        return [self.line.ask(call, p, random.choice(p.recent)).latency for p in chosen]  # noqa: S311


def deep_pages(system: Grown, pairs: int, say: Say) -> dict[str, Deep]:
    """By sort: the first page and page 1,000, or the last but few, of the user with most tasks."""
    most = max(group.tasks for group in system.groups)
    [person] = system.sample(most, 1)
    if most < 10_000:  # noqa: PLR2004 - no deep pages
        return {}
    found = {}
    last = min(DEEP, most // PAGE)
    with introduced(system.port, [person]) as line:
        for sort in SORTS:
            page, deep = _walk(line, person, sort, last)
            first = f"/api/tasks?limit={PAGE}&sort={sort}"
            found[sort] = Deep(page, *_interleaved(line, person, (first, deep), pairs))
            say(f"{system.total:,}, {sort}, page 1 and {page:,}: {_short(found[sort])}")
    return found


def _walk(line: Line, person: Person, sort: str, last: int) -> tuple[int, str]:
    """Number and path of a page up to `last`, by following links in steps of nine pages.

    Sorts without an index are slow to walk: patience ends before the last page.
    """
    page, path = 1, f"/api/tasks?limit={PAGE * _STEP}&sort={sort}"
    deadline = time.monotonic() + _WALK_SECONDS
    while page + _STEP <= last and time.monotonic() < deadline:
        answer = line.ask(Call("GET", path), person, patient=True)
        if answer.status == TOO_LATE:
            continue  # what it read is in memory now: another try gets further
        link = field(answer.head, b"link").decode()
        page, path = page + _STEP, link[link.index("<") + 1 : link.index(">")]
    return page, path.replace(f"limit={PAGE * _STEP}", f"limit={PAGE}")


def _interleaved(
    line: Line, person: Person, paths: tuple[str, str], pairs: int
) -> tuple[Latency, Latency, int]:
    """Latency of the first and of the second path, and how many answers of both were too late."""
    seen: tuple[list[Answer], list[Answer]] = ([], [])
    deadline = time.monotonic() + _PAIRS_SECONDS
    while len(seen[0]) < _LEAST_PAIRS or (len(seen[0]) < pairs and time.monotonic() < deadline):
        for path, answers in zip(paths, seen, strict=True):
            answers.append(line.ask(Call("GET", path), person, patient=True))
    first, deep = (_latency([answer.latency for answer in answers]) for answers in seen)
    return first, deep, sum(a.status == TOO_LATE for answers in seen for a in answers)


def churn(system: Grown, bodies: Sequence[str], half: int, seconds: float) -> Churn:
    """Change one half of the users' recent tasks, in random order, over several connections."""
    targets = [
        (p, task) for p in system.known for task in p.recent[half * RECENT // 2 :][: RECENT // 2]
    ]
    before = {table: system.statistics(table) for table in TABLES}
    calls = [Call("PATCH", "/api/tasks/{id}", body) for body in bodies]
    deadline = time.monotonic() + seconds

    def change(number: int) -> int:
        done, line = 0, Line(system.port)
        for person, task in cycle(shuffled(targets[number::_CONNECTIONS])):
            if time.monotonic() > deadline:
                break
            line.ask(calls[done % len(calls)], person, task)
            done += 1
        line.close()
        return done

    with ThreadPoolExecutor(_CONNECTIONS) as pool:
        done = sum(pool.map(change, range(_CONNECTIONS)))
    system.restart()  # connections hand in their statistics when they end
    return Churn(done / seconds, before, _settled(system, before, done))


def _settled(
    system: Grown, before: Mapping[str, Statistics], updates: int
) -> dict[str, Statistics]:
    """The counters once all updates are in them."""
    deadline = time.monotonic() + _STATISTICS_SECONDS
    while True:
        after = {table: system.statistics(table) for table in TABLES}
        counted = after["tasks"].updates - before["tasks"].updates
        if counted >= updates:
            return after
        if time.monotonic() > deadline:
            raise RuntimeError(f"PostgreSQL counted {counted} of {updates} updates")
        time.sleep(0.2)


def shuffled(items: Sequence[_Item]) -> list[_Item]:
    """The same in random order."""
    return random.sample(items, len(items))


def _latency(values: Sequence[float]) -> Latency:
    return Latency(median(values), quantiles(values, n=20)[-1], len(values))


def _short(deep: Deep) -> str:
    return f"{deep.first.p50:.2f} and {deep.deep.p50:.2f} ms"
