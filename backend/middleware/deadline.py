"""No request takes longer than the deadline."""

import asyncio

from starlette.types import ASGIApp, Receive, Scope, Send

from backend.core.problems import DeadlineExceeded

DEADLINE = 2.0  # seconds


class DeadlineMiddleware:
    """Cancels a request that is not done in time; waiting is all that requests do."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        try:
            async with asyncio.timeout(DEADLINE):
                await self.app(scope, receive, send)
        except TimeoutError:
            raise DeadlineExceeded from None
