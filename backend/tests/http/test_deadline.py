"""No request takes longer than two seconds, and one that waits holds up nobody else."""

import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPResponse
from urllib.parse import urlsplit

import psycopg

from backend.tests.support.people import Person
from backend.tests.support.raw_http import request

LONGEST = 3.0  # seconds: the deadline, and what a busy machine adds


@contextmanager
def writes_blocked(database_url: str, person: Person) -> Iterator[None]:
    """Somebody else holds the lock that every write of this person needs."""
    with psycopg.connect(database_url) as connection:
        query = "select from duly.spaces where id = %s for update"
        assert connection.execute(query, [person.subject]).rowcount == 1
        yield


def test_a_write_that_waits_too_long_is_503(alice: Person, database_url: str) -> None:
    task = alice.create("As it was")
    path = f"/api/tasks/{task['id']}"
    started = time.monotonic()
    with writes_blocked(database_url, alice):
        answer = alice.client.patch(path, json={"title": "Changed"})
    assert time.monotonic() - started < LONGEST
    assert answer.status_code == 503
    assert answer.json()["code"] == "deadline_exceeded"
    assert int(answer.headers["retry-after"]) >= 1
    assert alice.client.get(path).json() == task
    assert alice.client.patch(path, json={"title": "Changed"}).status_code == 200


def test_meanwhile_others_are_served(alice: Person, bob: Person, database_url: str) -> None:
    alice.create()
    bob.create()
    with writes_blocked(database_url, alice):
        waiting = socket_of(alice, request("POST", "/api/tasks", *fields(alice), body=BODY))
        started = time.monotonic()
        for _ in range(20):
            assert bob.create()["user_id"] == bob.subject
        assert time.monotonic() - started < 1.5
    with waiting:
        assert answer_of(waiting).status in {201, 503}


def test_a_body_that_does_not_come_is_cut_off(alice: Person) -> None:
    message = request("POST", "/api/tasks", *fields(alice), "Content-Length: 100")
    started = time.monotonic()
    with socket_of(alice, message + b'{"title": "') as connection:
        answer = answer_of(connection)
    assert time.monotonic() - started < LONGEST
    assert answer.status == 503
    assert alice.titles() == []


BODY = b'{"title": "Buy milk"}'


def fields(person: Person) -> tuple[str, str]:
    return f"Authorization: Bearer {person.token}", "Content-Type: application/json"


def socket_of(person: Person, message: bytes) -> socket.socket:
    """A connection on which that has been sent."""
    parts = urlsplit(str(person.client.base_url))
    connection = socket.create_connection((parts.hostname, parts.port), timeout=10)
    connection.sendall(message)
    return connection


def answer_of(connection: socket.socket) -> HTTPResponse:
    response = HTTPResponse(connection)
    response.begin()
    return response
