"""Every answer to a broad set of requests is what the OpenAPI document says."""

from collections.abc import Iterator
from typing import Any

import pytest

from backend.tests.support.document import Document
from backend.tests.support.paths import Operation, operations
from backend.tests.support.people import Person
from backend.tests.support.service import Service

MISSING = "01890a5d-ac96-774b-bcce-b302099a8057"

HEADERS: list[dict[str, str]] = [
    {},
    {"Authorization": ""},
    {"Authorization": "Bearer x"},
    {"Accept": "text/html"},
    {"Accept": "application/json"},
    {"If-Match": '"999999"'},
    {"If-Match": "*"},
    {"If-None-Match": "*"},
    {"Content-Type": "text/plain"},
    {"Origin": "https://app.example.com"},
]
QUERIES = ["", "?limit=1&count=exact", "?limit=1&sort=title&status=pending", "?x=1", "?limit=x"]
BODIES: list[Any] = [
    None,
    {"title": "A title"},
    {"title": "A title", "description": None, "completed": True},
    {"completed": False},
    {"title": ""},
    {"name": "A name", "color": "#123456"},
    {"colour": "red"},
    {},
    [],
]


def requests(operation: Operation, person: Person) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each header, query and body, with all else right."""
    right = operation.body
    if operation.path == "/api/me/merge":
        right = {"token": person.token}
    for headers in HEADERS:
        yield "", {"headers": headers, "json": right}
    for query in QUERIES:
        yield query, {"json": right}
    for body in BODIES if operation.takes_body else ():
        yield "", {"json": body}


def targets(operation: Operation, person: Person) -> Iterator[str]:
    """The path with what exists, and with what does not."""
    names_one = operation.names_task or operation.names_list
    if names_one:
        yield operation.target(user=person.subject, task=fresh(operation, person))
        yield operation.target(user=person.subject, task=MISSING)
        yield operation.target(user=person.subject, task="x")
    if operation.names_user:
        yield operation.target(user="somebody-else", task=MISSING)
    if operation.path.endswith("/tags/{name}"):
        person.create(tags=["home"])
    if not names_one:
        yield operation.target(user=person.subject)


def fresh(operation: Operation, person: Person) -> str:
    kind, shape = ("lists", {"name": "x"}) if operation.names_list else ("tasks", {"title": "x"})
    found: str = person.client.post(f"/api/{kind}", json=shape).json()["id"]
    if operation.wants_trash:
        person.client.delete(f"/api/{kind}/{found}")
    return found


@pytest.fixture(scope="module")
def matrix(service: Service) -> list[Operation]:
    return [each for each in operations(service.app) if each.method != "HEAD"]


def test_every_answer_is_as_documented(
    matrix: list[Operation], document: Document, alice: Person
) -> None:
    seen: dict[tuple[str, str], set[int]] = {}
    for operation in matrix:
        furnish(alice)
        for query, options in requests(operation, alice):
            for target in targets(operation, alice):
                answer = alice.client.request(operation.method, target + query, **options)
                assert answer.status_code < 500, (target, query, options)
                assert document.faults(answer) == [], (operation.method, target, query, options)
                documented = (operation.method, operation.route.path)
                seen.setdefault(documented, set()).add(answer.status_code)
    promised = {
        (*key, int(status))
        for key, operation in document.operations().items()
        for status in operation["responses"]
        if status not in {"default", "202", "503"}  # 202: tests/account/test_erasures.py
    }
    met = {(*key, status) for key, statuses in seen.items() for status in statuses}
    assert promised - met == set(), "documented, but never answered"


def furnish(person: Person) -> None:
    """Begin anew, with a few tasks in the list and in the trash."""
    person.client.delete("/api/me")
    for title in ("a", "b", "c"):
        person.create(title)
        person.client.delete(f"/api/tasks/{person.create(title)['id']}")


def test_a_path_that_does_not_exist_is_a_problem(document: Document, alice: Person) -> None:
    validator = document.validator({"$ref": "#/components/schemas/ProblemDocument"})
    for method in ("GET", "POST", "DELETE"):
        answer = alice.client.request(method, "/nowhere")
        assert answer.status_code == 404
        assert list(validator.iter_errors(answer.json())) == []
