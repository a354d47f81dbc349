"""A stream of events keeps to the terms of HTTP, ends with a reason and costs what it may."""

import signal
import time
from contextlib import ExitStack
from pathlib import Path

import httpx2
import pytest

from backend.config import Settings
from backend.security.signing import Issuer
from backend.tests.events.conftest import Make, at
from backend.tests.support import program as programs
from backend.tests.support.fronts import MakeFront, caddy, nginx
from backend.tests.support.metrics import scrape, soon
from backend.tests.support.people import ORIGIN, Person
from backend.tests.support.program import ServedProgram
from backend.tests.support.raw_http import answer_of, request, sent
from backend.tests.support.service import Service
from backend.tests.support.streams import following

LONG = "x" * 1_000


def test_nothing_between_may_keep_or_change_a_stream(somebody: Make) -> None:
    alice = somebody("alice")
    with following(alice.client, headers={"Origin": ORIGIN}) as stream:
        assert stream.headers["content-type"].startswith("text/event-stream")
        assert stream.headers.get_list("cache-control") == ["no-cache, no-store, no-transform"]
        assert stream.headers["x-accel-buffering"] == "no"
        assert stream.headers["access-control-allow-origin"] == ORIGIN


def test_a_page_may_send_the_last_id(somebody: Make) -> None:
    asked = {
        "Origin": ORIGIN,
        "Access-Control-Request-Method": "GET",
        "Access-Control-Request-Headers": "authorization, last-event-id",
    }
    answer = somebody("alice").client.options("/api/events", headers=asked)
    assert answer.status_code == 200
    assert "last-event-id" in answer.headers["access-control-allow-headers"].split(", ")


def test_head_is_answered_at_once_and_without_a_body(somebody: Make) -> None:
    alice = somebody("alice")
    answer = alice.client.head("/api/events")
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert alice.client.get("/api/auth/me").status_code == 200  # on the same connection


@pytest.mark.parametrize(
    ("headers", "query", "status"),
    [
        ({"Accept": "application/json"}, "", 406),
        ({"Last-Event-ID": "one"}, "", 422),
        ({"Last-Event-ID": "-1"}, "", 422),
        ({}, "?since=x", 422),
        ({}, "?from=1", 422),
        ({"Authorization": ""}, "", 401),
        ({"Accept": "text/event-stream", "Last-Event-ID": ""}, "", 200),
        ({"Accept": "*/*"}, "?since=0", 200),
    ],
)
def test_what_is_asked_otherwise_is_refused_in_words(
    headers: dict[str, str], query: str, status: int, somebody: Make
) -> None:
    with somebody("alice").client.stream("GET", f"/api/events{query}", headers=headers) as answer:
        assert answer.status_code == status
        if status != 200:
            answer.read()
            assert answer.json()["status"] == status


def test_a_stream_that_has_nothing_to_tell_shows_that_it_is_there(
    somebody: Make, instance: ServedProgram
) -> None:
    alice = somebody("alice")
    alice.create()
    with at(instance.url, alice) as client, following(client) as stream:
        assert stream.heartbeat == 0.2
        stream.wait_for_comments(3)


def test_a_stream_ends_when_the_token_does(
    somebody: Make, instance: ServedProgram, issuer: Issuer
) -> None:
    alice = somebody("alice")
    alice.create()
    token = issuer.token(alice.subject, issuer=ORIGIN, audience=ORIGIN, lifetime=3)
    with at(instance.url, alice, token) as client, following(client) as stream:
        [last] = stream
        assert last[:2] == ("end", {"reason": "token_expired"})
        assert client.get("/api/auth/me").status_code == 401


def test_who_stops_the_service_waits_for_no_stream(
    somebody: Make, settings: Settings, tmp_path: Path
) -> None:
    alice = somebody("alice")
    alice.create()
    with programs.serve(settings, tmp_path) as program, ExitStack() as stack:
        clients = [stack.enter_context(at(program.url, alice)) for _ in range(6)]
        streams = [stack.enter_context(following(each)) for each in clients]
        program.stop_by(signal.SIGTERM)
        for stream in streams:
            [last] = stream
            assert last[:2] == ("end", {"reason": "draining"})


def test_a_user_has_a_bounded_number_of_streams_and_so_has_a_process(
    somebody: Make, instance: ServedProgram
) -> None:
    alice, bob = somebody("alice"), somebody("bob")
    with ExitStack() as stack:

        def stream_of(person: Person) -> httpx2.Response:
            client = stack.enter_context(at(instance.url, person))
            return stack.enter_context(client.stream("GET", "/api/events"))

        answers = [stream_of(alice) for _ in range(21)]
        assert [each.status_code for each in answers] == [200] * 20 + [429]
        assert b"too_many_streams" in answers[-1].read()
        answers = [stream_of(bob) for _ in range(6)]
        assert [each.status_code for each in answers] == [200] * 5 + [503]
        assert b"overloaded" in answers[-1].read()
        assert int(answers[-1].headers["retry-after"]) > 0
    soon(lambda: scrape(instance.url).total("duly_event_streams") == 0)
    with at(instance.url, bob) as client, following(client):  # there is room again
        soon(lambda: scrape(instance.url).total("duly_event_streams") == 1)


def test_who_reads_nothing_is_cut_off(somebody: Make, instance: ServedProgram) -> None:
    alice = somebody("alice")
    alice.create()
    line = f"Authorization: Bearer {alice.token}"
    with sent(instance.url, request("GET", "/api/events", line)) as connection:
        answer_of(connection)
        for _ in range(4):
            operations = [{"op": "create", "task": {"title": "x", "description": LONG * 3}}] * 100
            alice.client.post("/api/tasks/batch", json={"operations": operations})
        instance.find_log(route="/api/events", user=pseudonym_of(instance, alice))
        soon(lambda: scrape(instance.url).total("duly_event_streams") == 0)


def pseudonym_of(instance: ServedProgram, person: Person) -> str:
    with at(instance.url, person) as client:
        shown = client.get("/api/auth/me").headers["x-request-id"]
    user: str = instance.find_log(request_id=shown)["user"]
    return user


def test_how_long_a_stream_was_open_is_logged_and_not_measured_as_an_answer(
    somebody: Make, instance: ServedProgram
) -> None:
    alice = somebody("alice")
    alice.create()
    before = scrape(instance.url).total("duly_request_duration_seconds_sum", route="/api/events")
    with at(instance.url, alice) as client, following(client) as stream:
        began = time.monotonic()
        while time.monotonic() - began < 2:
            stream.wait_for_comments(1)
    logged = instance.find_log(route="/api/events", user=pseudonym_of(instance, alice))
    assert logged["status"] == 200
    assert logged["open_seconds"] >= 2
    after = scrape(instance.url)
    took = after.total("duly_request_duration_seconds_sum", route="/api/events") - before
    assert took < 2  # of this one, at most


def test_nothing_is_asked_of_a_database_when_there_is_nobody_to_tell(
    service: Service, alice: Person
) -> None:
    hub = service.app.state.resources.hub
    with following(alice.client):
        assert soon(lambda: hub.is_watching)
    assert soon(lambda: not hub.is_watching)
    assert hub.streams == 0


# As deployed, except that nginx compresses streams as well.
ALL_TYPES = {"gzip_types application/json": "gzip_types text/event-stream application/json"}
# Caddy heeds `no-transform`; nginx does not, and passes on what it has compressed.
FRONTS: dict[str, tuple[MakeFront, dict[str, str], str | None]] = {
    "nginx": (nginx, ALL_TYPES, "gzip"),
    "caddy": (caddy, {}, None),
}


@pytest.mark.parametrize("front", FRONTS)
def test_a_proxy_that_compresses_holds_nothing_back(
    front: str, program: ServedProgram, somebody: Make, tmp_path: Path
) -> None:
    alice = somebody("alice")
    alice.create()
    make, changes, compressed = FRONTS[front]
    headers = {"Authorization": f"Bearer {alice.token}", "Accept-Encoding": "gzip"}
    with (
        make(program.port, tmp_path, changes) as proxy,
        httpx2.Client(
            base_url=proxy.url, headers=headers, verify=proxy.trust, timeout=60
        ) as client,
        following(client) as stream,
    ):
        assert stream.headers.get("content-encoding") == compressed
        for title in ("one", LONG[:200], "three"):
            alice.create(title)
            assert stream.titles(1) == [title]
