"""Clients that read nothing, never end, or say nothing: memory and descriptors stay bounded."""

import time
from collections.abc import Callable

import pytest

from backend.tests.faults import attacks
from backend.tests.faults.aside import Aside, now
from backend.tests.faults.bars import Bars
from backend.tests.faults.crowd import Window
from backend.tests.faults.stage import SECONDS, Memory, Stage, ask, memory
from backend.tests.faults.wires import message
from backend.tests.support.program import ServedProgram

pytestmark = pytest.mark.faults

MOST = 150  # MB that the workers may grow by
CLOSED_WITHIN = 30.0 if SECONDS >= 30 else 15.0
SHORTER = {} if SECONDS >= 30 else {"BODY_TIMEOUT": "15"}  # of 30 s, in a short run
REACTION = 3.0  # seconds until all of them are noticed, here and there
SLACK = 50  # descriptors; the crowd's and the database's come and go


def watch_out(
    program: ServedProgram, calm: Memory, seconds: float, done: Callable[[Memory], bool]
) -> tuple[float, float]:
    """The highest growth in MB, and after how many seconds it was done; infinity if never."""
    began, growth = now(), 0.0
    while now() - began < seconds:
        state = memory(program)
        growth = max(growth, state.megabytes - calm.megabytes)
        if done(state):
            return growth, now() - began
        time.sleep(0.25)
    return growth, float("inf")


@pytest.mark.parametrize("connections", [1_000, 300] if SECONDS >= 30 else [1_000])
def test_nobody_reads_the_answers(connections: int, stage: Stage, bars: Bars) -> None:
    _, token = stage.owner_of(200, 16)
    request = message("GET", "/api/tasks?limit=200", token)
    judge(stage, bars, connections, request, b"")


def test_bodies_never_end(stage: Stage, bars: Bars) -> None:
    _, token = stage.somebody("endless")
    first = message("POST", "/api/tasks", token).removesuffix(b"\r\n")
    first += b"Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
    judge(stage, bars, 1_000, first, b"1\r\n \r\n")


def test_heads_never_end(stage: Stage, bars: Bars) -> None:
    judge(stage, bars, 1_000, b"GET /api/tasks HTTP/1.1\r\nHost: duly\r\n", b"X-More: x\r\n")


def judge(stage: Stage, bars: Bars, connections: int, first: bytes, more: bytes) -> None:
    with stage.program(**SHORTER) as program, stage.crowd(program, pace=0.2) as crowd:
        calm, quiet = crowd.watch(2), memory(program)
        begun = now()
        with Aside(attacks.hold, program.port, connections, first, more, 1.0):
            time.sleep(1)
            growth, closed = watch_out(
                program, quiet, CLOSED_WITHIN + REACTION, lambda state: _few(state, quiet)
            )
            record = crowd.stop()
    others = Window(begun, float("inf")).of(record)
    held = f"{growth:.0f} MB at {connections} connections"
    bars.bar(
        f"workers grow ≤ {MOST} MB", held, calm=f"{quiet.megabytes:.0f} MB", kept=growth <= MOST
    )
    bars.bar(f"all closed ≤ {CLOSED_WITHIN:.0f} s", f"{closed:.0f} s", kept=closed < float("inf"))
    bars.answered("others", 0.99, calm.of(record), others)
    false = record.unready(Window(begun, float("inf")))
    bars.bar("/readyz never false", f"{false} times", kept=not false, timing=True)
    bars.invariants(record, stage.cluster)


def _few(state: Memory, quiet: Memory) -> bool:
    return state.descriptors <= quiet.descriptors + SLACK


def test_connections_are_idle_and_half_open_with_few_descriptors(stage: Stage, bars: Bars) -> None:
    with (
        stage.program(first="ulimit -n 1024") as program,
        Aside(attacks.hold, program.port, 1_000, b"", b"", 1.0) as idle,
        Aside(attacks.hold, program.port, 1_000, b"GET /livez HT", b"", 1.0) as half,
    ):
        began, slowest, alive, number = now(), 0.0, 0, 0
        while now() - began < 6:
            asked = now()
            number += 1
            try:
                alive += ask(program, "GET", "/livez").is_success
            except Exception:  # noqa: BLE001 - whatever is wrong, it is no 200
                time.sleep(0.05)
            slowest = max(slowest, now() - asked)
        idle.result()
        half.result()
        _, token = stage.somebody()
        healed = now()
        while ask(program, "POST", "/api/tasks", token, {"title": "x"}).status_code != 201:
            time.sleep(0.05)
        healed = now() - healed
    bars.bar("/livez 200 all the time", f"{alive} of {number}", kept=alive == number, timing=True)
    bars.bar("/livez ≤ 1 s", f"{slowest:.2f} s", kept=slowest <= 1, timing=True)
    bars.bar("recovers ≤ 2 s", f"{healed:.2f} s", kept=healed <= 2, timing=True)
