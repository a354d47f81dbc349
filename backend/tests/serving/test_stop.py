"""Ctrl-C and an impatient supervisor: whatever signals come, all ends, soon and in order."""

import os
import select
import signal
import socket
import time
from collections.abc import Sequence
from pathlib import Path

import psutil
import psycopg
import pytest

from backend.config import Settings
from backend.security.signing import Issuer
from backend.tests.support import program as programs
from backend.tests.support.people import Person
from backend.tests.support.program import ServedProgram
from backend.tests.support.raw_http import answer_of, request, sent

REQUESTS = 30
DRAIN_SECONDS = 3

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
        wait_for_the_end(program)


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
    ):
        people = [Person("alice", program, issuer) for _ in range(REQUESTS)]
        connection.execute("lock table duly.tasks in share mode")  # nobody else writes
        waiting = [sent(program.url, creation(each)) for each in people]
        program.wait_for(lambda: len(read(program)) == REQUESTS or None)
        send(program.pid, signals)
        program.wait_for(lambda: not accepts(program) or None)
        assert select.select(waiting, [], [], 0)[0] == []
        connection.commit()
        assert [answer_of(each).status for each in waiting] == [201] * REQUESTS
        for each in waiting:
            each.close()
        for person in people:
            person.client.close()


def test_a_worker_that_drains_serves_on_and_says_so(
    settings: Settings, issuer: Issuer, tmp_path: Path
) -> None:
    with (
        programs.serve(settings, tmp_path, DRAIN_SECONDS=str(DRAIN_SECONDS)) as program,
        Person("alice", program, issuer).client as alice,
        Person("bob", program, issuer).client as bob,
    ):
        assert alice.get("/readyz").json()["draining"] is False
        told = time.monotonic()
        os.kill(program.pid, signal.SIGTERM)
        while (answer := alice.get("/readyz")).is_success:
            pass
        assert (answer.status_code, answer.json()["draining"]) == (503, True)
        for each in (alice, bob):  # bob has no connection yet
            assert each.post("/api/tasks", json={"title": "Buy milk"}).status_code == 201
        wait_for_the_end(program)
        assert time.monotonic() - told >= DRAIN_SECONDS


def test_no_worker_is_called_dead_that_was_told_before_its_parent(
    settings: Settings, tmp_path: Path
) -> None:
    """As it comes to be when the machine is busy: a group is told one by one."""
    with programs.serve(settings, tmp_path) as program:
        parent = psutil.Process(program.pid)
        parent.suspend()
        for each in parent.children():
            each.terminate()
        program.wait_for(
            lambda: {each.status() for each in parent.children()} == {psutil.STATUS_ZOMBIE} or None
        )
        parent.terminate()
        parent.resume()
        parent.wait(60)
        assert "worker_died" not in program.output()


def creation(person: Person) -> bytes:
    fields = f"Authorization: Bearer {person.token}", "Content-Type: application/json"
    return request("POST", "/api/tasks", *fields, body=b'{"title": "Buy milk"}')


def wait_for_the_end(program: ServedProgram) -> None:
    """Wait until each worker has stopped by itself: one that does not is killed."""
    deadline = time.monotonic() + 60
    while workers(program.pid):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert "refused to gracefully stop" not in program.output()


def send(group: int, signals: Sequence[signal.Signals]) -> None:
    for each in signals:
        os.killpg(group, each)


def accepts(program: ServedProgram) -> bool:
    """Whether it takes new connections."""
    try:
        socket.create_connection(("127.0.0.1", program.port)).close()
    except ConnectionError:
        return False
    return True


def read(program: ServedProgram) -> list[str]:
    """The connections whose requests it has read, by the port of the client (proc(5))."""
    rows = [row.split() for row in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    own = f":{program.port:04X}"
    return [
        remote
        for _, local, remote, state, queues, *_ in rows
        if local.endswith(own) and state == "01" and queues == "00000000:00000000"
    ]


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
