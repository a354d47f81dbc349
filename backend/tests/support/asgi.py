"""A client of an ASGI application without a server between, which sees what is taken from it."""

import asyncio
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from starlette.types import ASGIApp, Message


@dataclass
class Exchange:
    """One request and its answer.

    Attributes:
        pulled: Bytes of the body that the application has taken.
    """

    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    pulled: int = 0

    def json(self) -> Any:
        return json.loads(self.body)


async def exchange(
    app: ASGIApp,
    request: str,
    headers: Mapping[str, str] | None = None,
    chunks: Iterable[bytes] = (),
    root_path: str = "",
) -> Exchange:
    """Send a request such as `GET /api/tasks?limit=1`, its body in these chunks.

    The server says that the application is below `root_path`, which the path begins with.
    """
    method, _, target = request.partition(" ")
    path, _, query = target.partition("?")
    fields = {"host": "localhost", **(headers or {})}
    scope = {
        "type": "http",
        "http_version": "1.1",
        "method": method,
        "root_path": root_path,
        "path": unquote(path),
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "headers": [(name.lower().encode(), value.encode()) for name, value in fields.items()],
    }
    done = Exchange()
    source = iter(chunks)

    async def receive() -> Message:
        chunk = next(source, None)
        done.pulled += len(chunk or b"")
        return {"type": "http.request", "body": chunk or b"", "more_body": chunk is not None}

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            done.status = message["status"]
            done.headers = {name.decode(): value.decode() for name, value in message["headers"]}
        done.body += message.get("body", b"")

    await app(scope, receive, send)
    return done


def ask(
    app: ASGIApp,
    request: str,
    headers: Mapping[str, str] | None = None,
    chunks: Iterable[bytes] = (),
    root_path: str = "",
) -> Exchange:
    """The same, for tests that are no coroutines."""
    return asyncio.run(exchange(app, request, headers, chunks, root_path))
