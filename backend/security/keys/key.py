"""Keys that verify signatures, and the reading of a JSON Web Key Set (RFC 7517)."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from jwt import PyJWK
from jwt.algorithms import Algorithm, get_default_algorithms
from jwt.exceptions import PyJWTError

from backend.security.jose import decode_segment, read_object
from backend.security.keys.weak import find_weakness
from backend.security.tokens.claims import is_identifier

MOST_KEYS: Final = 256
"""Usable keys of one set; a real issuer has a handful. What comes after them is skipped."""

# Each kind of key with its algorithms. RFC 9864 renames EdDSA to Ed25519: the same on this curve.
# Ed448, secp256k1 and symmetric keys are absent on purpose.
_ALGORITHMS: Final[Mapping[tuple[object, object], frozenset[str]]] = {
    ("OKP", "Ed25519"): frozenset({"EdDSA", "Ed25519"}),
    ("EC", "P-256"): frozenset({"ES256"}),
    ("EC", "P-384"): frozenset({"ES384"}),
    ("EC", "P-521"): frozenset({"ES512"}),
    ("RSA", None): frozenset({"RS256", "PS256"}),
}
_ED25519: Final = _ALGORITHMS["OKP", "Ed25519"]
_PUBLIC_MEMBERS: Final = {"OKP": ("x",), "EC": ("x", "y"), "RSA": ("n", "e")}
_PRIVATE_MEMBERS: Final = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})

_defaults = get_default_algorithms()
PRIMITIVES: Final[Mapping[str, Algorithm]] = {**_defaults, "Ed25519": _defaults["EdDSA"]}
"""The signature primitives by the name that a token's header gives them."""


class UnusableKey(ValueError):  # noqa: N818 - a state of the key, not a fault of the program
    """A key of a key set that cannot or must not verify tokens.

    Args:
        reason: A stable word for log and doctor; `weak_…` if others can sign for it.
    """

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


@dataclass(frozen=True, slots=True)
class VerificationKey:
    """One key, bound to the algorithms that it may verify (RFC 8725, section 3.1).

    Two keys are equal when they have the same name, the same algorithms and the same material.
    """

    kid: str | None
    algorithms: frozenset[str]
    thumbprint: str
    # A public key of `cryptography`, or the bytes of a shared secret: each primitive knows its own.
    material: Any = field(repr=False, compare=False)

    def verifies(self, algorithm: str, signed: bytes, signature: bytes) -> bool:
        """Whether this key made the signature with this algorithm."""
        return algorithm in self.algorithms and PRIMITIVES[algorithm].verify(
            signed, self.material, signature
        )


def shared_secret(secret: bytes) -> VerificationKey:
    """The key of HS256 mode, in which nothing but HS256 is accepted."""
    thumbprint = hashlib.sha256(secret).hexdigest()
    return VerificationKey(None, frozenset({"HS256"}), thumbprint, secret)


class KeySet(NamedTuple):
    """What a key set holds.

    Attributes:
        keys: The usable keys by name.
        skipped: Why others are not used, by name.
    """

    keys: dict[str | None, VerificationKey]
    skipped: dict[str, str]

    @property
    def weak(self) -> dict[str, str]:
        """Those of the skipped for which others can sign."""
        return {kid: why for kid, why in self.skipped.items() if why.startswith("weak_")}


def read_key_set(document: bytes) -> KeySet:
    """Read a key set. Unusable keys, and repeated names, are skipped.

    Raises:
        ValueError: The document is not a key set at all.
    """
    entries = read_object(document).get("keys")
    if not isinstance(entries, list):
        raise ValueError("no keys member")  # noqa: TRY004 - what arrived is a wrong value
    found = KeySet({}, {})
    for entry in entries:
        try:
            key = read_key(entry)
        except UnusableKey as unusable:
            found.skipped[_name(entry)] = unusable.reason
            continue
        found.keys.setdefault(key.kid, key)
        if len(found.keys) == MOST_KEYS:
            break
    return found


def read_key(jwk: object) -> VerificationKey:
    """Read one public JSON Web Key.

    `use`, `key_ops` and `alg` may be absent (Better Auth sends only `alg`), but bind when present.

    Raises:
        UnusableKey: It is private, symmetric, weak, nameless, not for signatures or broken.
    """
    if not isinstance(jwk, dict):
        raise UnusableKey("malformed")
    if not _PRIVATE_MEMBERS.isdisjoint(jwk):
        raise UnusableKey("not_public")
    kid, members = jwk.get("kid"), _public_members(jwk)
    if not is_identifier(kid):
        raise UnusableKey("nameless")
    if not _is_for_verifying(jwk):
        raise UnusableKey("not_for_signatures")
    algorithms = _bound_algorithms(jwk)
    key = _material(members, min(algorithms - {"Ed25519"}))
    # RFC 7638: the required members only, in lexicographic order.
    canonical = json.dumps(members, sort_keys=True, separators=(",", ":")).encode()
    return VerificationKey(kid, algorithms, hashlib.sha256(canonical).hexdigest(), key)


def _name(entry: object) -> str:
    kid = entry.get("kid") if isinstance(entry, dict) else None
    return kid if isinstance(kid, str) and is_identifier(kid) else "?"


def _material(members: dict[str, str], algorithm: str) -> Any:
    """The public key for `cryptography`, if nothing is known against it."""
    try:
        key = PyJWK(members, algorithm).key
    except (PyJWTError, ValueError) as error:
        # `cryptography` refuses points off their curve and an exponent of 1; PyJWT passes it on.
        refused = isinstance(error.__cause__, ValueError) and members["kty"] != "OKP"
        raise UnusableKey("weak_numbers" if refused else "malformed") from error
    weakness = find_weakness(key, members)
    if weakness is not None:
        raise UnusableKey(f"weak_{weakness}")
    return key


def _public_members(jwk: Mapping[str, object]) -> dict[str, str]:
    """The members that make the key, each in canonical base64url."""
    kty, crv = jwk.get("kty"), jwk.get("crv")
    if not isinstance(kty, str) or kty not in _PUBLIC_MEMBERS:
        raise UnusableKey("unsupported")
    members = {"kty": kty}
    if isinstance(crv, str):
        members["crv"] = crv
    for name in _PUBLIC_MEMBERS[kty]:
        value = jwk.get(name)
        if not isinstance(value, str):
            raise UnusableKey("malformed")
        try:
            decode_segment(value)
        except ValueError as error:
            raise UnusableKey("malformed") from error
        members[name] = value
    return members


def _is_for_verifying(jwk: Mapping[str, object]) -> bool:
    operations = jwk.get("key_ops", ["verify"])
    return (
        jwk.get("use", "sig") == "sig" and isinstance(operations, list) and "verify" in operations
    )


def _bound_algorithms(jwk: Mapping[str, object]) -> frozenset[str]:
    crv = jwk.get("crv")
    algorithms = _ALGORITHMS.get((jwk["kty"], crv if isinstance(crv, str) else None))
    if not algorithms:
        raise UnusableKey("unsupported")
    if "alg" not in jwk:
        return algorithms
    if jwk["alg"] not in list(algorithms):
        raise UnusableKey("unsupported")
    return algorithms if algorithms is _ED25519 else frozenset({str(jwk["alg"])})
