"""Three instances behind HAProxy: one is killed, one drained, all become the next version."""

import subprocess

import pytest

from backend.tests.faults.aside import now
from backend.tests.faults.bars import Bars
from backend.tests.faults.crowd import WRITERS, Crowd, Phase, Record, Window
from backend.tests.faults.instances import Instances, Version, next_version
from backend.tests.faults.stage import SECONDS, Stage
from backend.tests.faults.wires import LOST
from backend.tests.support import haproxy
from backend.tests.support.processes import bare_environment
from backend.tests.support.program import environment

pytestmark = [
    pytest.mark.faults,
    pytest.mark.skipif(haproxy.PROGRAM is None, reason="haproxy is not installed"),
]

_LOST_BEHIND = 502  # what HAProxy says of a connection that ended without an answer


def test_an_instance_is_killed(stage: Stage, bars: Bars) -> None:
    with Instances(stage).serving() as instances, crowd(stage, instances) as callers:
        calm = callers.watch(SECONDS)
        killed = now()
        instances.kill(1)
        instances.wait_until_up(2, 3)
        callers.watch(SECONDS)
        record = as_seen(callers.stop())
    seen = Window(killed - 1, float("inf")).of(record)
    reads, writes = seen.of(writes=False), seen.of(writes=True)
    bars.bar("no read fails", reads, calm=calm.of(record), kept=not reads.failed)
    bars.bar(
        "of the writes, only those in flight fail",
        f"{writes.failed} of {len(writes.answers)}",
        kept=writes.failed <= WRITERS,
    )
    bars.bar("and none is told 503", writes.statuses[503], kept=not writes.statuses[503])
    bars.invariants(record, stage.cluster)


def test_an_instance_is_drained(stage: Stage, bars: Bars) -> None:
    with Instances(stage).serving() as instances, crowd(stage, instances) as callers:
        calm = callers.watch(SECONDS)
        instances.stop(1)
        callers.watch(SECONDS)
        instances.start(1)
        instances.wait_until_up(1, 2, 3)
        callers.watch(SECONDS)
        record = as_seen(callers.stop())
    judge_all(bars, calm.of(record), record)
    bars.invariants(record, stage.cluster)


def test_all_are_replaced_with_a_migration_in_between(stage: Stage, bars: Bars) -> None:
    version = next_version(stage.folder())
    with Instances(stage).serving() as instances, crowd(stage, instances) as callers:
        calm = callers.watch(SECONDS)
        migrate(stage, version)
        callers.watch(SECONDS)  # the old program on the new tables
        for number in (1, 2, 3):
            instances.stop(number)
            instances.start(number, version)
            instances.wait_until_up(1, 2, 3)
        callers.watch(SECONDS)
        record = as_seen(callers.stop())
    stage.cluster.execute("alter table duly.tasks drop column color", database="duly")
    judge_all(bars, calm.of(record), record)
    bars.invariants(record, stage.cluster)


def crowd(stage: Stage, instances: Instances) -> Crowd:
    return Crowd(instances.front.port, stage.people())


def as_seen(record: Record) -> Record:
    """The same with HAProxy's word for a lost connection read as one: the outcome is unknown."""
    answers = [
        seen._replace(status=LOST) if seen.status == _LOST_BEHIND else seen
        for seen in record.answers
    ]
    journal = [
        entry._replace(status=LOST) if entry.status == _LOST_BEHIND else entry
        for entry in record.journal
    ]
    return record._replace(answers=answers, journal=journal)


def judge_all(bars: Bars, calm: Phase, record: Record) -> None:
    seen = Phase(record.answers)
    bars.bar(f"no request fails, of {len(seen.answers)}", seen, calm=calm, kept=not seen.failed)


def migrate(stage: Stage, version: Version) -> None:
    """Bring the database to that version, as an operator does before the program."""
    variables = bare_environment() | environment(stage.settings()) | version.variables
    said = subprocess.run(
        [*version.command, "migrate"],
        env=variables,
        cwd=stage.folder(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert said.returncode == 0, said.stderr
