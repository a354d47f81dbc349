"""Ctrl-C and an impatient supervisor: whatever signals come, all ends, soon and in order."""

import os
import signal
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest

from backend.config import Settings
from backend.security.signing import Issuer
from backend.tests.support import program as programs
from backend.tests.support.people import Person
from backend.tests.support.program import ServedProgram

SECONDS = 4.0  # a worker that does not stop by itself is killed after 5
REQUESTS = 30
DRAIN_SECONDS = 2

# To the whole group, as a terminal and systemd send them.
to_the_group = pytest.mark.parametrize(
    "signals",
    [
        [signal.SIGINT],
        [signal.SIGTERM],
        [signal.SIGINT, signal.SIGTERM, signal.SIGINT],
        [signal.SIGTERM] * 20,
    ],
)


@to_the_group
def test_every_process_ends(
    signals: Sequence[signal.Signals], settings: Settings, tmp_path: Path
) -> None:
    with programs.serve(settings, tmp_path) as program:
        assert workers(program.pid)
        send(program.pid, signals)
        wait_for_the_end(program, SECONDS)


@to_the_group
def test_requests_in_progress_are_answered(
    signals: Sequence[signal.Signals],
    settings: Settings,
    database_url: str,
    issuer: Issuer,
    tmp_path: Path,
) -> None:
    with (
        programs.serve(settings, tmp_path) as program,
        psycopg.connect(database_url) as connection,
        ThreadPoolExecutor(REQUESTS) as threads,
    ):
        people = [Person("alice", program, issuer) for _ in range(REQUESTS)]
        connection.execute("lock table duly.tasks in share mode")  # nobody else writes
        waiting = [threads.submit(each.create) for each in people]
        time.sleep(0.3)
        send(program.pid, signals)
        time.sleep(0.3)
        assert not any(each.done() for each in waiting)
        connection.commit()
        assert [each.result()["title"] for each in waiting] == ["Buy milk"] * REQUESTS
        for each in people:
            each.client.close()


def test_a_worker_that_drains_serves_on_and_says_so(
    settings: Settings, issuer: Issuer, tmp_path: Path
) -> None:
    with (
        programs.serve(settings, tmp_path, DRAIN_SECONDS=str(DRAIN_SECONDS)) as program,
        Person("alice", program, issuer).client as alice,
        Person("bob", program, issuer).client as bob,
    ):
        assert alice.get("/readyz").json()["draining"] is False
        os.kill(program.pid, signal.SIGTERM)
        deadline = time.monotonic() + DRAIN_SECONDS / 2
        while (answer := alice.get("/readyz")).is_success:
            assert time.monotonic() < deadline
        assert (answer.status_code, answer.json()["draining"]) == (503, True)
        for each in (alice, bob):  # bob has no connection yet
            assert each.post("/api/tasks", json={"title": "Buy milk"}).status_code == 201
        wait_for_the_end(program, DRAIN_SECONDS + SECONDS)


def wait_for_the_end(program: ServedProgram, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while workers(program.pid):
        assert time.monotonic() < deadline, program.output()
        time.sleep(0.05)


def send(group: int, signals: Sequence[signal.Signals]) -> None:
    for each in signals:
        os.killpg(group, each)


def workers(group: int) -> list[str]:
    """The processes of the group that are neither ended nor its leader."""
    found = []
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, _, its_group = status.read_text().rpartition(")")[2].split()[:3]
        except (FileNotFoundError, ProcessLookupError):
            continue
        if int(its_group) == group and state != "Z" and status.parent.name != str(group):
            found.append(status.parent.name)
    return found
