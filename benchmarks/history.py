"""`python -m benchmarks.history`: what the history, and keys for retries, cost a write over HTTP.

One served program, 32 connections that never think. In each round every load is asked with the
history's triggers and without them, in turn; compared are right answers for a second of a
processor, of the server and PostgreSQL together, and answers per second.
"""

import argparse
import statistics
from collections.abc import Iterator
from contextlib import ExitStack
from itertools import count
from typing import NamedTuple

from benchmarks.harness import pythons
from benchmarks.harness.calls import Call
from benchmarks.harness.generators import wrk
from benchmarks.harness.people import Person, Size
from benchmarks.harness.places import DULY_BIN
from benchmarks.harness.stage import set_stage
from benchmarks.harness.systems.duly import Duly

_CONNECTIONS = 32
_LINES = 40_000  # more than are asked in one measurement: a key is used once
_UPDATE = Call("PATCH", "/api/tasks/{id}", '{"title":"Title %s"}')
_TABLES = ("tasks", "lists", "settings")
_EVENTS = ("created", "updated", "deleted")


class Load(NamedTuple):
    """What is asked: which call, and whether with a key."""

    call: Call
    keyed: bool = False


class Cost(NamedTuple):
    """What one measurement found, per second, and per second of a processor."""

    rate: float
    per_core: float


LOADS = {
    "get": Load(Duly.calls.get),
    "create": Load(Duly.calls.create),
    "create with a key": Load(Duly.calls.create, keyed=True),
    "update": Load(_UPDATE),
    "update with a key": Load(_UPDATE, keyed=True),
}
# Compared with what, and the least ratio.
GOALS = (
    ("get", "with", "get", "without", 0.98),
    ("create", "with", "create", "without", 0.80),
    ("update", "with", "update", "without", 0.80),
    ("create with a key", "with", "create", "with", 0.75),
    ("update with a key", "with", "update", "with", 0.0),
)


def main() -> None:
    """Print the ratios of each round's neighbours, their medians and ranges."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.history", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=4)
    parser.add_argument("--users", type=int, default=1_000)
    options = parser.parse_args()
    print(pythons.line(DULY_BIN))
    found: dict[tuple[str, str], list[Cost]] = {}
    with ExitStack() as stack:
        duly = _started(stack, options.users)
        for number in range(options.rounds):
            for state in ("with", "without") if number % 2 else ("without", "with"):
                _switch(duly, on=state == "with")
                for name, load in LOADS.items():
                    cost = _measure(duly, load, options.seconds)
                    found.setdefault((name, state), []).append(cost)
            print(f"round {number + 1} of {options.rounds}", flush=True)
    for (name, state), costs in found.items():
        rate, per_core = (statistics.median(each) for each in zip(*costs, strict=True))
        print(f"{name}, {state} history: {rate:,.0f}/s, {per_core:,.0f} a second of a processor")
    for name, state, base, base_state, least in GOALS:
        pairs = list(zip(found[name, state], found[base, base_state], strict=True))
        for kind, ratios in (
            ("rate", [one.rate / other.rate for one, other in pairs]),
            ("processor", [one.per_core / other.per_core for one, other in pairs]),
        ):
            middle = statistics.median(ratios)
            print(
                f"{name} {state} : {base} {base_state}, by {kind}: {middle:.2f} "
                f"({min(ratios):.2f} to {max(ratios):.2f}; at least {least})"
            )


def _started(stack: ExitStack, users: int) -> Duly:
    duly = Duly(set_stage(stack, Size(users, tasks=50)))
    duly.prepare()
    stack.callback(duly.stop)
    duly.start()
    duly.known = duly.people()
    for load in LOADS.values():  # every user known, every worker warm
        _measure(duly, load, 2)
    return duly


def _switch(duly: Duly, *, on: bool) -> None:
    """Turn the history's triggers on or off, of rows that are as they were at the beginning."""
    duly.restore()
    word = "enable" if on else "disable"
    duly.stage.cluster.execute(
        duly.name,
        *(
            f"alter table duly.{table} {word} trigger remember_{event}"
            for table in _TABLES
            for event in _EVENTS
            if (table, event) != ("settings", "deleted")
        ),
    )


def _measure(duly: Duly, load: Load, seconds: float) -> Cost:
    lines = duly.stage.directory / "history.tsv"
    lines.write_text("\n".join(_lines(duly.known, load)) + "\n")
    before = _cpu_seconds(duly)
    answers = wrk.send(lines, duly.port, _CONNECTIONS, seconds)
    if answers.errors:
        raise RuntimeError(f"{answers.errors} answers were none: {load}")
    return Cost(answers.rate, answers.rate * seconds / (_cpu_seconds(duly) - before))


_keys = count()


def _lines(people: list[Person], load: Load) -> Iterator[str]:
    """Requests, each of another user than its neighbours."""
    for number in range(_LINES):
        turn, place = divmod(number, len(people))
        person = people[place]
        call = load.call.filled(person, person.recent[turn % len(person.recent)])
        body = call.body.replace("%s", str(number))
        key = [f"key-{next(_keys)}"] if load.keyed else []
        yield "\t".join((call.method, call.path, *person.header, body, *key))


def _cpu_seconds(duly: Duly) -> float:
    assert duly.program  # noqa: S101 - started
    return duly.program.usage().cpu_seconds + duly.stage.cluster.cpu_seconds()


if __name__ == "__main__":
    main()
