"""One id, one log line and one measurement for each request; never a token or content."""

import asyncio
import re
import time
from random import getrandbits
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from backend.observability.requests import RequestLog, RequestRecord
from backend.rates.addresses import Proxies

_ACCEPTABLE_ID = re.compile(rb"[A-Za-z0-9_.-]{8,64}")
_CLIENT_GONE = 499  # in logs and metrics alone, as other servers have it; nobody gets an answer
_NO_PROBLEM: dict[str, Any] = {}


class TelemetryMiddleware:
    """Adds `scope["fields"]` to the answer: layers below put header fields there.

    One function round `send` for all of them: each costs a coroutine for each message.

    Of a stream, which says in `scope["opened"]` when it began, the time until then is measured.

    Stamps `scope["request_id"]`, answers it as `X-Request-Id`, logs and counts the outcome.

    Args:
        app: The layer below.
        request_log: Takes note of the outcome.
        proxies: Those that say from where requests come; only with any is that logged.
    """

    def __init__(self, app: ASGIApp, *, request_log: RequestLog, proxies: Proxies) -> None:
        self.app = app
        self._request_log = request_log
        self._proxies = proxies or None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started = time.perf_counter()
        request_id = _request_id(scope)
        scope["request_id"] = request_id
        fields = scope["fields"] = [(b"x-request-id", request_id.encode())]
        method, route = scope["method"], scope["found"].label
        status = 500

        async def with_fields(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                scope["started"] = True
                status = message["status"]
                message["headers"].extend(fields)
            await send(message)

        try:
            await self.app(scope, receive, with_fields)
        except asyncio.CancelledError:
            if "opened" not in scope:  # of a stream that is how it ends
                status = _CLIENT_GONE
            raise
        finally:
            seconds = time.perf_counter() - started
            more = scope.get("problem", _NO_PROBLEM)
            if "opened" in scope:
                opened = scope["opened"] - started
                more = {"open_seconds": round(seconds - opened, 1), **more}
                seconds = opened
            if self._proxies is not None:
                more = {"client": self._proxies.client_address(scope), **more}
            principal = scope.get("principal")
            user = principal.subject if principal else None
            self._request_log.note(
                RequestRecord(
                    *(time.time(), request_id, method, route, status, seconds, more, user)
                )
            )


def _request_id(scope: Scope) -> str:
    for name, value in scope["headers"]:
        if name == b"x-request-id" and _ACCEPTABLE_ID.fullmatch(value):
            text: str = value.decode()
            return text
    return f"{getrandbits(96):024x}"
