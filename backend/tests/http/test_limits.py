"""The size of what a client may send, to the byte."""

import asyncio
import socket
from contextlib import suppress

import pytest
from starlette.types import Message, Receive, Scope, Send

from backend.core.limits import MAX_BODY
from backend.core.problems import BodyTooLarge
from backend.core.strict_json import MAX_DEPTH
from backend.middleware.limits import LimitsMiddleware
from backend.tests.support.people import Person
from backend.tests.support.program import ServedProgram
from backend.tests.support.raw_http import request, send, sent
from backend.tests.support.service import Service
from backend.web.reading import read_body
from backend.web.routing import Found
from backend.web.terms import Terms

TARGET = "/api/tasks?x="


@pytest.mark.parametrize(("length", "status"), [(8_192, 422), (8_193, 414)])
def test_a_url_may_have_8_kib(length: int, status: int, alice: Person) -> None:
    target = TARGET + "y" * (length - len("/api/tasks") - len("x="))
    assert alice.client.get(target).status_code == status


@pytest.mark.parametrize(("length", "status"), [(8_192, 404), (8_193, 414)])
def test_a_path_may_have_8_kib_as_it_was_sent(
    length: int, status: int, service: Service, alice: Person
) -> None:
    target = "/api/tasks/" + "%41" * ((length - 11) // 3)
    target += "y" * (length - len(target))
    message = request("GET", target, f"Authorization: Bearer {alice.token}")
    assert send(service.url, message).status == status


@pytest.mark.parametrize(("length", "status"), [(16_384, 200), (16_385, 431)])
def test_header_fields_may_have_16_kib(length: int, status: int, service: Service) -> None:
    fields = ("host", "duly.example.com", "connection", "close", "x")
    filler = "y" * (length - sum(map(len, fields)))
    assert send(service.url, request("GET", "/livez", f"X: {filler}")).status == status


@pytest.mark.parametrize(("length", "status"), [(65_536, 201), (65_537, 413)])
def test_a_body_may_have_64_kib(length: int, status: int, alice: Person) -> None:
    body = b'{"title": "a"}'.ljust(length)
    answer = alice.client.post(
        "/api/tasks", content=body, headers={"Content-Type": "application/json"}
    )
    assert answer.status_code == status


@pytest.mark.parametrize(
    ("depth", "status", "code"),
    [
        (MAX_DEPTH, 422, "validation_failed"),
        (MAX_DEPTH + 1, 400, "invalid_json"),
        (30_000, 400, "invalid_json"),
    ],
)
def test_a_body_may_nest_64_deep(depth: int, status: int, code: str, alice: Person) -> None:
    body = b'{"title": %s%s}' % (b"[" * (depth - 1), b"]" * (depth - 1))
    answer = alice.client.post(
        "/api/tasks", content=body, headers={"Content-Type": "application/json"}
    )
    assert answer.status_code == status
    assert answer.json()["type"] == f"/problems/{code}"


@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_a_body_that_nobody_reads_is_bounded_as_well(method: str, alice: Person) -> None:
    for length, status in ((65_536, {200, 204}), (65_537, {413})):
        answer = alice.client.request(method, "/api/trash", content=b" " * length)
        assert answer.status_code in status


@pytest.mark.parametrize("piece", [1_000, 65_536, 100_000])
@pytest.mark.parametrize("largest", [MAX_BODY, 1_000_000])
def test_no_more_of_a_body_is_taken_than_its_bound(piece: int, largest: int) -> None:
    """What counts is the memory, not the status: the client could go on for ever."""
    taken = 0

    async def receive() -> Message:
        nonlocal taken
        taken += piece
        return {"type": "http.request", "body": b" " * piece, "more_body": True}

    async def read_it_all(_scope: Scope, receive: Receive, _send: Send) -> None:
        await read_body(receive)

    scope = {
        "type": "http",
        "found": Found(None, "unknown", Terms(largest_body=largest)),
        "raw_path": b"/",
        "query_string": b"",
        "http_version": "1.1",
        "headers": [(b"host", b"x"), (b"transfer-encoding", b"chunked")],
    }
    with pytest.raises(BodyTooLarge):
        asyncio.run(LimitsMiddleware(read_it_all)(scope, receive, asyncio.sleep))  # type: ignore[arg-type]  # it sends nothing
    assert largest < taken <= largest + piece


@pytest.mark.parametrize("what", ["chunks", "a length"])
def test_a_client_that_goes_on_after_the_refusal_is_cut_off(
    what: str, program: ServedProgram, alice: Person
) -> None:
    framing = {"chunks": "Transfer-Encoding: chunked", "a length": "Content-Length: 65000"}[what]
    token = f"Authorization: Bearer {alice.token}"
    head = request("POST", "/api/tasks", token, "Content-Type: text/plain", framing)
    chunk = b"400\r\n" + b" " * 1_024 + b"\r\n"
    sent_bytes = 0
    with sent(program.url, head) as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 65_536)
        with suppress(ConnectionError):
            while sent_bytes < 50_000_000:
                sent_bytes += connection.send(chunk * 16)
        assert sent_bytes < 5_000_000
