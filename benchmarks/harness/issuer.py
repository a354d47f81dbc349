"""Stands in for Better Auth: an Ed25519 key, its JWKS on loopback, and tokens."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from secrets import token_hex
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from jwt.algorithms import OKPAlgorithm

from benchmarks.harness.people import subject
from benchmarks.harness.places import HOST

ORIGIN = "https://app.example.com"
"""Issuer and audience of every token; nothing is ever sent there."""

_LIFETIME = 4 * 3600


class Issuer:
    """Signs what Better Auth signs, in its shape."""

    def __init__(self) -> None:
        self._key = Ed25519PrivateKey.generate()
        self._kid = token_hex(16)
        self.secret = token_hex(32)
        self.port = 0

    @property
    def jwks_url(self) -> str:
        """Where the public key is served."""
        return f"http://{HOST}:{self.port}/api/auth/jwks"

    def jwks(self) -> bytes:
        """The key set: `alg`, `crv`, `x`, `kty`, `kid` and nothing else, as Better Auth has it."""
        key = OKPAlgorithm.to_jwk(self._key.public_key(), as_dict=True)
        return json.dumps({"keys": [{**key, "alg": "EdDSA", "kid": self._kid}]}).encode()

    def token(self, number: int) -> str:
        """An EdDSA token of one user; the header has no `typ`."""
        headers = {"kid": self._kid, "typ": None}
        return jwt.encode(_claims(number), self._key, algorithm="EdDSA", headers=headers)

    def shared_secret_token(self, number: int) -> str:
        """The same claims by HS256, for what cannot verify EdDSA."""
        return jwt.encode(_claims(number), self.secret, algorithm="HS256")


@contextmanager
def serving() -> Iterator[Issuer]:
    """An issuer whose keys can be fetched."""
    issuer = Issuer()
    keys = issuer.jwks()

    class Keys(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(keys)))
            self.end_headers()
            self.wfile.write(keys)

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer((HOST, 0), Keys)
    issuer.port = server.server_address[1]
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield issuer
    finally:
        server.shutdown()


def _claims(number: int) -> dict[str, Any]:
    """The registered claims and the user row that Better Auth puts beside them."""
    now = int(time.time())
    user = {
        "name": f"User {number}",
        "email": f"user{number}@example.com",
        "emailVerified": True,
        "image": None,
        "createdAt": "2026-01-01T00:00:00.000Z",
        "updatedAt": "2026-01-01T00:00:00.000Z",
        "id": subject(number),
    }
    registered = {"sub": subject(number), "iss": ORIGIN, "aud": ORIGIN}
    return {**user, **registered, "iat": now, "exp": now + _LIFETIME}
