"""Identifies the caller once: `scope["principal"]` is who the token says, None without a token."""

from starlette.types import ASGIApp, Receive, Scope, Send

from backend.core.problems import InvalidToken
from backend.security.tokens.verifier import TokenVerifier


class BearerMiddleware:
    """Verifies the bearer token (RFC 6750, section 2.1) of requests under `/api/` that carry one.

    Raises:
        InvalidToken: when the token is refused, or there are two `Authorization` fields.
        KeysUnavailable: when it cannot be checked right now.
    """

    def __init__(self, app: ASGIApp, *, verifier: TokenVerifier) -> None:
        self.app = app
        self._verifier = verifier

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            # A health check neither waits for the key source nor fails for a token it needs not.
            token = _bearer_token(scope) if scope["path"].startswith("/api/") else None
            scope["principal"] = None
            if token is not None:
                scope["principal"] = self._verifier.cached(token) or await self._verifier.verify(
                    token
                )
        await self.app(scope, receive, send)


def _bearer_token(scope: Scope) -> str | None:
    fields = [value for name, value in scope["headers"] if name == b"authorization"]
    if not fields:
        return None
    if len(fields) > 1:
        raise InvalidToken
    scheme, _, token = fields[0].decode("latin-1").partition(" ")
    return token.strip(" ") if scheme.lower() == "bearer" else None
