"""From a bearer token to the caller, or a refusal."""

import time
from collections.abc import Callable

from backend.config import Settings
from backend.core.principal import Principal
from backend.security.cache import VerifiedTokens
from backend.security.claims import ClaimRules, check_header
from backend.security.jws import parse
from backend.security.refusals import RefusedToken
from backend.security.sources import KeySource


class TokenVerifier:
    """Verifies the tokens of the issuer that the settings name.

    Args:
        settings: Issuer, audiences, algorithms, leeway and longest lifetime.
        keys: Where the issuer's keys come from.
        now: The wall clock, seconds since the epoch.
    """

    def __init__(
        self, settings: Settings, keys: KeySource, *, now: Callable[[], float] = time.time
    ) -> None:
        self._keys = keys
        self._algorithms = frozenset[str](
            {"HS256"} if settings.auth_shared_secret else settings.auth_algorithms
        )
        self._rules = ClaimRules(settings, now)
        self._verified = VerifiedTokens(keys, now)
        self.cached: Callable[[str], Principal | None] = self._verified.get
        """The caller if this token was verified lately and still holds, else None; about 2 µs."""

    async def verify(self, token: str) -> Principal:
        """Verify a compact token (RFC 7515, 7519) and say whose it is.

        The claims are checked before the signature: a token that they refuse anyway costs no
        signature check, and above all no question to the key source.

        Raises:
            RefusedToken: The token is not valid; an `InvalidToken` that knows the reason.
            KeysUnavailable: It may be valid, but its key is unknown and the source unreachable.
        """
        principal = self.cached(token)
        if principal is not None:
            return principal
        jws = parse(token)
        algorithm, kid = check_header(jws.header, self._algorithms)
        reading = self._rules.read(jws.payload)
        key = await self._keys.get(kid)
        if key is None:
            raise RefusedToken("unknown_key")
        if algorithm not in key.algorithms:
            raise RefusedToken("algorithm_refused")
        if not key.verifies(algorithm, jws.signed, jws.signature):
            raise RefusedToken("bad_signature")
        self._verified.put(token, reading, key)
        return reading.principal
