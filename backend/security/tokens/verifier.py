"""From a bearer token to the caller, or a refusal."""

import time
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final, NamedTuple

from backend.config import Settings
from backend.core.principal import Principal
from backend.security.jose import parse
from backend.security.keys.sources import KeySource
from backend.security.refusals import RefusedToken
from backend.security.tokens.cache import VerifiedTokens
from backend.security.tokens.claims import ClaimRules, check_header
from backend.security.trust import trusted_issuers

_NO_OTHERS: Final[Mapping[str, KeySource]] = MappingProxyType({})


class _Checks(NamedTuple):
    """All that a token of one issuer goes through; nothing of it serves for another's."""

    algorithms: frozenset[str]
    rules: ClaimRules
    keys: KeySource
    verified: VerifiedTokens


class TokenVerifier:
    """Verifies the tokens of the issuers that the settings name.

    Args:
        settings: Issuers, audiences, algorithms, leeway and longest lifetime.
        keys: Where the main issuer's keys come from.
        others: Where those of `AUTH_ISSUERS` come from, by name.
        now: The wall clock, seconds since the epoch.

    Attributes:
        misses: How many tokens were not found among those that were verified lately.
    """

    def __init__(
        self,
        settings: Settings,
        keys: KeySource,
        others: Mapping[str, KeySource] = _NO_OTHERS,
        *,
        now: Callable[[], float] = time.time,
    ) -> None:
        self.misses = 0
        self._verified = VerifiedTokens(keys, now)
        main, *additional = trusted_issuers(settings).values()
        self._main = _Checks(main.algorithms, ClaimRules(main, settings, now), keys, self._verified)
        self._others = {
            each.issuer: _Checks(
                each.algorithms,
                ClaimRules(each, settings, now),
                others[each.name],
                self._verified.of(others[each.name]),
            )
            for each in additional
        }
        self.cached: Callable[[str], Principal | None] = self._verified.get
        """The caller if this token was verified lately and still holds, else None; about 2 µs."""

    async def verify(self, token: str) -> Principal:
        """Verify a compact token (RFC 7515, 7519) and say whose it is.

        The `iss` claim, though unverified, chooses by whose rules and keys the token is judged, and
        they judge it wholly: so a lie in it only names a judge who refuses it. The claims are
        checked before the signature: a token that they refuse anyway costs no signature check, and
        above all no question to the key source.

        Raises:
            RefusedToken: The token is not valid; an `InvalidToken` that knows the reason.
            KeysUnavailable: It may be valid, but its key is unknown and the source unreachable.
        """
        principal = self.cached(token)
        if principal is not None:
            return principal
        self.misses += 1
        jws = parse(token)
        checks = self._checks(jws.payload.get("iss"))
        algorithm, kid = check_header(jws.header, checks.algorithms)
        reading = checks.rules.read(jws.payload)
        key = await checks.keys.get(kid)
        if key is None:
            raise RefusedToken("unknown_key")
        if algorithm not in key.algorithms:
            raise RefusedToken("algorithm_refused")
        if not key.verifies(algorithm, jws.signed, jws.signature):
            raise RefusedToken("bad_signature")
        checks.verified.put(token, reading, key)
        return reading.principal

    @property
    def hits(self) -> int:
        """How many tokens were found."""
        return self._verified.hits

    @property
    def remembered(self) -> int:
        """How many tokens are in memory."""
        return len(self._verified)

    def _checks(self, issuer: object) -> _Checks:
        """Those of the issuer that a token claims; for a stranger the main one's, which refuse."""
        return self._others.get(issuer, self._main) if isinstance(issuer, str) else self._main
