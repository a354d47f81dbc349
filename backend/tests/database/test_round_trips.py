"""One request, one round trip: PostgreSQL sees exactly one Sync, whatever the request."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from backend.core.ids import new_id
from backend.security.signing import Issuer
from backend.tests.support.people import Person
from backend.tests.support.proxy import Proxy
from backend.tests.support.service import Service


@pytest.fixture
def stranger(watched: tuple[Service, Proxy], issuer: Issuer) -> Iterator[Person]:
    """Somebody whom the service has never seen."""
    person = Person("stranger", watched[0], issuer)
    yield person
    person.client.close()


@pytest.fixture
def friend(stranger: Person) -> Person:
    """Somebody whom the service knows."""
    stranger.titles()
    return stranger


Request = Callable[[Person, str], Any]
REQUESTS: dict[str, tuple[Request, int]] = {
    "list": (lambda person, _: person.client.get("/api/tasks"), 200),
    "list and count": (lambda person, _: person.client.get("/api/tasks?count=exact"), 200),
    "get": (lambda person, task: person.client.get(f"/api/tasks/{task}"), 200),
    "create": (lambda person, _: person.client.post("/api/tasks", json={"title": "x"}), 201),
    "update": (
        lambda person, task: person.client.patch(f"/api/tasks/{task}", json={"title": "y"}),
        200,
    ),
    "update if unchanged": (
        lambda person, task: person.client.patch(
            f"/api/tasks/{task}", json={"title": "y"}, headers={"If-Match": '"1"'}
        ),
        200,
    ),
    "complete": (lambda person, task: person.client.patch(f"/api/tasks/{task}/complete"), 200),
    "delete": (lambda person, task: person.client.delete(f"/api/tasks/{task}"), 204),
    "restore": (lambda person, task: person.client.post(f"/api/tasks/{task}/restore"), 200),
    "trash": (lambda person, _: person.client.get("/api/trash"), 200),
    "empty the trash": (lambda person, _: person.client.delete("/api/trash"), 204),
    "erase me": (lambda person, _: person.client.delete("/api/me"), 204),
    "me": (lambda person, _: person.client.get("/api/auth/me"), 200),
}


def syncs(proxy: Proxy, request: Callable[[], Any]) -> tuple[int, int]:
    """What a request answers, and how many Syncs PostgreSQL saw of it."""
    before = proxy.messages["S"]
    status = request().status_code
    assert proxy.messages["Q"] == 0  # nothing goes by the simple protocol
    return status, proxy.messages["S"] - before


@pytest.mark.parametrize("name", REQUESTS)
def test_a_request_of_a_known_user_is_one_round_trip(
    name: str, watched: tuple[Service, Proxy], friend: Person
) -> None:
    request, status = REQUESTS[name]
    task = friend.create()["id"]
    assert syncs(watched[1], lambda: request(friend, task)) == (status, 1)


@pytest.mark.parametrize("name", REQUESTS)
def test_a_request_of_a_user_on_first_sight_is_one_round_trip(
    name: str, watched: tuple[Service, Proxy], stranger: Person
) -> None:
    request, status = REQUESTS[name]
    # Whoever has just arrived has no task yet.
    expected = status if name in {"list", "list and count", "create", "trash", "me"} else 404
    expected = 204 if name in {"empty the trash", "erase me"} else expected
    assert syncs(watched[1], lambda: request(stranger, str(new_id()))) == (expected, 1)


def test_the_first_write_of_a_user_makes_the_user_and_the_task_in_one_round_trip(
    watched: tuple[Service, Proxy], stranger: Person
) -> None:
    body = {"title": "First"}
    request = lambda: stranger.client.post("/api/tasks", json=body)  # noqa: E731 - as in the table
    assert syncs(watched[1], request) == (201, 1)
    assert stranger.titles() == ["First"]


def test_a_request_that_is_refused_before_the_database_costs_no_round_trip(
    watched: tuple[Service, Proxy], friend: Person
) -> None:
    request = lambda: friend.client.post("/api/tasks", json={"title": ""})  # noqa: E731 - as above
    assert syncs(watched[1], request) == (422, 0)
