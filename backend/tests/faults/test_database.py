"""PostgreSQL is interrupted, killed, frozen, full or read-only while twenty people work."""

import time

import pytest

from backend.tests.faults.aside import now
from backend.tests.faults.bars import Bars
from backend.tests.faults.crowd import Window
from backend.tests.faults.stage import SECONDS, Stage, ask, ready, seconds_until

pytestmark = pytest.mark.faults


def test_every_backend_is_terminated(stage: Stage, bars: Bars) -> None:
    with stage.program() as program, stage.crowd(program) as crowd:
        calm = crowd.watch(SECONDS)
        began = now()
        for _ in range(3):
            stage.cluster.terminate_backends()
            time.sleep(1)
        window, after = Window(began, now()), crowd.watch(SECONDS)
        record = crowd.stop()
    quiet, seen = calm.of(record), window.of(record)
    reads, writes = seen.of(writes=False), seen.of(writes=True)
    bars.bar(
        "reads: no client sees an error", reads, calm=quiet.of(writes=False), kept=not reads.failed
    )
    bars.bar(
        "writes: success or 503",
        writes,
        calm=quiet.of(writes=True),
        kept=writes.statuses.keys() <= {201, 503},
    )
    failed = [one.asked_at + one.seconds for one in seen.answers if one.status >= 500]
    last = max(failed, default=began) - (window.end - 1)
    bars.bar(
        "back < 1 s",
        f"last failure {max(last, 0):.2f} s after the third",
        kept=last < 1,
        timing=True,
    )
    bars.bar("normal after", after.of(record), kept=not after.of(record).failed, timing=True)
    bars.invariants(record, stage.cluster)


def test_postgresql_is_killed_and_restarted(stage: Stage, bars: Bars) -> None:
    with stage.program() as program, stage.crowd(program) as crowd:
        calm = crowd.watch(SECONDS)
        stage.cluster.kill()
        time.sleep(0.5)
        stage.cluster.start()
        took = seconds_until(lambda: ready(program))
        after = crowd.watch(SECONDS)
        alive = program.wait_for(lambda: ready(program) or None)
        record = crowd.stop()
    bars.bar("ready ≤ 2 s after PostgreSQL", f"{took:.2f} s", kept=took <= 2, timing=True)
    later = Window(after.begin + 1, after.end).of(record)
    bars.bar(
        "all answered from 1 s later on",
        later,
        calm=calm.of(record),
        kept=not later.failed and alive,
        timing=True,
    )
    bars.invariants(record, stage.cluster)


def test_postgresql_is_frozen(stage: Stage, bars: Bars) -> None:
    with stage.program() as program, stage.crowd(program) as crowd:
        calm = crowd.watch(SECONDS)
        with stage.cluster.frozen():
            frozen = crowd.watch(5)
        took = seconds_until(lambda: ready(program))
        after = crowd.watch(SECONDS)
        record = crowd.stop()
    seen = frozen.of(record)
    bars.bar(
        "answers within the deadline of 2 s + 0.5 s",
        f"{seen.slowest / 1000:.2f} s",
        calm=f"{calm.of(record).slowest / 1000:.2f} s",
        kept=seen.slowest <= 2500,
        timing=True,
    )
    bars.bar("success or 503", seen, kept=seen.statuses.keys() <= {200, 201, 503})
    bars.bar("ready ≤ 2 s after", f"{took:.2f} s", kept=took <= 2, timing=True)
    later = Window(after.begin + 1, after.end).of(record)
    bars.bar(
        "all answered from 1 s later on",
        later,
        calm=calm.of(record),
        kept=not later.failed,
        timing=True,
    )
    bars.invariants(record, stage.cluster)


def test_the_database_is_read_only(stage: Stage, bars: Bars) -> None:
    with stage.program() as program, stage.crowd(program) as crowd:
        calm = crowd.watch(SECONDS)
        stage.cluster.execute("alter database duly set default_transaction_read_only = on")
        try:
            stage.cluster.terminate_backends()
            time.sleep(1)
            during = crowd.watch(SECONDS)
            new = ask(program, "GET", "/api/tasks", stage.somebody("new")[1]).status_code
            said = seconds_until(lambda: '"writes":false' in ask(program, "GET", "/readyz").text, 5)
        finally:
            stage.cluster.execute("alter database duly reset default_transaction_read_only")
            stage.cluster.terminate_backends()
        healed = seconds_until(
            lambda: (
                ask(program, "POST", "/api/tasks", stage.somebody()[1], {"title": "x"}).is_success
            )
        )
        record = crowd.stop()
    seen, quiet = during.of(record), calm.of(record)
    reads, writes = seen.of(writes=False), seen.of(writes=True)
    bars.answered("reads", 1, quiet.of(writes=False), reads)
    bars.bar("writes 503", writes, calm=quiet.of(writes=True), kept={*writes.statuses} == {503})
    bars.bar("a new user's read 200", new, kept=new == 200)
    bars.bar("/readyz says that writes fail", f"after {said:.1f} s", kept=said < 5, timing=True)
    bars.bar("heals without a restart", f"{healed:.1f} s", kept=healed < 10, timing=True)
    bars.invariants(record, stage.cluster)
