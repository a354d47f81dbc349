"""Every route and method, as nobody, as somebody too late, and as somebody else.

The matrix comes from the routes of the application: a new route is in it by itself.
"""

import re
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import httpx2
import pytest

from backend.security.signing import Issuer
from backend.tests.support.paths import PUBLIC, Operation, operations
from backend.tests.support.people import NO_TLS, ORIGIN, Person
from backend.tests.support.service import Service

MISSING = "01890a5d-ac96-774b-bcce-b302099a8057"
NOBODY = "nobody-with-this-id"
_REQUEST_ID = re.compile(rb'"request_id": "[^"]*"')


@pytest.fixture(scope="session")
def matrix(service: Service) -> list[Operation]:
    return operations(service.app)


@pytest.fixture(scope="session")
def private(matrix: list[Operation]) -> list[Operation]:
    found = [operation for operation in matrix if not operation.public]
    assert len(found) >= 28
    return found


@pytest.fixture(scope="session")
def of_one_task(private: list[Operation]) -> list[Operation]:
    return [operation for operation in private if operation.names_task]


@pytest.fixture(scope="session")
def of_one_list(private: list[Operation]) -> list[Operation]:
    return [operation for operation in private if operation.names_list]


@pytest.fixture
def anybody(service: Service) -> Iterator[httpx2.Client]:
    """A client without a token."""
    with httpx2.Client(base_url=service.url, verify=NO_TLS, trust_env=False, timeout=60) as client:
        yield client


@pytest.fixture
def belongings(alice: Person) -> Iterator[dict[str, dict[str, Any]]]:
    """What is alice's by kind; all of it is as it was when the test is over."""
    tasks = {
        "open": alice.create("alice's open task", description="her secret"),
        "done": alice.create("alice's done task", completed=True),
        "deleted": alice.create("alice's deleted task"),
    }
    alice.client.delete(f"/api/tasks/{tasks['deleted']['id']}")
    lists = [
        alice.client.post("/api/lists", json={"name": f"alice's {name} list"}).json()
        for name in ("open", "deleted")
    ]
    alice.client.delete(f"/api/lists/{lists[1]['id']}")
    before = everything_of(alice)
    yield tasks | {"list": lists[0], "deleted list": lists[1]}
    assert everything_of(alice) == before


def everything_of(person: Person) -> list[bytes]:
    paths = ("/api/tasks", "/api/trash", "/api/lists", "/api/lists?trashed=true")
    return [person.client.get(path).content for path in paths]


def ask(
    client: httpx2.Client,
    operation: Operation,
    *,
    user: str,
    task: str = MISSING,
    headers: dict[str, str] | None = None,
) -> httpx2.Response:
    target = operation.target(user=user, task=task)
    return client.request(operation.method, target, json=operation.body, headers=headers)


def comparable(answer: httpx2.Response) -> tuple[int, bytes, list[tuple[str, str]]]:
    """All of an answer that must not differ."""
    headers = [(name, value) for name, value in answer.headers.items() if name != "x-request-id"]
    return answer.status_code, _REQUEST_ID.sub(b"", answer.content), headers


def test_only_the_routes_on_the_list_need_no_user(
    matrix: list[Operation], anybody: httpx2.Client
) -> None:
    open_to_all = {
        operation.path
        for operation in matrix
        if ask(anybody, operation, user=NOBODY).status_code != 401
    }
    assert open_to_all == PUBLIC


def test_all_but_the_account_itself_is_under_the_users_id_too(private: list[Operation]) -> None:
    alone = {each.route.path for each in private if not each.route.terms.owned}
    assert alone == {"/api/me", "/api/me/merge", "/api/auth/me", "/api/auth/verify"}


def test_without_a_token_every_route_says_401(
    private: list[Operation], anybody: httpx2.Client, alice: Person, belongings: dict[str, Any]
) -> None:
    for operation in private:
        answer = ask(anybody, operation, user=alice.subject, task=belongings["open"]["id"])
        assert answer.status_code == 401, operation
        assert answer.headers["www-authenticate"] == 'Bearer error="invalid_token"'
        assert comparable(answer) == comparable(ask(anybody, operation, user=NOBODY))


def test_with_an_expired_token_every_route_says_401(
    private: list[Operation],
    anybody: httpx2.Client,
    issuer: Issuer,
    alice: Person,
    belongings: dict[str, Any],
) -> None:
    earlier = time.time() - 3_600
    token = issuer.token(alice.subject, issuer=ORIGIN, audience=ORIGIN, now=earlier)
    headers = {"Authorization": f"Bearer {token}"}
    for operation in private:
        task = belongings["open"]["id"]
        answer = ask(anybody, operation, user=alice.subject, task=task, headers=headers)
        assert answer.status_code == 401, operation
        assert answer.headers["www-authenticate"] == 'Bearer error="invalid_token"'
        other = ask(anybody, operation, user=NOBODY, headers=headers)
        assert comparable(answer) == comparable(other)


@pytest.mark.parametrize("kind", ["open", "done", "deleted"])
def test_the_id_of_anothers_task_is_like_one_that_never_existed(
    kind: str, of_one_task: list[Operation], bob: Person, belongings: dict[str, Any]
) -> None:
    for operation in of_one_task:
        hers = ask(bob.client, operation, user=bob.subject, task=belongings[kind]["id"])
        missing = ask(bob.client, operation, user=bob.subject, task=MISSING)
        assert hers.status_code == 404, operation
        assert comparable(hers) == comparable(missing), operation


@pytest.mark.parametrize("kind", ["list", "deleted list"])
@pytest.mark.parametrize("headers", [{}, {"If-Match": "*"}, {"If-None-Match": "*"}])
def test_the_id_of_anothers_list_is_like_one_that_never_existed(
    kind: str,
    headers: dict[str, str],
    of_one_list: list[Operation],
    bob: Person,
    belongings: dict[str, Any],
) -> None:
    for operation in of_one_list:
        theirs = belongings[kind]["id"]
        hers = ask(bob.client, operation, user=bob.subject, task=theirs, headers=headers)
        missing = ask(bob.client, operation, user=bob.subject, task=MISSING, headers=headers)
        is_refused = operation.route.writes and "If-None-Match" in headers
        assert hers.status_code == (422 if is_refused else 404), operation
        assert comparable(hers) == comparable(missing), operation


@pytest.mark.parametrize("field", ["If-Match", "If-None-Match"])
@pytest.mark.parametrize("tag", ['"{version}"', "*"])
def test_anothers_etag_opens_nothing(
    field: str, tag: str, of_one_task: list[Operation], bob: Person, belongings: dict[str, Any]
) -> None:
    task = belongings["open"]
    headers = {field: tag.format(version=task["version"])}
    for operation in of_one_task:
        hers = ask(bob.client, operation, user=bob.subject, task=task["id"], headers=headers)
        missing = ask(bob.client, operation, user=bob.subject, task=MISSING, headers=headers)
        is_refused = operation.route.writes and "If-None-Match" in headers
        assert hers.status_code == (422 if is_refused else 404), operation
        assert comparable(hers) == comparable(missing), operation


def test_a_path_that_names_another_user_is_403_whether_they_exist_or_not(
    private: list[Operation], alice: Person, bob: Person, belongings: dict[str, Any]
) -> None:
    aliases = [operation for operation in private if operation.names_user]
    assert len(aliases) >= 12
    for operation in aliases:
        task = belongings["open"]["id"]
        hers = ask(bob.client, operation, user=alice.subject, task=task)
        assert hers.status_code == 403, operation
        assert hers.content == b"" or hers.json()["code"] == "wrong_user"
        assert comparable(hers) == comparable(ask(bob.client, operation, user=NOBODY)), operation


@pytest.mark.parametrize(
    "change", [str.upper, str.title, "{} ".format, " {}".format, "{}\0".format]
)
def test_a_path_that_nearly_names_the_caller_is_403(change: Any, alice: Person) -> None:
    path = f"/api/{quote(change(alice.subject), safe='')}/tasks"
    assert alice.client.get(path).status_code == 403


def test_the_alias_of_the_caller_is_the_same_resource(
    private: list[Operation], charlie: Person
) -> None:
    for operation in private:
        if not operation.names_user:
            continue
        made = charlie.client.post("/api/lists", json={"name": "A list"}).json()
        task = made["id"] if operation.names_list else charlie.create(tags=["home"])["id"]
        if operation.wants_trash:
            charlie.client.delete(f"/api/tasks/{task}")
            charlie.client.delete(f"/api/lists/{task}")
        answer = ask(charlie.client, operation, user=charlie.subject, task=task)
        assert answer.is_success, operation
