"""PgBouncer in transaction mode stands between, with its defaults; it or PostgreSQL restarts."""

import time
from pathlib import Path

import pytest

from backend.tests.faults.aside import now
from backend.tests.faults.bars import Bars
from backend.tests.faults.crowd import Phase, Record, Window
from backend.tests.faults.stage import SECONDS, Stage
from backend.tests.support import pgbouncer
from backend.tests.support.pgbouncer import PgBouncer

pytestmark = [
    pytest.mark.faults,
    pytest.mark.skipif(pgbouncer.PROGRAM is None, reason="pgbouncer is not installed"),
]

LONGEST = 3.0  # seconds of 503 after the fault is over
WATCHED = 6.0  # seconds; PgBouncer's default `server_login_retry` is 15


def test_the_pooler_restarts(stage: Stage, bars: Bars, tmp_path: Path) -> None:
    with (
        PgBouncer(stage.cluster.url, tmp_path) as pooler,
        stage.program(pooler.url) as program,
        stage.crowd(program) as crowd,
    ):
        calm = crowd.watch(SECONDS)
        began = now()
        pooler.restart()
        back = now()
        crowd.watch(WATCHED)
        record, log = crowd.stop(), program.output()
    judge(bars, calm.of(record), record, began, back, log)
    bars.invariants(record, stage.cluster)


def test_postgresql_restarts_behind_the_pooler(stage: Stage, bars: Bars, tmp_path: Path) -> None:
    """Which tries again as often as docs/decisions/0012-poolers.md says; by default, every 15 s."""
    with (
        PgBouncer(stage.cluster.url, tmp_path, "server_login_retry = 1") as pooler,
        stage.program(pooler.url) as program,
        stage.crowd(program) as crowd,
    ):
        calm = crowd.watch(SECONDS)
        began = now()
        stage.cluster.kill()
        time.sleep(0.5)  # the pooler tries to log in meanwhile, and is refused
        stage.cluster.start()
        back = now()
        crowd.watch(WATCHED)
        record, log = crowd.stop(), program.output()
    judge(bars, calm.of(record), record, began, back, log)
    bars.invariants(record, stage.cluster)


def judge(bars: Bars, calm: Phase, record: Record, began: float, back: float, log: str) -> None:
    seen = Window(began, float("inf")).of(record)
    ends = [one.asked_at + one.seconds - back for one in seen.answers if one.status >= 500]
    last = max(ends, default=0.0)
    bars.bar(
        f"≤ {LONGEST:.0f} s of 503 after it is back",
        f"the last {last:.2f} s after ({seen})",
        calm=calm,
        kept=last <= LONGEST,
        timing=True,
    )
    bars.bar("success or 503", [*seen.statuses], kept=seen.statuses.keys() <= {200, 201, 503})
    bars.bar("calm phase: all answered", calm, kept=not calm.failed, timing=True)
    words = ("prepared statement", '"26000"', '"42P05"')
    found_out = "prepared_statements_off"  # by a worker, once, and nobody was refused for it
    named = [
        line
        for line in log.splitlines()
        if any(word in line for word in words) and found_out not in line
    ]
    first = f": {named[0][:160]}" if named else ""
    bars.bar("no prepared-statement error in the log", f"{len(named)}{first}", kept=not named)
