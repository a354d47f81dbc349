"""Bounds on what a client may send, checked before anything is read."""

from starlette.types import ASGIApp, Receive, Scope, Send

from backend.core.limits import MAX_BODY, MAX_HEADERS, MAX_URL
from backend.core.problems import (
    BodyTooLarge,
    HeadersTooLarge,
    MalformedRequest,
    UrlTooLong,
)


class LimitsMiddleware:
    """Refuses long URLs, large header fields, bodies that announce too much, no or two Hosts."""

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
    if hosts != 1 and scope["http_version"] == "1.1":
        raise MalformedRequest("There must be one Host header field.")
