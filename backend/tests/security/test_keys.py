"""Which keys of a key set are used, and for what."""

import json
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed448
from jwt.algorithms import ECAlgorithm, OKPAlgorithm

from backend.security.keys.key import MOST_KEYS, UnusableKey, read_key, read_key_set
from backend.security.signing import Issuer

ED, EC, RSA = (Issuer.generate(algorithm) for algorithm in ("EdDSA", "ES256", "RS256"))
K256 = ec.generate_private_key(ec.SECP256K1())


def without(jwk: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in jwk.items() if name not in names}


def document(*keys: object) -> bytes:
    return json.dumps({"keys": keys}).encode()


@pytest.mark.parametrize("issuer", [ED, EC, RSA], ids=["OKP", "EC", "RSA"])
@pytest.mark.parametrize(
    "members",
    [{}, {"use": "sig"}, {"key_ops": ["verify"]}, {"key_ops": ["sign", "verify"]}, {"x5t": "x"}],
    ids=str,
)
def test_a_key_is_used_with_or_without_a_statement_of_its_use(
    issuer: Issuer, members: dict[str, object]
) -> None:
    key = read_key({**issuer.jwk, **members})
    assert key.kid == issuer.kid
    assert issuer.algorithm in key.algorithms


@pytest.mark.parametrize(
    ("issuer", "algorithms"),
    [(ED, {"EdDSA", "Ed25519"}), (EC, {"ES256"}), (RSA, {"RS256", "PS256"})],
    ids=["OKP", "EC", "RSA"],
)
def test_a_key_without_alg_is_bound_by_its_kind(issuer: Issuer, algorithms: set[str]) -> None:
    assert read_key(without(issuer.jwk, "alg")).algorithms == algorithms


def test_alg_binds() -> None:
    assert read_key({**RSA.jwk, "alg": "PS256"}).algorithms == {"PS256"}
    assert read_key({**ED.jwk, "alg": "Ed25519"}).algorithms == {"EdDSA", "Ed25519"}, "RFC 9864"


def test_the_same_key_is_equal_however_it_is_written() -> None:
    assert read_key({**ED.jwk, "use": "sig"}) == read_key(ED.jwk)
    assert read_key(ED.jwk) != read_key({**Issuer.generate().jwk, "kid": ED.kid})


UNUSABLE: dict[str, object] = {
    "no object": "key",
    "nothing": {},
    "private OKP": ED.private_jwk,
    "private EC": EC.private_jwk,
    "private RSA": RSA.private_jwk,
    "symmetric": {"kty": "oct", "k": "c2VjcmV0", "kid": "s", "alg": "HS256"},
    "symmetric in disguise": {**ED.jwk, "k": "c2VjcmV0"},
    "foreign kind": {"kty": "AKP", "alg": "ML-DSA-44", "pub": "AA", "kid": "p"},
    "kind of another type": {**ED.jwk, "kty": ["OKP"]},
    "kind in another case": {**ED.jwk, "kty": "okp"},
    "Ed448": {
        **OKPAlgorithm.to_jwk(ed448.Ed448PrivateKey.generate().public_key(), as_dict=True),
        "kid": "4",
    },
    "X25519": {**ED.jwk, "crv": "X25519"},
    "secp256k1": {**ECAlgorithm.to_jwk(K256.public_key(), as_dict=True), "kid": "k"},
    "curve of another": {**EC.jwk, "crv": "P-384"},
    "curve missing": without(EC.jwk, "crv"),
    "curve of another type": {**EC.jwk, "crv": 256},
    "RSA with a curve": {**RSA.jwk, "crv": "P-256"},
    "RSA without modulus": without(RSA.jwk, "n"),
    "alg of another kind": {**ED.jwk, "alg": "RS256"},
    "alg none": {**ED.jwk, "alg": "none"},
    "alg HS256": {**ED.jwk, "alg": "HS256"},
    "alg null": {**ED.jwk, "alg": None},
    "alg of another type": {**ED.jwk, "alg": ["EdDSA"]},
    "for encryption": {**ED.jwk, "use": "enc"},
    "use null": {**ED.jwk, "use": None},
    "for signing only": {**ED.jwk, "key_ops": ["sign"]},
    "key_ops of another type": {**ED.jwk, "key_ops": "verify"},
    "no name": without(ED.jwk, "kid"),
    "name null": {**ED.jwk, "kid": None},
    "name of another type": {**ED.jwk, "kid": 1},
    "name empty": {**ED.jwk, "kid": ""},
    "name with NUL": {**ED.jwk, "kid": "a\0"},
    "name too long": {**ED.jwk, "kid": "k" * 256},
    "x missing": without(ED.jwk, "x"),
    "x of another type": {**ED.jwk, "x": 1},
    "x too short": {**ED.jwk, "x": "AAAA"},
    "x with padding": {**ED.jwk, "x": ED.jwk["x"] + "="},
    "x not base64url": {**ED.jwk, "x": "+" + ED.jwk["x"][1:]},
    "x not ASCII": {**ED.jwk, "x": "é" + ED.jwk["x"][1:]},
}


@pytest.mark.parametrize("jwk", UNUSABLE.values(), ids=UNUSABLE)
def test_an_unusable_key_is_skipped_and_the_rest_works(jwk: object) -> None:
    with pytest.raises(UnusableKey):
        read_key(jwk)
    assert list(read_key_set(document(jwk, ED.jwk, jwk, EC.jwk)).keys) == [ED.kid, EC.kid]


def test_of_keys_with_one_name_the_first_counts() -> None:
    other = {**Issuer.generate().jwk, "kid": ED.kid}
    assert read_key_set(document(ED.jwk, ED.jwk, other)).keys == {ED.kid: read_key(ED.jwk)}


def test_a_thousand_bad_keys_hide_no_good_one() -> None:
    bad = [{"kty": "oct", "k": "AA", "kid": str(number)} for number in range(1000)]
    assert list(read_key_set(document(*bad, ED.jwk)).keys) == [ED.kid]


def test_the_number_of_keys_is_bounded() -> None:
    many = [{**ED.jwk, "kid": str(number)} for number in range(MOST_KEYS + 50)]
    assert len(read_key_set(document(*many)).keys) == MOST_KEYS
