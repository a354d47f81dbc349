"""What a request says to PostgreSQL: exactly which messages, and about how many bytes."""

from collections import Counter
from collections.abc import Callable, Iterator
from operator import itemgetter
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import pytest

from backend.schemas.task import TaskCreate
from backend.security.signing import Issuer
from backend.tests.support.paths import operations
from backend.tests.support.people import Person
from backend.tests.support.proxy import Proxy
from backend.tests.support.service import Service


class Kind(NamedTuple):
    """One kind of request.

    Attributes:
        request: Method and path, as the routes have it, and query.
        statements: How many it runs, the prelude included.
        budget: Bytes that it may send to PostgreSQL, its statements being prepared.
        body: What it sends as JSON.
        conditional: Whether it has an `If-Match`.
    """

    request: str
    statements: int
    budget: int
    body: Any = None
    conditional: bool = False


DONE = {"completed": True}
CHANGE = {"title": "Buy oat milk"}
# Columns that a create sets; the length of each value takes four bytes, and null is no longer.
CREATED = len(TaskCreate.model_fields)
CREATE = {"op": "create", "task": CHANGE}
# 10 to 15 % above what was measured when the line was written.
KINDS = {
    "list": Kind("GET /api/tasks", 2, 185),
    "list after a cursor": Kind("GET /api/tasks?limit=1&cursor={cursor}", 2, 268),
    "list and count": Kind("GET /api/tasks?count=exact", 3, 244),
    "get": Kind("GET /api/tasks/{task_id}", 2, 222),
    "create": Kind("POST /api/tasks", 2, 256 + 4 * CREATED, CHANGE),
    "patch": Kind("PATCH /api/tasks/{task_id}", 2, 262, CHANGE),
    "patch nothing": Kind("PATCH /api/tasks/{task_id}", 2, 222, {}),
    "patch if unchanged": Kind("PATCH /api/tasks/{task_id}", 3, 366, CHANGE, conditional=True),
    "create if nothing changed": Kind("POST /api/tasks", 3, 500, CHANGE, conditional=True),
    "put": Kind("PUT /api/tasks/{task_id}", 2, 262, CHANGE),
    "complete": Kind("PATCH /api/tasks/{task_id}/complete", 3, 340, DONE),
    "complete by post": Kind("POST /api/tasks/{task_id}/complete", 3, 340, DONE),
    "toggle": Kind("PATCH /api/tasks/{task_id}/toggle", 3, 334),
    "delete": Kind("DELETE /api/tasks/{task_id}", 2, 243),
    "delete if unchanged": Kind("DELETE /api/tasks/{task_id}", 3, 349, conditional=True),
    "restore": Kind("POST /api/tasks/{task_id}/restore", 3, 341),
    "move": Kind("POST /api/tasks/{task_id}/move", 2, 300, {}),
    "batch": Kind("POST /api/tasks/batch", 11, 1_400, {"operations": [CREATE] * 10}),
    "change of what a filter finds": Kind(
        *("POST /api/tasks/batch", 2, 300),
        {"filter": {"status": "pending"}, "change": {"priority": "high"}},
    ),
    "history": Kind("GET /api/history", 2, 185),
    "history of a task": Kind("GET /api/tasks/{task_id}/history", 4, 425),
    "undo": Kind("POST /api/undo", 5, 700, {"since": "2100-01-01T00:00:00Z"}),
    "trash": Kind("GET /api/trash", 2, 185),
    "empty the trash": Kind("DELETE /api/trash", 3, 341),
    "lists": Kind("GET /api/lists", 2, 230),
    "lists, a page": Kind("GET /api/lists?limit=1", 2, 230),
    "list of tasks": Kind("GET /api/lists/{list_id}", 2, 222),
    "create a list": Kind("POST /api/lists", 2, 262, {"name": "Groceries"}),
    "patch a list": Kind("PATCH /api/lists/{list_id}", 3, 341, {"name": "Groceries"}),
    "move a list": Kind("POST /api/lists/{list_id}/move", 3, 341, {}),
    "delete a list": Kind("DELETE /api/lists/{list_id}", 5, 560),
    "restore a list": Kind("POST /api/lists/{list_id}/restore", 7, 760),
    "tags": Kind("GET /api/tags", 2, 230),
    "changes": Kind("GET /api/changes?since={since}", 2, 300),
    "everything": Kind("GET /api/changes", 2, 320),
    "sync": Kind("POST /api/sync", 2, 320, {"commands": []}),
    "rename a tag": Kind("PATCH /api/tags/{name}", 3, 360, {"name": "house"}),
    "delete a tag": Kind("DELETE /api/tags/{name}", 3, 360),
    "stats": Kind("GET /api/stats", 2, 230),
    "purge": Kind("DELETE /api/trash/{task_id}", 2, 300),
    "events": Kind("GET /api/events", 2, 177),
    "me": Kind("GET /api/auth/me", 2, 177),
    "verify": Kind("POST /api/auth/verify", 2, 177),
    "change me": Kind("PATCH /api/me", 3, 390, {"time_zone": "Europe/Berlin"}),
    "change me if unchanged": Kind(
        "PATCH /api/me", 4, 560, {"time_zone": "Europe/Berlin"}, conditional=True
    ),
    "erase me": Kind("DELETE /api/me", 9, 560),
    "merge": Kind("POST /api/me/merge", 25, 2_100, "another's token"),
}


@pytest.fixture
def friend(watched: tuple[Service, Proxy], issuer: Issuer) -> Iterator[Person]:
    person = Person("friend", watched[0], issuer)
    yield person
    person.client.close()


@pytest.fixture
def another(watched: tuple[Service, Proxy], issuer: Issuer) -> Iterator[Person]:
    """The same person before they signed up."""
    person = Person("guest", watched[0], issuer)
    yield person
    person.client.close()


def prepared(person: Person, kind: Kind, another: Person) -> Callable[[], Any]:
    """The request, ready to be sent; its person is known and has a task for it to meet."""
    task, _, _ = person.create(tags=["home"]), person.create(), another.create()
    made = person.client.post("/api/lists", json={"name": "Groceries"}).json()
    page = person.client.get("/api/tasks?limit=1").links["next"]["url"]
    if "/trash/" in kind.request:
        person.client.delete(f"/api/tasks/{task['id']}")
    method, _, target = kind.request.partition(" ")
    names = {"task_id": task["id"], "list_id": made["id"], "name": "home"}
    cursor = urlsplit(page).query.partition("cursor=")[2]
    since = person.client.get("/api/changes").json()["cursor"]
    url = target.format(**names, cursor=cursor, since=since)
    resource = "/api/auth/me" if target == "/api/me" else url
    tag = person.client.get(resource).headers.get("etag", "")
    headers = {"If-Match": tag} if kind.conditional else {}
    body = kind.body
    if kind.request.endswith("/merge"):
        body = {"token": another.token}
    return lambda: person.client.request(method, url, json=body, headers=headers)


def said(proxy: Proxy, request: Callable[[], Any]) -> tuple[int, Counter[str]]:
    """How many bytes PostgreSQL got of a request, and how many messages of each type."""
    messages, sent = proxy.messages.copy(), proxy.sent
    assert request().is_success
    return proxy.sent - sent, proxy.messages - messages


@pytest.mark.parametrize("name", KINDS)
def test_a_request_tells_postgresql_no_more_than_it_needs(
    name: str, watched: tuple[Service, Proxy], friend: Person, another: Person
) -> None:
    kind = KINDS[name]
    # The first try prepares the statements; one after a slow try may take another wire.
    tries = [said(watched[1], prepared(friend, kind, another)) for _ in range(4)]
    sent, messages = min(tries, key=itemgetter(0))
    # Bind, Describe and Execute for each statement, one Sync; nothing is parsed again.
    expected = dict.fromkeys("BDE", kind.statements) | {"S": 1}
    assert messages == Counter(expected), "each statement more costs every client"
    assert sent <= kind.budget, (
        f"{name!r} sent {sent} bytes to PostgreSQL, its budget is {kind.budget}. Find out what the "
        "request says now that it did not say before; raise the budget only with a reason."
    )


def test_every_route_has_a_budget(watched: tuple[Service, Proxy]) -> None:
    routes = {
        str(operation)
        for operation in operations(watched[0].app)
        if not operation.public and not operation.names_user and operation.method != "HEAD"
    }
    assert routes == {kind.request.partition("?")[0] for kind in KINDS.values()}
