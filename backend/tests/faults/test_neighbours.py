"""One account misbehaves; everybody else must hardly notice."""

import json
import time

import psycopg
import pytest

from backend.tests.faults import attacks
from backend.tests.faults.aside import Aside, now
from backend.tests.faults.bars import Bars
from backend.tests.faults.crowd import Crowd, Record, Window
from backend.tests.faults.stage import SECONDS, Stage, ask
from backend.tests.faults.wires import message

pytestmark = pytest.mark.faults

AFTERMATH = max(8.0, 2 * SECONDS)  # what was abandoned blocked the others for 30 s once
SLOW_LIST = "/api/tasks?sort=title&limit=1&count=exact"


def judge(
    bars: Bars,
    record: Record,
    calm: Window,
    seen: Window,
    share: float,
    times: float,
    finest: float = 20.0,
) -> None:
    """Bars: so many of the others' reads and writes succeed, and p95 grows so little."""
    for name, writes in (("others' reads", False), ("others' writes", True)):
        quiet, loud = (window.of(record).of(writes=writes) for window in (calm, seen))
        bars.answered(name, share, quiet, loud)
        bars.slower(name, times, quiet, loud, finest)
    false = record.unready(seen)
    bars.bar(
        "/readyz never false",
        f"{false} times",
        kept=not false,
        calm=record.unready(calm),
        timing=True,
    )


@pytest.mark.parametrize(
    ("tasks", "kilobytes", "target", "requests"),
    [
        pytest.param(100_000, 0, SLOW_LIST, 1_000, id="slow"),
        pytest.param(200, 16, "/api/tasks?limit=200", 300, id="large"),
    ],
)
def test_a_burst_of_lists_hangs_up(
    tasks: int, kilobytes: int, target: str, requests: int, stage: Stage, bars: Bars
) -> None:
    _, token = stage.owner_of(tasks, kilobytes)
    with stage.program() as program, stage.crowd(program) as crowd:
        alone = ask(program, "GET", target, token)
        calm = crowd.watch(SECONDS)
        burst = now()
        with Aside(
            attacks.hang_up, program.port, message("GET", target, token), requests, 0.5
        ) as attack:
            opened = attack.result(stop=False)
            crowd.watch(AFTERMATH)
            record = crowd.stop()
    assert alone.status_code == 200
    bars.bar("the burst was sent", f"{opened} requests", kept=opened >= 0.9 * requests, timing=True)
    judge(bars, record, calm, Window(burst + 1, float("inf")), 0.99, 3)
    bars.invariants(record, stage.cluster)


@pytest.mark.parametrize("writes", [20, 200])
def test_a_row_of_one_user_is_locked(writes: int, stage: Stage, bars: Bars) -> None:
    subject, token = stage.somebody("locked")
    request = message("POST", "/api/tasks", token, b'{"title": "x"}')
    with stage.program() as program, stage.crowd(program) as crowd:
        ask(program, "POST", "/api/tasks", token, {"title": "x"})
        calm = crowd.watch(SECONDS)
        with psycopg.connect(stage.cluster.url) as administrator:
            administrator.execute("select from duly.spaces where id = %s for update", [subject])
            with Aside(attacks.flood, program.port, [request], writes) as attack:
                during = crowd.watch(max(SECONDS, 4))
                statuses = attack.result()
        record = crowd.stop()
    judge(bars, record, calm, during, 1, 2)
    told = {status for status in statuses if status > 0}
    bars.bar("that user's writes: 503 or 429", dict(statuses), kept=told <= {503, 429})
    bars.invariants(record, stage.cluster)


def test_one_user_floods_writes(stage: Stage, bars: Bars) -> None:
    _, token = stage.somebody("flooder")
    request = message("POST", "/api/tasks", token, b'{"title": "x"}')
    with stage.program() as program, stage.crowd(program) as crowd:
        calm = crowd.watch(SECONDS)
        with Aside(attacks.flood, program.port, [request], 200) as attack:
            during = crowd.watch(SECONDS)
            statuses = attack.result()
        record = crowd.stop()
    judge(bars, record, calm, during, 1, 2)
    bars.bar("no 500 for the one who floods", dict(statuses), kept=500 not in statuses)
    bars.invariants(record, stage.cluster)


@pytest.mark.parametrize("kind", ["single-bytes", "members", "metrics"])
def test_a_dear_request_is_repeated(kind: str, stage: Stage, bars: Bars) -> None:
    _, token = stage.somebody("costly")
    members = json.dumps({f"m{number}": 1 for number in range(5_000)}).encode()
    request, right = {
        "single-bytes": (attacks.in_single_bytes(token, 15_000), {201, 400, 413}),
        "members": (message("POST", "/api/tasks", token, members), {422, 413, 400}),
        "metrics": (message("GET", "/metrics", ""), {200, 429, 401, 404}),
    }[kind]
    with stage.program() as program, stage.crowd(program) as crowd:
        calm = crowd.watch(SECONDS)
        with Aside(attacks.flood, program.port, [request], 10) as attack:
            during = crowd.watch(SECONDS)
            statuses = attack.result()
        record = crowd.stop()
    # All processors are busy with requests that are answered: each of the others waits for a few.
    judge(bars, record, calm, during, 0.99, 3, finest=50)
    bars.bar("its own answers", dict(statuses), kept=statuses.keys() <= right | {429, 503})
    most = max(statuses, key=lambda status: statuses[status])
    bars.bar("most of them are no outage", most, kept=most in right | {429}, timing=True)
    bars.invariants(record, stage.cluster)


def test_a_user_asks_ten_times_as_often_as_allowed(stage: Stage, bars: Bars) -> None:
    _, token = stage.somebody("abusive")
    request = message("GET", "/api/tasks", token)
    people = stage.people(40)
    with (
        stage.program(RATE_LIMIT="10/second") as program,
        Crowd(program.port, people, pace=0.4) as crowd,  # half of what is allowed
    ):
        crowd.watch(1)
        calm, during, answers = [], [], []
        for _ in range(4):  # in turns: the machine changes, too
            calm.append(crowd.watch(SECONDS / 2))
            with Aside(attacks.abuse, program.port, request, 100) as attack:
                time.sleep(0.2)
                during.append(crowd.watch(SECONDS / 2))
                answers += attack.result()
        record = crowd.stop()
    quiet, seen = Window.together(calm, record), Window.together(during, record)
    limited = [retry for status, retry in answers if status == 429]
    bars.bar(
        "most of the user's requests: 429 with Retry-After",
        f"{len(limited)} of {len(answers)}",
        kept=len(limited) > 0.5 * len(answers) and all(limited),
        timing=True,
    )
    bars.answered("others", 1, quiet, seen)
    # The machine moves 3 ms by itself.
    kept = seen.p95 <= max(1.2 * quiet.p95, quiet.p95 + 3)
    bars.bar(
        "others: p95 moves < 20 %",
        f"{seen.p95:.1f} ms",
        calm=f"{quiet.p95:.1f} ms",
        kept=kept,
        timing=True,
    )
    bars.invariants(record, stage.cluster)
