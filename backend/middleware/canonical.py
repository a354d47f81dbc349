"""One resource, one path, and HEAD wherever there is GET (RFC 9110, section 9.3.2)."""

from contextlib import suppress

from starlette.routing import Mount
from starlette.types import ASGIApp, Message, Receive, Scope, Send


class _Answered(Exception):  # noqa: N818 - named for what happened
    """All is said of an answer that would go on."""


class CanonicalMiddleware:
    """Takes one trailing slash off the path, and answers HEAD as GET without the body.

    What is mounted has paths and methods of its own.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and not isinstance(scope["found"].route, Mount):
            path = scope["path"]
            if path.endswith("/") and path != "/":
                scope["path"] = path[:-1]
            if scope["method"] == "HEAD":
                await self._answer_head(scope, receive, send)
                return
        await self.app(scope, receive, send)

    async def _answer_head(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def without_body(message: Message) -> None:
            if message["type"] != "http.response.body":
                await send(message)
                return
            await send({"type": "http.response.body", "body": b"", "more_body": False})
            if message.get("more_body"):
                raise _Answered

        with suppress(_Answered):
            await self.app({**scope, "method": "GET"}, receive, without_body)
