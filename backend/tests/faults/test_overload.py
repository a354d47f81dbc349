"""Twice as many requests as the program can answer: it goes on answering what it can."""

from collections.abc import Sequence

import pytest

from backend.tests.faults.aside import Aside, now
from backend.tests.faults.bars import Bars
from backend.tests.faults.crowd import Window
from backend.tests.faults.load import Load, generate
from backend.tests.faults.stage import SECONDS, Stage
from backend.tests.faults.wires import message
from backend.tests.support.program import ServedProgram

pytestmark = pytest.mark.faults

USERS = 50
RUNS = 3 if SECONDS >= 30 else 1
ROOM = 0.9  # of one core; a generator that needs more measures itself


def load(
    program: ServedProgram,
    requests: Sequence[bytes],
    connections: int,
    rate: float | None,
    seconds: float,
) -> Load:
    with Aside(generate, program.port, requests, connections, rate, seconds) as generator:
        return generator.result(stop=False)


@pytest.mark.parametrize(
    ("workers", "connections"),
    [(1, 2_000), (2, 1_000), (2, 2_000), *([(1, 1_000)] if SECONDS >= 30 else [])],
)
def test_twice_the_capacity(workers: int, connections: int, stage: Stage, bars: Bars) -> None:
    requests = [message("GET", "/api/tasks?limit=20", stage.owner_of(20)[1]) for _ in range(USERS)]
    with (
        stage.program(WORKERS=str(workers)) as program,
        stage.crowd(program, pace=0.2) as crowd,
    ):
        calm = crowd.watch(2)
        load(program, requests, 50, None, 1)  # everybody is known, everything is compiled
        capacity = load(program, requests, 50, None, SECONDS)
        for run in range(RUNS):
            flooded = load(program, requests, connections, 2 * capacity.goodput, SECONDS)
            ended = now()
            crowd.watch(4)
            judge(bars, f"run {run + 1}" if RUNS > 1 else "", capacity, flooded)
            after = Window(ended + 2, now())
        record = crowd.stop()
    quiet, later = calm.of(record), after.of(record)
    bars.answered("normal within 2 s after", 1, quiet, later)
    bars.slower("2 s after", 3, quiet, later)
    bars.invariants(record, stage.cluster)


def judge(bars: Bars, run: str, capacity: Load, flooded: Load) -> None:
    share = flooded.goodput / capacity.goodput if capacity.goodput else 0.0
    bars.bar(
        f"goodput ≥ 80 % of capacity {run}",
        f"{share:.0%}: {flooded}",
        calm=f"{capacity.goodput:.0f}/s",
        kept=share >= 0.8,
        timing=True,
    )
    slowest = flooded.quantile(0.99)
    bars.bar(
        f"a 200 ≤ 2 s (p99) {run}",
        f"{slowest:.2f} s",
        calm=f"{capacity.quantile(0.99):.2f} s",
        kept=slowest <= 2,
        timing=True,
    )
    strange = flooded.statuses.keys() - {200, 503, 429, 0}
    bars.bar(f"200 or 503 {run}", sorted(flooded.statuses), kept=not strange)
    bars.bar(
        f"the generator has room {run}",
        f"{flooded.cpu:.0%} of a core, sent {flooded.sent} of {flooded.due} due",
        calm=f"{capacity.cpu:.0%}",
        kept=flooded.cpu <= ROOM,
        timing=True,
    )
