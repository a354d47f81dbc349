"""How many Python functions a request calls: its cost, whatever mood the machine is in."""

import asyncio
import json
import sys
from collections import Counter
from collections.abc import Awaitable, Iterator
from types import FrameType
from typing import Any, NamedTuple
from uuid import uuid4

import pytest
import uvloop
from fastapi import FastAPI

from backend.config import Settings
from backend.core.ids import new_id
from backend.main import create_app
from backend.security.signing import Issuer
from backend.tests.support.people import ORIGIN

TRIES = 10
FIELDS = {"host": "localhost", "content-type": "application/json"}


class Kind(NamedTuple):
    """One kind of request, what it answers and how many calls it may take."""

    request: str
    status: int
    budget: int
    body: bytes = b""


# Two more than was measured: a layer that does nothing makes three. A field more makes none: rows
# are JSON that PostgreSQL built, and psycopg encodes values in C.
KINDS = {
    "list": Kind("GET /api/tasks?limit=20", 200, 154),
    "get": Kind("GET /api/tasks/{task_id}", 200, 152),
    "create": Kind("POST /api/tasks", 201, 196, b'{"title": "Buy milk"}'),
    "patch": Kind("PATCH /api/tasks/{task_id}", 200, 196, b'{"title": "Buy oat milk"}'),
    "task of nobody": Kind("GET /api/tasks/{nobody}", 404, 159),
    "bad token": Kind("GET /api/tasks", 401, 59),
}


class Client:
    """Somebody who asks the application without a server between."""

    def __init__(self, app: FastAPI, token: str) -> None:
        self._app = app
        self._token = token
        self.ids = {"nobody": str(new_id())}  # what paths may name

    async def ask(self, kind: Kind) -> list[Any]:
        """The messages of the answer."""
        method, _, target = kind.request.format_map(self.ids).partition(" ")
        path, _, query = target.partition("?")
        token = "forged" if kind.status == 401 else self._token
        fields = FIELDS | {"authorization": f"Bearer {token}"}
        scope = {
            "type": "http",
            "http_version": "1.1",
            "method": method,
            "path": path,
            "raw_path": path.encode(),
            "query_string": query.encode(),
            "headers": [(name.encode(), value.encode()) for name, value in fields.items()],
        }
        answer: list[Any] = []

        async def receive() -> Any:
            return {"type": "http.request", "body": kind.body}

        async def send(message: Any) -> None:
            answer.append(message)

        await self._app(scope, receive, send)
        assert answer[0]["status"] == kind.status
        return answer


async def calls_of(asking: Awaitable[object]) -> Counter[str]:
    """The calls by function, those of the wire and of other callbacks of the loop included."""
    calls: Counter[str] = Counter()

    def note(frame: FrameType, event: str, _: object) -> None:
        if event == "call":  # of a Python function: C functions vary more with Python's version
            calls[frame.f_code.co_qualname] += 1

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        await asking
    finally:
        sys.setprofile(before)
    return calls


async def fewest_calls(client: Client, kind: Kind) -> Counter[str]:
    """What the request takes when nothing else happens.

    The first time fills caches, one in 16 logs and counts them all, and now and then an answer
    comes in two pieces.
    """
    return min([await calls_of(client.ask(kind)) for _ in range(TRIES)], key=Counter.total)


@pytest.fixture(scope="module")
def runner() -> Iterator[asyncio.Runner]:
    """The loop of production; its own work, unlike that of asyncio's loop, calls no Python."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        yield runner


@pytest.fixture(scope="module")
def client(runner: asyncio.Runner, settings: Settings, issuer: Issuer) -> Iterator[Client]:
    """Somebody with a page of tasks."""
    # With a limit, as in production; nobody here comes near it.
    app = create_app(settings.model_copy(update={"rate_limit": "1000000/second"}))
    lifespan = app.router.lifespan_context(app)
    runner.run(lifespan.__aenter__())
    client = Client(app, issuer.token(f"client-{uuid4()}", issuer=ORIGIN, audience=ORIGIN))
    for _ in range(20):
        _, created = runner.run(client.ask(KINDS["create"]))
    client.ids["task_id"] = json.loads(created["body"])["id"]
    yield client
    runner.run(lifespan.__aexit__(None, None, None))


@pytest.mark.parametrize("name", KINDS)
def test_a_request_calls_no_more_functions_than_it_needs(
    name: str, runner: asyncio.Runner, client: Client
) -> None:
    budget = KINDS[name].budget
    calls = runner.run(fewest_calls(client, KINDS[name]))
    assert calls.total() <= budget, (
        f"{name!r} took {calls.total()} calls of Python functions, its budget is {budget}. Find "
        "what is new against the commit before; raise the budget only with a reason. "
        f"The most frequent: {calls.most_common(8)}"
    )
