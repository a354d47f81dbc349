"""The size of what a client may send, to the byte."""

import pytest

from backend.core.strict_json import MAX_DEPTH
from backend.tests.support.people import Person
from backend.tests.support.raw_http import request, send
from backend.tests.support.service import Service

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
        answer = alice.client.request(method, "/api/trash", content=b"x" * length)
        assert answer.status_code in status
