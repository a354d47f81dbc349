"""Identifies the caller once, by Starlette's authentication protocol."""

from starlette.authentication import AuthCredentials, AuthenticationBackend, BaseUser
from starlette.requests import HTTPConnection

from backend.core.principal import Principal
from backend.core.problems import InvalidToken
from backend.security.tokens import TokenVerifier


class Caller(BaseUser):
    """The user of a request.

    Attributes:
        principal: What the token says; None without a token.
    """

    __slots__ = ("principal",)

    def __init__(self, principal: Principal | None) -> None:
        self.principal = principal

    @property
    def is_authenticated(self) -> bool:
        """Whether a token was verified."""
        return self.principal is not None

    @property
    def display_name(self) -> str:
        """The subject, or nothing."""
        return self.principal.subject if self.principal else ""

    @property
    def identity(self) -> str:
        """The subject, or nothing."""
        return self.display_name


_ANONYMOUS = AuthCredentials(), Caller(None)
_AUTHENTICATED = AuthCredentials(["authenticated"])


class BearerBackend(AuthenticationBackend):
    """Verifies the bearer token (RFC 6750, section 2.1) of requests that carry one."""

    def __init__(self, verifier: TokenVerifier) -> None:
        self._verifier = verifier

    async def authenticate(self, conn: HTTPConnection) -> tuple[AuthCredentials, BaseUser]:
        """Who is calling; nobody for a request without a bearer token.

        Raises:
            InvalidToken: when the token is refused, or there are two `Authorization` fields.
            KeysUnavailable: when it cannot be checked right now.
        """
        # A health check neither waits for the key source nor fails for a token it does not need.
        token = _bearer_token(conn) if conn.scope["path"].startswith("/api/") else None
        if token is None:
            return _ANONYMOUS
        principal = self._verifier.cached(token) or await self._verifier.verify(token)
        return _AUTHENTICATED, Caller(principal)


def _bearer_token(conn: HTTPConnection) -> str | None:
    fields = [value for name, value in conn.scope["headers"] if name == b"authorization"]
    if not fields:
        return None
    if len(fields) > 1:
        raise InvalidToken
    scheme, _, token = fields[0].decode("latin-1").partition(" ")
    return token.strip(" ") if scheme.lower() == "bearer" else None
