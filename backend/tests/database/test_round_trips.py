"""One request, one round trip: PostgreSQL sees exactly one Sync, whatever the request."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial
from typing import Any, NamedTuple

import pytest

from backend.core.ids import new_id
from backend.security.signing import Issuer
from backend.tests.support.people import Person
from backend.tests.support.proxy import Proxy
from backend.tests.support.service import Service


@pytest.fixture
def stranger(watched: tuple[Service, Proxy], issuer: Issuer) -> Iterator[Callable[[], Person]]:
    """Makes somebody whom the service has never seen."""
    with ExitStack() as clients:

        def make() -> Person:
            person = Person("stranger", watched[0], issuer)
            clients.enter_context(person.client)
            return person

        yield make


@pytest.fixture
def friend(stranger: Callable[[], Person]) -> Person:
    """Somebody whom the service knows."""
    person = stranger()
    person.titles()
    return person


class Made(NamedTuple):
    """A task that a request is about."""

    id: str
    version: int


Request = Callable[[Person, Made], Any]


def complete(person: Person, task: Made, *, done: bool = True, **headers: str) -> Any:
    path = f"/api/tasks/{task.id}/complete"
    return person.client.post(path, json={"completed": done}, headers=headers)


REQUESTS: dict[str, tuple[Request, int]] = {
    "list": (lambda person, _: person.client.get("/api/tasks"), 200),
    "list and count": (lambda person, _: person.client.get("/api/tasks?count=exact"), 200),
    "get": (lambda person, task: person.client.get(f"/api/tasks/{task.id}"), 200),
    "create": (lambda person, _: person.client.post("/api/tasks", json={"title": "x"}), 201),
    "update": (
        lambda person, task: person.client.patch(f"/api/tasks/{task.id}", json={"title": "y"}),
        200,
    ),
    "update if unchanged": (
        lambda person, task: person.client.patch(
            f"/api/tasks/{task.id}", json={"title": "y"}, headers={"If-Match": f'"{task.version}"'}
        ),
        200,
    ),
    "complete": (lambda person, task: person.client.patch(f"/api/tasks/{task.id}/complete"), 200),
    "complete what does not recur": (complete, 200),
    "open": (lambda person, task: complete(person, task, done=False), 200),
    "delete": (lambda person, task: person.client.delete(f"/api/tasks/{task.id}"), 204),
    "restore": (lambda person, task: person.client.post(f"/api/tasks/{task.id}/restore"), 200),
    "trash": (lambda person, _: person.client.get("/api/trash"), 200),
    "empty the trash": (lambda person, _: person.client.delete("/api/trash"), 204),
    "erase me": (lambda person, _: person.client.delete("/api/me"), 204),
    "changes": (lambda person, _: person.client.get("/api/changes"), 200),
    "me": (lambda person, _: person.client.get("/api/auth/me"), 200),
}


def syncs(proxy: Proxy, prepare: Callable[[], Callable[[], Any]]) -> tuple[int, int]:
    """What a request answers, and how many Syncs PostgreSQL saw of it.

    Of two tries the better one: every few seconds the proof of isolation goes beside somebody's.
    """
    return min(_syncs(proxy, prepare()) for _ in range(2))


def _syncs(proxy: Proxy, request: Callable[[], Any]) -> tuple[int, int]:
    before = proxy.messages["S"]
    status = request().status_code
    assert proxy.messages["Q"] == 0  # nothing goes by the simple protocol
    return status, proxy.messages["S"] - before


@pytest.mark.parametrize("name", REQUESTS)
def test_a_request_of_a_known_user_is_one_round_trip(
    name: str, watched: tuple[Service, Proxy], friend: Person
) -> None:
    request, status = REQUESTS[name]

    def prepare() -> Callable[[], Any]:
        made = friend.create()
        return partial(request, friend, Made(made["id"], made["version"]))

    assert syncs(watched[1], prepare) == (status, 1)


@pytest.mark.parametrize("name", REQUESTS)
def test_a_request_of_a_user_on_first_sight_is_one_round_trip(
    name: str, watched: tuple[Service, Proxy], stranger: Callable[[], Person]
) -> None:
    request, status = REQUESTS[name]
    # Whoever has just arrived has no task yet.
    always = {"list", "list and count", "create", "trash", "changes", "me"}
    expected = status if name in always else 404
    expected = 204 if name in {"empty the trash", "erase me"} else expected
    prepare = lambda: partial(request, stranger(), Made(str(new_id()), 1))  # noqa: E731 - short
    assert syncs(watched[1], prepare) == (expected, 1)


@pytest.mark.parametrize("done", [True, False])
@pytest.mark.parametrize("headers", [{}, {"If-Match": "*"}])
def test_completing_what_recurs_is_two_round_trips_and_so_is_taking_it_back(
    headers: dict[str, str], *, done: bool, watched: tuple[Service, Proxy], friend: Person
) -> None:
    def prepare() -> Callable[[], Any]:
        task = friend.create(due_date="2026-03-01", recurrence="FREQ=DAILY")["id"]
        if not done:
            complete(friend, Made(task, 0))
        return partial(complete, friend, Made(task, 0), done=done, **headers)

    assert syncs(watched[1], prepare) == (200, 2)


def test_the_first_write_of_a_user_makes_the_user_and_the_task_in_one_round_trip(
    watched: tuple[Service, Proxy], stranger: Callable[[], Person]
) -> None:
    made: list[Person] = []

    def prepare() -> Callable[[], Any]:
        made.append(stranger())
        return partial(made[-1].client.post, "/api/tasks", json={"title": "First"})

    assert syncs(watched[1], prepare) == (201, 1)
    assert [person.titles() for person in made] == [["First"]] * 2


def test_a_request_that_is_refused_before_the_database_costs_no_round_trip(
    watched: tuple[Service, Proxy], friend: Person
) -> None:
    refused = partial(friend.client.post, "/api/tasks", json={"title": ""})
    assert syncs(watched[1], lambda: refused) == (422, 0)
