"""The issuers whose tokens are accepted, and whose user ids theirs become.

The main issuer's users are known by their subject alone. Those of an issuer of `AUTH_ISSUERS` are
known as `name:subject`: a name holds no colon, so two such issuers never meet, and a subject of the
main issuer that begins with one of these names and a colon is refused, so it meets none of them.
One that begins with `~` is refused, too: a user's id is also that of their personal space, and the
ids of shared spaces will begin so.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from backend.config import MAIN_ISSUER, AdditionalIssuer, Settings
from backend.security.refusals import RefusedToken

_SHARED: Final = "~"

LONGEST_ID = 255
"""Characters of a user id, and of any other identifier in a token."""


@dataclass(frozen=True, slots=True)
class TrustedIssuer:
    """What tokens of one issuer are held against; none of it serves for another's.

    Attributes:
        name: `main`, or the name in `AUTH_ISSUERS`.
        issuer: The `iss`, to the letter.
        audiences: The `aud` values of which a token must carry one.
        algorithms: Accepted `alg` values.
        jwks_url: Where the keys are; None for a shared secret or the development key.
        prefix: What comes before a subject in a user id.
        reserved: What no subject may begin with, because others' user ids do.
        lenient: Whether tokens need not say for whom and by whom they are, and may name their
            subject otherwise than in `sub`.
    """

    name: str
    issuer: str
    audiences: frozenset[str]
    algorithms: frozenset[str]
    jwks_url: str | None
    prefix: str = ""
    reserved: tuple[str, ...] = ()
    lenient: bool = False

    def user_id(self, subject: str) -> str:
        """The user id of a subject.

        Raises:
            RefusedToken: The subject would be another issuer's user, or the id would be too long.
        """
        if subject.startswith(self.reserved):
            raise RefusedToken("subject_reserved")
        if len(self.prefix) + len(subject) > LONGEST_ID:
            raise RefusedToken("subject_refused")
        return self.prefix + subject


def trusted_issuers(settings: Settings) -> Mapping[str, TrustedIssuer]:
    """The issuers of the settings by their `iss`, the main one first."""
    asymmetric = frozenset[str](settings.auth_algorithms)
    main = TrustedIssuer(
        name=MAIN_ISSUER,
        issuer=settings.issuer,
        audiences=settings.audiences,
        algorithms=frozenset({"HS256"}) if settings.auth_shared_secret else asymmetric,
        jwks_url=settings.jwks_url,
        reserved=(_SHARED, *(_prefix(each) for each in settings.auth_issuers)),
        lenient=settings.auth_lenient_claims,
    )
    others = (
        TrustedIssuer(
            name=each.name,
            issuer=each.issuer,
            audiences=frozenset(each.audience),
            algorithms=asymmetric,
            jwks_url=each.jwks_url,
            prefix=_prefix(each),
        )
        for each in settings.auth_issuers
    )
    return {each.issuer: each for each in (main, *others)}


def _prefix(issuer: AdditionalIssuer) -> str:
    return f"{issuer.name}:"
