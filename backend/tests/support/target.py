"""The service that the tests attack, and what an attacker knows of it."""

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from types import EllipsisType

from backend.security.refusals import Reason
from backend.security.signing import Issuer

ISSUER = "https://app.example.com"
ALICE = "kJ3vQ8sPz1XmW5bN7cR2tY6uH9gF4dLa"

Change = object | EllipsisType


@dataclass(frozen=True)
class Target:
    """The service under attack: the signing keys it trusts (EdDSA, ES256, RS256), its names.

    A service that trusts only the first may be attacked with all of it as well.
    """

    ed: Issuer = field(default_factory=partial(Issuer.generate, "EdDSA"))
    ec: Issuer = field(default_factory=partial(Issuer.generate, "ES256"))
    rsa: Issuer = field(default_factory=partial(Issuer.generate, "RS256"))
    iss: str = ISSUER
    aud: str = ISSUER
    now: Callable[[], float] = time.time

    def claims(self, **changes: Change) -> dict[str, object]:
        """Valid claims with changes; `...` takes a claim away."""
        now = int(self.now())
        claims: dict[str, Change] = {"iat": now, "exp": now + 900, "iss": self.iss, "aud": self.aud}
        return change({**claims, "sub": ALICE, "name": "Alice"}, changes)

    def header(self, **changes: Change) -> dict[str, object]:
        """Better Auth's header with changes; `...` takes a member away."""
        return change({"alg": "EdDSA", "kid": self.ed.kid}, changes)

    def token(self) -> str:
        """A valid token."""
        return self.ed.sign(self.claims())


Build = Callable[[Target], str]
Row = tuple[str, Reason, Build]
"""An attack: its name, the reason for its refusal, and how to make the token."""


def change(members: Mapping[str, Change], changes: Mapping[str, Change]) -> dict[str, object]:
    """Members with changes; `...` takes one away."""
    return {name: value for name, value in {**members, **changes}.items() if value is not ...}


def dumps(value: object) -> bytes:
    """Compact JSON, ASCII only."""
    return json.dumps(value, separators=(",", ":")).encode()
