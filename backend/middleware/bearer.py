"""Identifies the caller once: `scope["principal"]` is who the token says, None without a token."""

from base64 import b64decode

from starlette.types import ASGIApp, Receive, Scope, Send

from backend.core.problems import InvalidToken
from backend.security.tokens.verifier import TokenVerifier
from backend.web.terms import Credentials


class BearerMiddleware:
    """Verifies the token of a request that carries one, where the terms say that it comes.

    A health check neither waits for the key source nor fails for a token that it needs not.

    Raises:
        InvalidToken: when the token is refused, or there are two `Authorization` fields.
        KeysUnavailable: when it cannot be checked right now.
    """

    def __init__(self, app: ASGIApp, *, verifier: TokenVerifier) -> None:
        self.app = app
        self._verifier = verifier

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            credentials = scope["found"].terms.credentials
            token = None if credentials is Credentials.NONE else _token(scope, credentials)
            scope["principal"] = None
            if token is not None:
                scope["principal"] = self._verifier.cached(token) or await self._verifier.verify(
                    token
                )
        await self.app(scope, receive, send)


def _token(scope: Scope, credentials: Credentials) -> str | None:
    fields = [value for name, value in scope["headers"] if name == b"authorization"]
    if not fields:
        return None
    if len(fields) > 1:
        raise InvalidToken
    scheme, _, given = fields[0].decode("latin-1").partition(" ")
    if scheme.lower() != credentials.scheme:
        return None
    return given.strip(" ") if credentials is Credentials.BEARER else _password(given.strip(" "))


def _password(given: str) -> str:
    """The password of Basic credentials (RFC 7617), which is the token."""
    try:
        pair = b64decode(given, validate=True).decode()
    except ValueError:
        raise InvalidToken from None
    return pair.partition(":")[2]
