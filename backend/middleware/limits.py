"""Bounds on what a client may send, checked before anything is read."""

from starlette.types import ASGIApp, Receive, Scope, Send

from backend.core.problems import (
    BodyTooLarge,
    HeadersTooLarge,
    MalformedRequest,
    UrlTooLong,
)

MAX_URL = 8_192  # bytes, path and query
MAX_HEADERS = 16_384  # bytes, names and values
MAX_BODY = 65_536  # bytes


class LimitsMiddleware:
    """Refuses long URLs, large header fields, bodies that announce too much, two Hosts."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            _check(scope)
        await self.app(scope, receive, send)


def _check(scope: Scope) -> None:
    if len(scope["raw_path"] or b"") + len(scope["query_string"]) > MAX_URL:
        raise UrlTooLong
    size = hosts = 0
    for name, value in scope["headers"]:
        size += len(name) + len(value)
        if name == b"host":
            hosts += 1
        elif name == b"content-length" and (not value.isdigit() or int(value[:12]) > MAX_BODY):
            raise BodyTooLarge
    if size > MAX_HEADERS:
        raise HeadersTooLarge
    if hosts > 1:
        raise MalformedRequest("There are two Host header fields.")
