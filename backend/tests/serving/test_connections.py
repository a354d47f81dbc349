"""More connections than there is room for, and clients that leave."""

import json
import select
from collections.abc import Iterator
from contextlib import ExitStack

import psycopg
import pytest

from backend.config import Settings
from backend.security.signing import Issuer
from backend.tests.support import program as programs
from backend.tests.support.people import Person
from backend.tests.support.program import ServedProgram
from backend.tests.support.raw_http import answer_of, request, sent

ROOM = 10
HEALTHY = b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n"


@pytest.fixture(scope="module")
def narrow(settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedProgram]:
    room = {"MAX_CONNECTIONS": str(ROOM), "WORKERS": "1", "HEAD_TIMEOUT": "60"}
    with programs.serve(settings, tmp_path_factory.mktemp("narrow"), **room) as program:
        yield program


def test_the_connection_that_has_been_idle_longest_makes_room(narrow: ServedProgram) -> None:
    with ExitStack() as stack:
        idle = [stack.enter_context(sent(narrow.url, HEALTHY)) for _ in range(ROOM)]
        for each in idle:
            assert each.recv(65_536).startswith(b"HTTP/1.1 200 ")
        with sent(narrow.url, HEALTHY) as late:
            assert late.recv(65_536).startswith(b"HTTP/1.1 200 ")
        closed, _, _ = select.select(idle, [], [], 60)
        assert len(closed) == 1


def test_half_open_connections_keep_nobody_out(narrow: ServedProgram) -> None:
    with ExitStack() as stack:
        for _ in range(5 * ROOM):
            stack.enter_context(sent(narrow.url, HEALTHY[:-2]))
        with sent(narrow.url, HEALTHY) as late:
            assert late.recv(65_536).startswith(b"HTTP/1.1 200 ")


def test_when_all_are_busy_a_new_one_is_503(
    narrow: ServedProgram, issuer: Issuer, database_url: str
) -> None:
    people = [Person("dora", narrow, issuer) for _ in range(3 * ROOM)]
    with psycopg.connect(database_url) as blocker, ExitStack() as stack:
        blocker.execute("lock table duly.tasks in access exclusive mode")
        for person in people:
            line = f"Authorization: Bearer {person.token}"
            stack.enter_context(sent(narrow.url, request("GET", "/api/tasks", line)))
            person.client.close()

        def refused() -> bool | None:
            with sent(narrow.url, HEALTHY) as late:
                answer = answer_of(late)
                if answer.status == 200:  # they are not all being answered yet
                    return None
                assert answer.status == 503
                assert int(answer.headers["retry-after"]) >= 1
                return bool(json.loads(answer.read())["code"] == "overloaded")

        assert narrow.wait_for(refused)


def test_a_client_that_leaves_is_no_error_and_takes_its_request_along(
    narrow: ServedProgram, issuer: Issuer, database_url: str
) -> None:
    person = Person("eve", narrow, issuer)
    with person.client, psycopg.connect(database_url) as blocker:
        blocker.execute("lock table duly.tasks in access exclusive mode")
        line = f"Authorization: Bearer {person.token}"
        leaving = sent(narrow.url, request("GET", "/api/tasks?limit=7", line))
        narrow.wait_for(lambda: waiting(blocker) or None)
        leaving.close()
        gone = narrow.find_log(event="request", status=499)
    assert gone["route"] == "/api/tasks"
    assert not [line for line in narrow.log() if line.get("status") == 500]


def waiting(connection: psycopg.Connection) -> bool:
    query = "select count(*) > 0 from pg_locks where not granted"
    row = connection.execute(query).fetchone()
    return row is not None and bool(row[0])
