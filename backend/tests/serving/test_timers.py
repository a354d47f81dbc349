"""Four times: of a head, of a body, between requests, and of an answer that nobody reads."""

import json
import select
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from backend.config import Settings
from backend.security.signing import Issuer
from backend.tests.support import program as programs
from backend.tests.support.people import Person
from backend.tests.support.program import ServedProgram
from backend.tests.support.raw_http import answer_of, request, sent

JSON = "Content-Type: application/json"
HEALTHY = b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n"


@pytest.fixture(scope="module")
def short(settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedProgram]:
    """One with little patience: no two of its times are alike."""
    times = {
        "HEAD_TIMEOUT": "0.5",
        "BODY_IDLE_TIMEOUT": "1",
        "BODY_TIMEOUT": "4",
        "IDLE_TIMEOUT": "6",
        "WRITE_TIMEOUT": "1.5",
    }
    with programs.serve(settings, tmp_path_factory.mktemp("short"), **times) as program:
        yield program


@pytest.fixture
def carol(short: ServedProgram, issuer: Issuer) -> Iterator[Person]:
    person = Person("carol", short, issuer)
    with person.client:
        yield person


def creation(person: Person, length: int) -> bytes:
    token = f"Authorization: Bearer {person.token}"
    return request("POST", "/api/tasks", token, JSON, f"Content-Length: {length}")


def test_half_a_head_is_408(short: ServedProgram) -> None:
    with sent(short.url, b"GET /livez HTTP/1.1\r\nHost:") as connection:
        answer = answer_of(connection)
        assert answer.status == 408
        problem = json.loads(answer.read())
        assert problem["code"] == "request_timeout"
        assert answer.headers["x-request-id"] == problem["request_id"]
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert connection.recv(1) == b""


def test_whoever_connects_and_says_nothing_is_cut_off_without_a_word(short: ServedProgram) -> None:
    with sent(short.url, b"") as connection:
        assert connection.recv(1) == b""


def test_a_connection_between_requests_is_kept_longer_than_a_head_may_take(
    short: ServedProgram,
) -> None:
    with sent(short.url, HEALTHY) as connection:
        assert connection.recv(65_536).startswith(b"HTTP/1.1 200 ")
        # Another connection that says nothing is cut off meanwhile, twice.
        for _ in range(2):
            test_whoever_connects_and_says_nothing_is_cut_off_without_a_word(short)
        connection.sendall(HEALTHY)
        assert connection.recv(65_536).startswith(b"HTTP/1.1 200 ")
        assert connection.recv(1) == b""  # and yet not for ever


def test_a_body_that_stops_is_408_and_nothing_is_done(short: ServedProgram, carol: Person) -> None:
    with sent(short.url, creation(carol, 100) + b'{"title": "') as connection:
        answer = answer_of(connection)
        assert (answer.status, json.loads(answer.read())["code"]) == (408, "request_timeout")
        assert connection.recv(1) == b""
    assert carol.titles() == []


def drip(connection: socket.socket, body: bytes, pieces: int, enough: Callable[[], bool]) -> None:
    """Send a body slowly, but never with a pause as long as would be too long."""
    size = -(-len(body) // pieces)
    for start in range(0, len(body), size):
        if enough():
            return
        connection.sendall(body[start : start + size])
        time.sleep(0.25)  # the client's pace, which is what this is about


def test_a_body_that_comes_slowly_is_read(short: ServedProgram, carol: Person) -> None:
    """Longer than the deadline, which counts from the whole request."""
    body = json.dumps({"title": "from the train", "description": "x" * 8_000}).encode()
    with sent(short.url, creation(carol, len(body))) as connection:
        drip(connection, body, 10, lambda: False)
        assert answer_of(connection).status == 201
    assert carol.titles() == ["from the train"]


def test_a_body_that_comes_for_ever_is_408(short: ServedProgram, carol: Person) -> None:
    def is_answered() -> bool:
        return bool(select.select([connection], [], [], 0)[0])

    with sent(short.url, creation(carol, 60_000)) as connection:
        drip(connection, b" " * 60_000, 600, is_answered)
        assert answer_of(connection).status == 408
    assert carol.titles() == []


def test_a_client_that_does_not_read_is_cut_off(short: ServedProgram, carol: Person) -> None:
    for _ in range(60):
        carol.create(description="x" * 9_000)
    line = f"Authorization: Bearer {carol.token}"
    asked = request("GET", "/api/tasks?limit=200", line)
    with socket.socket() as deaf:
        deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        deaf.connect(("127.0.0.1", short.port))
        deaf.sendall(asked.replace(b"Connection: close\r\n", b"") * 30)
        own = f":{deaf.getsockname()[1]:04X}"
        assert short.wait_for(lambda: holds(short.port, own) or None)
        short.wait_for(lambda: not holds(short.port, own) or None)
    with sent(short.url, asked) as reader:  # and nobody else is
        answer = answer_of(reader)
        assert (answer.status, len(answer.read()) > 500_000) == (200, True)


def holds(port: int, remote: str) -> bool:
    """Whether the server still has that connection (proc(5))."""
    rows = [row.split() for row in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return any(
        row[1].endswith(f":{port:04X}") and row[2].endswith(remote) and row[3] == "01"
        for row in rows
    )


def test_a_client_that_leaves_a_little_is_cut_off_as_soon(
    short: ServedProgram, carol: Person
) -> None:
    """What is left of its answers is less than a transport calls much."""
    for _ in range(12):
        carol.create(description="x" * 9_000)
    line = f"Authorization: Bearer {carol.token}"
    asked = request("GET", "/api/tasks", line).replace(b"Connection: close\r\n", b"")
    with socket.socket() as deaf:
        deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        deaf.connect(("127.0.0.1", short.port))
        deaf.sendall(asked)
        own = f":{deaf.getsockname()[1]:04X}"
        began = time.monotonic()
        short.wait_for(lambda: not holds(short.port, own) or None)
        assert time.monotonic() - began < 5  # IDLE_TIMEOUT is 6
