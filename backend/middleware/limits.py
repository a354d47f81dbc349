"""Bounds on what a client may send, checked before anything is read."""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from backend.core.limits import MAX_HEADERS, MAX_URL
from backend.core.problems import (
    BodyTooLarge,
    HeadersTooLarge,
    MalformedRequest,
    UrlTooLong,
)


class LimitsMiddleware:
    """Refuses long URLs, large header fields, bodies over the route's bound, no or two Hosts."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            largest = scope["found"].terms.largest_body
            if not _check(scope, largest):
                receive = _bounded(receive, largest)
        await self.app(scope, receive, send)


def _check(scope: Scope, largest: int) -> bool:
    """Whether the size of the body is announced, and so kept by the server."""
    if len(scope["raw_path"] or b"") + len(scope["query_string"]) > MAX_URL:
        raise UrlTooLong
    size = hosts = 0
    announced = False
    for name, value in scope["headers"]:
        size += len(name) + len(value)
        if name == b"host":
            hosts += 1
        elif name == b"content-length":
            announced = True
            if not value.isdigit() or int(value[:12]) > largest:
                raise _too_large(largest)
    if size > MAX_HEADERS:
        raise HeadersTooLarge
    if hosts != 1 and scope["http_version"] == "1.1":
        raise MalformedRequest("There must be one Host header field.")
    return announced


def _bounded(receive: Receive, largest: int) -> Receive:
    """Takes a body from the client until it is too large."""
    taken = 0

    async def bounded() -> Message:
        nonlocal taken
        message = await receive()
        taken += len(message.get("body", b""))
        if taken > largest:
            raise _too_large(largest)
        return message

    return bounded


def _too_large(largest: int) -> BodyTooLarge:
    return BodyTooLarge(f"This takes bodies of up to {largest} bytes.")
