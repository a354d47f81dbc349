"""Keys for which everybody can sign are no keys, whoever published them."""

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from backend.config import Settings
from backend.security.jose import encode_segment
from backend.security.keys.key import UnusableKey, read_key, read_key_set
from backend.security.signing import Issuer
from backend.tests.security.source import HOUR, Source, kept
from backend.tests.support.key_server import KeyServer
from backend.tests.support.leaping import leap
from backend.tests.support.people import NO_TLS, ORIGIN
from backend.tests.support.service import Service

ED, EC, RSA = (Issuer.generate(algorithm) for algorithm in ("EdDSA", "ES256", "RS256"))
P = 2**255 - 19
P256 = 2**256 - 2**224 + 2**192 + 2**96 - 1
Y8 = 0x05FC536D880238B13933C6D305ACDFD5F098EFF289F4C345B027B2C28F95E826
SHORT = rsa.generate_private_key(public_exponent=65_537, key_size=1024)  # noqa: S505 - to be refused


def unsigned(number: int, length: int | None = None) -> str:
    return encode_segment(number.to_bytes(length or (number.bit_length() + 7) // 8, "big"))


def point(y: int, sign: int = 0) -> dict[str, Any]:
    """An Ed25519 key with that y, as RFC 8032 encodes it."""
    return {**ED.jwk, "x": encode_segment((y | sign << 255).to_bytes(32, "little"))}


def modulus(n: int, e: int = 65_537) -> dict[str, Any]:
    return {**RSA.jwk, "n": unsigned(n), "e": unsigned(e, 1 if e == 0 else None)}


def on_p256(x: int, y: int) -> dict[str, Any]:
    return {**EC.jwk, "x": unsigned(x, 32), "y": unsigned(y, 32)}


# x = 5 is on P-256, and small enough for x + p to fit into 32 bytes.
B = 0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B
Y5 = pow(5**3 - 3 * 5 + B, (P256 + 1) // 4, P256)
N = RSA._key.public_key().public_numbers().n  # noqa: SLF001

SMALL_ORDER = {
    f"order {order}, sign {sign}": point(y, sign)
    for order, y in {"1": 1, "2": P - 1, "4": 0, "8": Y8, "8 as well": P - Y8}.items()
    for sign in (0, 1)
}
NOT_CANONICAL = {
    f"p + {above}, sign {sign}": point(P + above, sign)
    for above in (0, 1, 3, 18)
    for sign in (0, 1)
}
WEAK: dict[str, tuple[dict[str, Any], str]] = {
    **{name: (jwk, "weak_small_order") for name, jwk in SMALL_ORDER.items()},
    **{name: (jwk, "weak_not_canonical") for name, jwk in NOT_CANONICAL.items()},
    "off Edwards25519": (point(2), "weak_not_on_the_curve"),
    "off Edwards25519, sign 1": (point(2, 1), "weak_not_on_the_curve"),
    "off P-256": (on_p256(5, Y5 + 1), "weak_numbers"),
    "zero": (on_p256(0, 0), "weak_numbers"),
    "x of P-256 beyond the prime": (on_p256(5 + P256, Y5), "weak_coordinate_out_of_range"),
    "RSA of 1024 bits": (modulus(SHORT.public_key().public_numbers().n), "weak_modulus_size"),
    "RSA of 2047 bits": (modulus(N >> 1 | 1), "weak_modulus_size"),
    "RSA of 20000 bits": (modulus(2**20_000 - 1), "weak_modulus_size"),
    "RSA with exponent 0": (modulus(N, 0), "weak_numbers"),
    "RSA with exponent 1": (modulus(N, 1), "weak_numbers"),
    "RSA with exponent 2": (modulus(N, 2), "weak_numbers"),
    "RSA with an even exponent": (modulus(N, 65_536), "weak_numbers"),
    "RSA with an exponent of its own size": (modulus(N, N - 2), "weak_exponent_size"),
    "RSA with an even modulus": (modulus(N + 1), "weak_modulus_factored"),
    "RSA with a modulus of small factors": (modulus(2**2048 - 1), "weak_modulus_factored"),
    "RSA with a square as modulus": (modulus((2**1024 - 105) ** 2), "weak_modulus_factored"),
}


@pytest.mark.parametrize(("jwk", "why"), WEAK.values(), ids=WEAK)
def test_a_weak_key_is_skipped_with_the_reason(jwk: dict[str, Any], why: str) -> None:
    with pytest.raises(UnusableKey, match=f"^{why}$"):
        read_key(jwk)
    found = read_key_set(json.dumps({"keys": [{**jwk, "kid": "w"}, ED.jwk]}).encode())
    assert (list(found.keys), found.weak) == ([ED.kid], {"w": why})


def test_sound_keys_are_not_suspected() -> None:
    for algorithm in ["EdDSA"] * 200 + ["ES256", "ES384", "ES512"] * 20:
        assert read_key(Issuer.generate(algorithm).jwk)
    assert read_key(on_p256(5, Y5))
    for exponent in (3, 17, 65_537):
        assert read_key(modulus(N, exponent)), "what real issuers use"


def test_the_log_says_once_which_key_is_skipped_and_why(
    source: Source, caplog: pytest.LogCaptureFixture
) -> None:
    weak = {**point(1), "kid": "weak"}

    async def story() -> None:
        source.document = json.dumps({"keys": [source.issuers[0].jwk, weak]}).encode()
        async with kept(source) as keys:
            for _ in range(20):
                assert await keys.get("weak") is None
                await asyncio.sleep(HOUR / 10)

    leap(story())
    told = [record for record in caplog.records if record.message == "keys_skipped"]
    assert [vars(record)["keys"] for record in told] == [{"weak": "weak_small_order"}]


class Anybody(Issuer):
    """Signs for the point of order 1 without any private key: 0·B = O + k·O, whatever is signed."""

    @property
    def jwk(self) -> dict[str, Any]:
        return {**point(1), "kid": self.kid}

    def sign_bytes(self, header: bytes, payload: bytes) -> str:
        signature = encode_segment((1).to_bytes(32, "little") + bytes(32))
        return f"{encode_segment(header)}.{encode_segment(payload)}.{signature}"


@pytest.fixture
def service(database_url: str) -> Iterator[Service]:
    with KeyServer(ED, Anybody("EdDSA", None, "weak")) as source:
        settings = Settings(
            _env_file=None,
            environment="production",
            database_url=database_url,
            auth_issuer=ORIGIN,
            auth_audience=(ORIGIN,),
            auth_jwks_url=source.url,
        )
        with Service(settings) as served:
            yield served


def test_nobody_gets_in_by_a_key_for_which_everybody_can_sign(service: Service) -> None:
    with httpx2.Client(base_url=service.url, verify=NO_TLS, trust_env=False, timeout=60) as client:

        def ask(issuer: Issuer) -> int:
            token = issuer.token("alice", issuer=ORIGIN, audience=ORIGIN)
            headers = {"Authorization": f"Bearer {token}"}
            return client.get("/api/tasks", headers=headers).status_code

        assert ask(ED) == 200
        assert ask(Anybody("EdDSA", None, "weak")) == 401
