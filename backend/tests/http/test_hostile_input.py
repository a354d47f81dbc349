"""The hostile inputs of the table: each gets the status of the contract, and changes nothing."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from backend.tests.support import hostile
from backend.tests.support.hostile import MARK
from backend.tests.support.paths import Operation, operations
from backend.tests.support.people import Person
from backend.tests.support.raw_http import Answer, request, send
from backend.tests.support.service import Service

JSON = "Content-Type: application/json"
MISSING = "01890a5d-ac96-774b-bcce-b302099a8057"

Send = Callable[..., Answer]


@pytest.fixture
def victim(alice: Person) -> Iterator[dict[str, Any]]:
    """A task of alice's, which is as it was after all that a test has sent."""
    task = alice.create("As it was")
    yield task
    assert alice.client.get("/api/tasks").json() == [task]


@pytest.fixture
def fire(service: Service, alice: Person, victim: dict[str, Any]) -> Send:
    """Sends a request of alice's that concerns the victim."""

    def fire(
        operation: Operation, *lines: str, query: bytes = b"", body: bytes | None = None
    ) -> Answer:
        target = operation.target(user=alice.subject, task=victim["id"]).encode()
        message = request(
            operation.method,
            target + (b"?" + query if query else b""),
            f"Authorization: Bearer {alice.token}",
            *lines,
            body=body,
        )
        return send(service.url, message)

    return fire


@pytest.fixture(scope="session")
def everything(service: Service) -> list[Operation]:
    return operations(service.app)


@pytest.fixture(scope="session")
def with_body(everything: list[Operation]) -> list[Operation]:
    found = [operation for operation in everything if operation.takes_body]
    assert len(found) >= 10
    return found


@pytest.fixture(scope="session")
def writers(with_body: list[Operation]) -> list[Operation]:
    """The operations that write the fields of a task."""
    return [each for each in with_body if each.path.endswith(("/tasks", "/tasks/{task_id}"))]


@pytest.fixture(scope="session")
def pages(everything: list[Operation]) -> list[Operation]:
    found = [operation for operation in everything if operation.takes_query]
    assert len(found) >= 3
    return found


@pytest.fixture(scope="session")
def lists(pages: list[Operation]) -> list[Operation]:
    return [operation for operation in pages if operation.path.endswith("/tasks")]


def check(answer: Answer, status: int, code: str) -> None:
    """The answer is that problem, safe to show anywhere, and repeats nothing of the request."""
    assert answer.status == status, answer.body
    assert answer.headers["content-type"] == "application/problem+json"
    if answer.body:  # not for HEAD
        assert answer.body.isascii()
        assert answer.json()["code"] == code
        assert answer.json()["status"] == status
    assert MARK.encode() not in answer.body
    assert b"424242" not in answer.body
    assert MARK not in str(answer.headers)


def nameless(answer: Answer) -> bytes:
    """The body without what differs from request to request."""
    return answer.body.replace(answer.headers["x-request-id"].encode(), b"")


def check_pointers(answer: Answer, *expected: str) -> None:
    if answer.body:
        assert [each["pointer"] for each in answer.json()["errors"]] == list(expected)


@pytest.mark.parametrize("name", hostile.NOT_JSON)
def test_what_is_not_json_is_400(name: str, with_body: list[Operation], fire: Send) -> None:
    for operation in with_body:
        check(fire(operation, JSON, body=hostile.NOT_JSON[name]), 400, "invalid_json")


@pytest.mark.parametrize("name", hostile.NOT_ACCEPTABLE)
def test_json_that_no_route_wants_is_422(name: str, with_body: list[Operation], fire: Send) -> None:
    for operation in with_body:
        answer = fire(operation, JSON, body=hostile.NOT_ACCEPTABLE[name])
        check(answer, 422, "validation_failed")
        assert all(each["pointer"].startswith("/body") for each in answer.json()["errors"])


@pytest.mark.parametrize(("field", "value"), hostile.REFUSED_FIELDS, ids=lambda v: ascii(v)[:40])
def test_a_value_that_a_task_cannot_have_is_422(
    field: str, value: Any, writers: list[Operation], fire: Send
) -> None:
    body = json.dumps({"title": "A title", field: value}).encode()
    for operation in writers:
        answer = fire(operation, JSON, body=body)
        check(answer, 422, "validation_failed")
        check_pointers(answer, f"/body/{field}")


@pytest.mark.parametrize("value", hostile.REFUSED_IDS, ids=lambda value: ascii(value)[:40])
def test_an_id_that_is_no_uuid7_is_422(value: Any, writers: list[Operation], fire: Send) -> None:
    body = json.dumps({"title": "A title", "id": value}).encode()
    for operation in writers:
        answer = fire(operation, JSON, body=body)
        check(answer, 422, "validation_failed")
        check_pointers(answer, "/body/id")


@pytest.mark.parametrize(("query", "status"), hostile.REFUSED_QUERIES, ids=lambda v: str(v)[:40])
def test_a_query_that_nobody_asked_for_is_refused(
    query: bytes, status: int, everything: list[Operation], fire: Send
) -> None:
    codes = {400: "malformed_request", 414: "url_too_long", 422: "validation_failed"}
    for operation in everything:
        body = json.dumps(operation.body).encode() if operation.takes_body else None
        check(fire(operation, JSON, query=query, body=body), status, codes[status])


@pytest.mark.parametrize("limit", hostile.REFUSED_LIMITS, ids=lambda limit: str(limit)[:40])
def test_a_limit_that_is_no_number_in_its_bounds_is_422(
    limit: bytes, pages: list[Operation], fire: Send
) -> None:
    for operation in pages:
        answer = fire(operation, query=b"limit=" + limit)
        check(answer, 422, "validation_failed")
        check_pointers(answer, "/query/limit")


@pytest.mark.parametrize("query", hostile.REFUSED_CHOICES, ids=str)
def test_a_choice_that_does_not_exist_is_422(
    query: bytes, lists: list[Operation], fire: Send
) -> None:
    for operation in lists:
        answer = fire(operation, query=query)
        check(answer, 422, "validation_failed")
        check_pointers(answer, "/query/" + query.partition(b"=")[0].decode())


@pytest.mark.parametrize("name", hostile.FORGED_CURSORS)
def test_a_forged_cursor_is_422(name: str, pages: list[Operation], fire: Send) -> None:
    for operation in pages:
        answer = fire(operation, query=b"cursor=" + hostile.FORGED_CURSORS[name].encode())
        check(answer, 422, "validation_failed")
        check_pointers(answer, "/query/cursor")


@pytest.mark.parametrize("segment", hostile.NO_IDS, ids=lambda segment: str(segment)[:40])
def test_what_cannot_be_an_id_is_404(segment: bytes, service: Service, alice: Person) -> None:
    token = f"Authorization: Bearer {alice.token}"
    every = operations(service.app)
    for operation in (each for each in every if each.names_task or each.names_list):
        path = operation.target(user=alice.subject, task="ID").encode().replace(b"ID", segment)
        body = json.dumps(operation.body).encode() if operation.takes_body else None
        answer = send(service.url, request(operation.method, path, token, JSON, body=body))
        check(answer, 404, "not_found")
        path = operation.target(user=alice.subject, task=MISSING).encode()
        missing = send(service.url, request(operation.method, path, token, JSON, body=body))
        assert nameless(answer) == nameless(missing)
