"""An issuer for development and tests: signs tokens as Better Auth does. Never for production."""

import contextlib
import json
import os
import secrets
import string
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from jwt import PyJWK
from jwt.exceptions import PyJWTError

from backend.config import Settings
from backend.security.jose import encode_segment
from backend.security.keys.key import PRIMITIVES, VerificationKey, read_key, shared_secret
from backend.security.tokens.claims import check_user

LIFETIME: Final = 900
"""Seconds; Better Auth's default."""

_ALPHANUMERIC: Final = string.ascii_letters + string.digits
_CURVES: Final = {"ES256": ec.SECP256R1(), "ES384": ec.SECP384R1(), "ES512": ec.SECP521R1()}
_PUBLIC: Final = ("alg", "crv", "x", "y", "n", "e", "kty", "kid")


class Issuer:
    """One signing key, and tokens in the shape of Better Auth's.

    Args:
        algorithm: The `alg` of its tokens.
        private_key: A private key of `cryptography`, or bytes for HS256.
        kid: The key's name; None leaves it out of the header (HS256).
    """

    def __init__(self, algorithm: str, private_key: Any, kid: str | None) -> None:
        self.algorithm = algorithm
        self.kid = kid
        self._key = private_key

    @classmethod
    def generate(cls, algorithm: str = "EdDSA") -> "Issuer":
        """An issuer with a new key; `algorithm` is one that the settings know, not HS256."""
        return cls(algorithm, _generate(algorithm), identifier())

    @classmethod
    def from_secret(cls, secret: str) -> "Issuer":
        """An issuer of HS256 tokens, as a frontend with a shared secret is."""
        return cls("HS256", secret.encode(), None)

    @classmethod
    def load_or_create(cls, path: Path) -> "Issuer":
        """The issuer whose private key (a JWK, mode 0600) is in that file, made if absent.

        Processes that start together end up with the same key.

        Raises:
            ValueError: The file holds something else.
        """
        if not path.exists():
            _create(path, json.dumps(cls.generate().private_jwk))
        try:
            jwk = json.loads(path.read_text("utf-8"))
            return cls(jwk["alg"], PyJWK(jwk, jwk["alg"]).key, jwk["kid"])
        except (ValueError, LookupError, TypeError, PyJWTError) as error:
            raise ValueError(f"{path} is not a signing key; delete it to get a new one") from error

    @property
    def private_jwk(self) -> dict[str, Any]:
        """The key as a JSON Web Key, private part included."""
        jwk = PRIMITIVES[self.algorithm].to_jwk(self._key, as_dict=True)
        return {**jwk, "alg": self.algorithm, "kid": self.kid}

    @property
    def jwk(self) -> dict[str, Any]:
        """The public key in Better Auth's shape: no `use`, no `key_ops`."""
        private = self.private_jwk
        return {name: private[name] for name in _PUBLIC if name in private}

    @property
    def jwks(self) -> dict[str, Any]:
        """The key set document."""
        return {"keys": [self.jwk]}

    @property
    def verification_key(self) -> VerificationKey:
        """What verifies this issuer's tokens."""
        return shared_secret(self._key) if self.algorithm == "HS256" else read_key(self.jwk)

    def token(
        self,
        subject: str,
        *,
        issuer: str,
        audience: str,
        now: float | None = None,
        lifetime: int = LIFETIME,
        **claims: object,
    ) -> str:
        """A token with Better Auth's claims for that subject.

        Args:
            subject: The `sub`.
            issuer: The `iss`.
            audience: The `aud`.
            now: Seconds since the epoch; default: the wall clock.
            lifetime: Seconds between `iat` and `exp`.
            claims: More claims, or other values for the usual ones.
        """
        issued = int(time.time() if now is None else now)
        user = _user(subject, issued)
        registered = {"iat": issued, "exp": issued + lifetime, "iss": issuer, "aud": audience}
        return self.sign({**user, **registered, "sub": subject, **claims})

    def sign(self, claims: Mapping[str, object], header: Mapping[str, object] | None = None) -> str:
        """Sign any claims; `header` replaces Better Auth's `{"alg", "kid"}`."""
        if header is None:
            kid = {} if self.kid is None else {"kid": self.kid}
            header = {"alg": self.algorithm, **kid}
        return self.sign_bytes(_json(header), _json(claims))

    def sign_bytes(self, header: bytes, payload: bytes) -> str:
        """Sign header and payload as they are, JSON or not."""
        signed = f"{encode_segment(header)}.{encode_segment(payload)}"
        signature = PRIMITIVES[self.algorithm].sign(signed.encode(), self._key)
        return f"{signed}.{encode_segment(signature)}"


def development_issuer(settings: Settings) -> Issuer:
    """The issuer of `duly token`, whose key lies in the data directory.

    Raises:
        ValueError: The settings name a real issuer, whose tokens are not ours to make; or its key
            can be neither read nor kept.
    """
    if not settings.development_keys:
        raise ValueError("development tokens exist only while no real issuer is configured")
    try:
        return Issuer.load_or_create(settings.data_dir / "signing-key.json")
    except OSError as error:
        raise ValueError(
            f"DATA_DIR={settings.data_dir} cannot keep the signing key ({error.strerror}): set "
            "DATA_DIR to a folder that this user may write"
        ) from error


def development_token(settings: Settings, subject: str, lifetime: int) -> str:
    """A token for `subject` that lasts `lifetime` seconds; only without a real issuer.

    Raises:
        ValueError: As `development_issuer`; or it would be refused for whose it is, or how long it
            lasts.
    """
    check_user(subject)
    longest = settings.auth_max_token_lifetime
    if not 0 < lifetime <= longest:
        raise ValueError(
            f"--lifetime takes 1 to {longest} seconds (AUTH_MAX_TOKEN_LIFETIME): Duly would refuse "
            "any other token"
        )
    return development_issuer(settings).token(
        subject,
        issuer=settings.issuer,
        audience=min(settings.audiences),
        lifetime=lifetime,
    )


def identifier() -> str:
    """32 random letters and digits, as Better Auth's ids are."""
    return "".join(secrets.choice(_ALPHANUMERIC) for _ in range(32))


def _generate(algorithm: str) -> Any:
    if algorithm in {"EdDSA", "Ed25519"}:
        return ed25519.Ed25519PrivateKey.generate()
    if algorithm in _CURVES:
        return ec.generate_private_key(_CURVES[algorithm])
    return rsa.generate_private_key(public_exponent=65_537, key_size=2048)


def _user(subject: str, issued: int) -> dict[str, object]:
    """The user row that Better Auth puts into its tokens."""
    made = datetime.fromtimestamp(issued, UTC).isoformat(timespec="milliseconds")
    return {
        "name": subject[:64],
        "email": f"{subject[:64]}@example.com",
        "emailVerified": False,
        "image": None,
        "createdAt": made,
        "updatedAt": made,
        "id": subject,
    }


def _json(value: Mapping[str, object]) -> bytes:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode("utf-8")


def _create(path: Path, text: str) -> None:
    """Write a file that nobody else can read, whole or not at all, unless it exists."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
        # A link, not a rename: it fails if another process was faster, whose key then counts.
        with contextlib.suppress(FileExistsError):
            os.link(draft, path)
    finally:
        draft.unlink()
