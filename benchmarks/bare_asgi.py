"""What both bare peers share: ASGI by hand, five routes, the caller from `X-User`."""

import json
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

Event = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Event]]
Send = Callable[[Event], Awaitable[None]]

JSON = (b"content-type", b"application/json")


class Bare(ABC):
    """An ASGI application without a framework; what it stores where is a subclass's."""

    @abstractmethod
    async def open(self) -> None:
        """Connect, at the start of a worker."""

    @abstractmethod
    async def close(self) -> None:
        """Disconnect."""

    @abstractmethod
    async def list(self, user: str) -> bytes | None:
        """The newest 20 tasks as a JSON array."""

    @abstractmethod
    async def get(self, user: str, task: str) -> bytes | None:
        """One task as JSON, None if there is none."""

    @abstractmethod
    async def create(self, user: str, body: dict[str, Any]) -> bytes | None:
        """The new task."""

    @abstractmethod
    async def update(self, user: str, task: str, body: dict[str, Any]) -> bytes | None:
        """The changed task, None if there is none."""

    @abstractmethod
    async def delete(self, user: str, task: str) -> bytes | None:
        """Anything, None if there is no such task."""

    async def __call__(self, scope: Event, receive: Receive, send: Send) -> None:
        """One request, or the start and stop of a worker."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["type"] == "http":
            status, body = await self._answer(scope, receive)
            length = (b"content-length", b"%d" % len(body))
            start = {"type": "http.response.start", "status": status, "headers": [JSON, length]}
            await send(start)
            await send({"type": "http.response.body", "body": body})

    async def _live(self, receive: Receive, send: Send) -> None:
        for step in (self.open, self.close):
            event = (await receive())["type"]
            await step()
            await send({"type": f"{event}.complete"})

    async def _answer(self, scope: Event, receive: Receive) -> tuple[int, bytes]:
        user = next((v.decode() for k, v in scope["headers"] if k == b"x-user"), "")
        status = 200
        match scope["method"], scope["path"].removeprefix("/api/tasks").strip("/"):
            case "GET", "health":
                found: bytes | None = b"{}"
            case "GET", "":
                found = await self.list(user)
            case "GET", task:
                found = await self.get(user, task)
            case "POST", "":
                found, status = await self.create(user, await _read(receive)), 201
            case "PATCH", task:
                found = await self.update(user, task, await _read(receive))
            case "DELETE", task:
                if await self.delete(user, task):
                    return 204, b""
                found = None
            case _:
                return 405, b"{}"
        return (status, found) if found else (404, b"{}")


async def _read(receive: Receive) -> dict[str, Any]:
    body = b""
    while True:
        event = await receive()
        body += event.get("body", b"")
        if not event.get("more_body"):
            parsed: dict[str, Any] = json.loads(body)
            return parsed
