"""Nobody uses more than their share: 429 with `Retry-After` before anything else is read."""

from starlette.types import ASGIApp, Receive, Scope, Send

from backend.rates.limiter import Limiter


class RatesMiddleware:
    """Counts the requests of each user, by the cost that their terms say.

    Raises:
        RateLimited: when the caller has nothing left.
    """

    def __init__(self, app: ASGIApp, *, limiter: Limiter) -> None:
        self.app = app
        self._limiter = limiter

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        principal = scope["principal"] if scope["type"] == "http" else None
        if principal is None:
            await self.app(scope, receive, send)
            return
        limiter = self._limiter
        cost = scope["found"].terms.cost_of(scope["query_string"])
        standing = limiter.take_here(principal.subject, cost)
        if standing is None:
            standing = await limiter.take(principal.subject, cost)
        scope["fields"] += limiter.fields(standing)
        await self.app(scope, receive, send)
