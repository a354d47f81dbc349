"""The way to PostgreSQL loses answers, falls silent, or drips; a proxy of our own does that."""

import time
from collections.abc import Iterator

import pytest

from backend.tests.faults.aside import now
from backend.tests.faults.bars import Bars
from backend.tests.faults.crowd import Window
from backend.tests.faults.stage import SECONDS, Stage, ready, seconds_until
from backend.tests.support.proxy import Proxy, Weather

pytestmark = pytest.mark.faults

ROUNDS = 5


@pytest.fixture
def proxy(stage: Stage) -> Iterator[Proxy]:
    with Proxy(stage.cluster.url) as proxy:
        yield proxy


def test_replies_are_lost_after_the_commit(stage: Stage, bars: Bars, proxy: Proxy) -> None:
    with stage.program(proxy.url) as program, stage.crowd(program) as crowd:
        calm = crowd.watch(SECONDS)
        began = now()
        for _ in range(ROUNDS):
            proxy.stall(requests=False)
            time.sleep(0.3)  # PostgreSQL commits meanwhile
            proxy.cut()
            proxy.resume()
            time.sleep(0.7)
        window, after = Window(began, now()), crowd.watch(1)
        record = crowd.stop()
    quiet, seen = calm.of(record), window.of(record)
    reads, writes = seen.of(writes=False), seen.of(writes=True)
    bars.bar(
        "writes: success or 503, and some are lost",
        writes,
        calm=quiet.of(writes=True),
        kept={*writes.statuses} == {201, 503},
    )
    bars.bar(
        "reads: no client sees an error",
        reads,
        calm=quiet.of(writes=False),
        kept=not reads.failed,
    )
    bars.bar("normal after", after.of(record), kept=not after.of(record).failed, timing=True)
    bars.invariants(record, stage.cluster)


def test_the_wire_falls_silent(stage: Stage, bars: Bars, proxy: Proxy) -> None:
    with stage.program(proxy.url) as program, stage.crowd(program) as crowd:
        calm = crowd.watch(SECONDS)
        proxy.stall()
        silent = crowd.watch(5)
        proxy.cut()
        proxy.resume()
        took = seconds_until(lambda: ready(program))
        after = crowd.watch(SECONDS)
        record = crowd.stop()
    seen = silent.of(record)
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


def test_the_wire_is_slow_and_drips(stage: Stage, bars: Bars, proxy: Proxy) -> None:
    with stage.program(proxy.url) as program, stage.crowd(program, pace=0.5) as crowd:
        calm = crowd.watch(SECONDS)
        proxy.set(Weather(latency=0.02))
        slow = crowd.watch(SECONDS)
        crowd.watch(0.5)  # what was asked last is answered in the same weather
        proxy.set(Weather(drip=0.0001))
        drips = crowd.watch(SECONDS)
        proxy.set(Weather())
        record = crowd.stop()
    bars.answered("20 ms each way", 1, calm.of(record), slow.of(record))
    seen = drips.of(record)
    bars.bar("a byte at a time: success or 503", seen, kept=seen.statuses.keys() <= {200, 201, 503})
    bars.invariants(record, stage.cluster)
