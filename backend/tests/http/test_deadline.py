"""No request takes longer than two seconds, and one that waits holds up nobody else."""

import asyncio
import select
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest
from starlette.types import Receive, Scope, Send

from backend.config import Settings
from backend.core.problems import DeadlineExceeded
from backend.middleware.deadline import DeadlineMiddleware
from backend.tests.support.leaping import leap, now
from backend.tests.support.people import Person
from backend.tests.support.raw_http import answer_of, request, sent
from backend.tests.support.service import Service
from backend.web.routing import Found
from backend.web.terms import Terms


@pytest.fixture(scope="module")
def service(settings: Settings) -> Iterator[Service]:
    """One that is as patient as in production."""
    with Service(settings) as running:
        yield running


def test_the_deadline_of_a_route_is_kept_to_the_point() -> None:
    async def wait(_scope: Scope, _receive: Receive, _send: Send) -> None:
        await asyncio.sleep(60)

    async def ask(arrival: float, terms: Terms) -> float:
        scope = {"type": "http", "found": Found(None, "unknown", terms)}
        await asyncio.sleep(arrival)
        with pytest.raises(DeadlineExceeded):
            await layer(scope, asyncio.Event().wait, asyncio.sleep)  # type: ignore[arg-type]  # neither is called
        return now() - arrival

    async def story() -> list[float]:
        usual = [ask(arrival, Terms()) for arrival in (0, 0, 0.5, 1.9, 2.5, 10)]
        return await asyncio.gather(*usual, ask(0.5, Terms(deadline=7.0)))

    layer = DeadlineMiddleware(wait, body_idle=10.0, body_total=30.0)
    assert leap(story()) == pytest.approx([2.0] * 6 + [7.0])


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
    with writes_blocked(database_url, alice):
        answer = alice.client.patch(path, json={"title": "Changed"})
    assert answer.status_code == 503
    assert answer.json()["code"] == "deadline_exceeded"
    assert int(answer.headers["retry-after"]) >= 1
    assert alice.client.get(path).json() == task
    assert alice.client.patch(path, json={"title": "Changed"}).status_code == 200


def test_meanwhile_others_are_served(
    service: Service, alice: Person, bob: Person, database_url: str
) -> None:
    alice.create()
    bob.create()
    with writes_blocked(database_url, alice):
        waiting = sent(service.url, request("POST", "/api/tasks", *fields(alice), body=BODY))
        served = 0
        while not is_answered(waiting):  # within alice's two seconds
            assert bob.create()["user_id"] == bob.subject
            served += 1
    with waiting:
        assert answer_of(waiting).status == 503
    assert served > 3  # whoever has to wait for her is served once, when she is


BODY = b'{"title": "Buy milk"}'


def fields(person: Person) -> tuple[str, str]:
    return f"Authorization: Bearer {person.token}", "Content-Type: application/json"


def is_answered(connection: socket.socket) -> bool:
    return bool(select.select([connection], [], [], 0)[0])
