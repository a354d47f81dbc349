"""The rules for header and claims of a token, as RFC 7519 and RFC 8725 ask for them."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from backend.config import Settings
from backend.core.principal import Principal
from backend.security.refusals import Reason, RefusedToken
from backend.security.trust import LONGEST_ID, TrustedIssuer

Members = dict[str, object]

# Other places to take a key from, or another way to read the payload: each has been an attack,
# and Better Auth sends none of them (RFC 8725, sections 3.10 and 3.11).
_REFUSED_HEADERS: Final = frozenset({"crit", "b64", "zip", "jku", "jwk", "x5u", "x5c"})

# PostgreSQL stores neither NUL nor lone surrogates, and a log line should stay one line.
_TEXT: Final = re.compile(r"[^\x00-\x1f\x7f-\x9f\ud800-\udfff]+")
_LONGEST_EMAIL: Final = 320  # 64 + "@" + 255: RFC 3696, erratum 1690
_LONGEST_NAME: Final = 255

# What frontends that make tokens themselves call the subject.
_SUBJECTS: Final = ("sub", "user_id", "userId", "id")

# Whole numbers up to here are exact in every JSON library (RFC 7493, section 2.2).
_LATEST: Final = 2**53


@dataclass(frozen=True, slots=True)
class Reading:
    """What valid claims say.

    Attributes:
        principal: The caller, if the signature holds.
        valid_from: First second at which the token is accepted, leeway included.
        valid_until: First second at which it no longer is, leeway included.
    """

    principal: Principal
    valid_from: float
    valid_until: float


def is_identifier(value: object) -> bool:
    """Whether a value may be a `sub` or `kid`: up to 255 characters, no controls."""
    return isinstance(value, str) and len(value) <= LONGEST_ID and bool(_TEXT.fullmatch(value))


def check_user(user: str) -> None:
    """Check that a user can have this id.

    Raises:
        ValueError: when nobody could; says what an id is.
    """
    if not is_identifier(user) or user.startswith("~"):
        raise ValueError(
            "A user id has 1 to 255 characters, no controls among them and no ~ before them."
        )


def check_header(header: Members, algorithms: frozenset[str]) -> tuple[str, str | None]:
    """Check a token's header.

    Returns:
        The algorithm, which is one of `algorithms`, and the `kid` if there is one.

    Raises:
        RefusedToken: The header is not one of a plain signed token.
    """
    if not _REFUSED_HEADERS.isdisjoint(header):
        raise RefusedToken("header_refused")
    if "typ" in header:
        kind = header["typ"]
        # Better Auth sends no `typ`; media types ignore case (RFC 7519, section 5.1).
        if not (isinstance(kind, str) and kind.upper() == "JWT"):
            raise RefusedToken("type_refused")
    algorithm = header.get("alg")
    if not isinstance(algorithm, str) or algorithm not in algorithms:
        raise RefusedToken("algorithm_refused")
    if "kid" not in header:
        return algorithm, None
    kid = header["kid"]
    if not (isinstance(kid, str) and is_identifier(kid)):
        raise RefusedToken("key_id_refused")
    return algorithm, kid


class ClaimRules:
    """The checks that claims of one issuer have to pass, made once from the settings."""

    def __init__(
        self, trusted: TrustedIssuer, settings: Settings, now: Callable[[], float]
    ) -> None:
        self._issuer = trusted.issuer
        self._audiences = trusted.audiences
        self._user_id = trusted.user_id
        self._lenient = trusted.lenient
        self._leeway = settings.auth_leeway
        self._longest_life = settings.auth_max_token_lifetime
        self._now = now

    def read(self, claims: Members) -> Reading:
        """Check all claims.

        Raises:
            RefusedToken: With the first rule that they break.
        """
        if claims.get("iss") != self._issuer and not self._may_lack(claims, "iss"):
            raise RefusedToken("wrong_issuer")
        if not self._is_audience(claims.get("aud")) and not self._may_lack(claims, "aud"):
            raise RefusedToken("wrong_audience")
        subject = _subject(claims) if self._lenient else claims.get("sub")
        if not (isinstance(subject, str) and is_identifier(subject)):
            raise RefusedToken("subject_refused")
        user_id = self._user_id(subject)
        expires = _seconds(claims, "exp")
        if expires is None:
            raise RefusedToken("claim_refused")
        issued = _seconds(claims, "iat")
        valid_from, valid_until = self._window(expires, issued, _seconds(claims, "nbf"))
        principal = Principal(
            user_id,
            expires_at=int(expires),
            issued_at=int(issued or 0),
            email=_display(claims.get("email"), _LONGEST_EMAIL),
            name=_display(claims.get("name"), _LONGEST_NAME, cut=True),
        )
        return Reading(principal, valid_from, valid_until)

    def _may_lack(self, claims: Members, name: str) -> bool:
        return self._lenient and claims.get(name) is None

    def _is_audience(self, audience: object) -> bool:
        if isinstance(audience, str):
            return audience in self._audiences
        return (
            isinstance(audience, list)
            and all(isinstance(one, str) for one in audience)
            and not self._audiences.isdisjoint(audience)
        )

    def _window(
        self, expires: float, issued: float | None, not_before: float | None
    ) -> tuple[float, float]:
        now = self._now()
        valid_until = expires + self._leeway
        if now >= valid_until:
            born: Reason = "expired" if issued is None or issued < expires else "born_expired"
            raise RefusedToken(born)
        starts = [at - self._leeway for at in (issued, not_before) if at is not None]
        valid_from = max(starts, default=0.0)
        if now < valid_from:
            raise RefusedToken("not_yet_valid")
        if expires - (now if issued is None else issued) > self._longest_life:
            raise RefusedToken("lifetime_refused")
        return valid_from, valid_until


def _subject(claims: Members) -> object:
    """The first claim that names the subject; a whole number as its decimal digits."""
    value = next((claims[name] for name in _SUBJECTS if claims.get(name) is not None), None)
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= _LATEST:
        return str(value)
    return value


def _seconds(claims: Members, name: str) -> float | None:
    """A NumericDate (RFC 7519, section 2): any JSON number, and nothing but a number."""
    if name not in claims:
        return None
    value = claims[name]
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise RefusedToken("claim_refused")
    if not 0 <= value <= _LATEST:
        raise RefusedToken("claim_refused")
    return value


def _display(value: object, longest: int, *, cut: bool = False) -> str | None:
    """A claim for display; what cannot be stored or shown is left out, not refused."""
    if not isinstance(value, str) or not _TEXT.fullmatch(value):
        return None
    if len(value) > longest and not cut:
        return None
    return value[:longest]
