"""Tokens that no trusted key has signed."""

import hmac
from collections.abc import Callable
from hashlib import sha256, sha384, sha512

from cryptography.hazmat.primitives.asymmetric import ed448, utils
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from backend.security.jose import decode_segment, encode_segment
from backend.security.signing import Issuer
from backend.tests.support.target import Build, Row, Target, dumps

# Signatures that are not the key's


def _signature(change: Callable[[bytes], bytes], of: str = "ed") -> Build:
    def build(at: Target) -> str:
        issuer: Issuer = getattr(at, of)
        signed, _, signature = issuer.sign(at.claims()).rpartition(".")
        return f"{signed}.{encode_segment(change(decode_segment(signature)))}"

    return build


def _impostor(algorithm: str, of: str) -> Build:
    """Another key under the name of a trusted one."""

    def build(at: Target) -> str:
        kid = getattr(at, of).kid
        forger = Issuer.generate(algorithm)
        return forger.sign(at.claims(), {"alg": algorithm, "kid": kid})

    return build


def _brings_its_key(at: Target) -> str:
    forger = Issuer.generate()
    return forger.sign(at.claims(), {**forger.jwk, "alg": "EdDSA", "jwk": forger.jwk})


def _swapped(at: Target) -> str:
    header, _, signature = at.token().split(".")
    return f"{header}.{encode_segment(dumps(at.claims(sub='bob')))}.{signature}"


def _reheaded(at: Target) -> str:
    _, payload, signature = at.token().split(".")
    return f"{encode_segment(dumps(at.header(typ='JWT')))}.{payload}.{signature}"


def _unsigned(at: Target) -> str:
    header = encode_segment(dumps(at.header(alg="none")))
    return f"{header}.{encode_segment(dumps(at.claims()))}."


def _as_der(raw: bytes) -> bytes:
    half = len(raw) // 2
    r, s = int.from_bytes(raw[:half], "big"), int.from_bytes(raw[half:], "big")
    return utils.encode_dss_signature(r, s)


def _ed448(at: Target) -> str:
    header = {"alg": "EdDSA", "kid": at.ed.kid}
    signed = f"{encode_segment(dumps(header))}.{encode_segment(dumps(at.claims()))}"
    return f"{signed}.{encode_segment(ed448.Ed448PrivateKey.generate().sign(signed.encode()))}"


SIGNATURES: list[Row] = [
    ("unsigned, as alg none", "malformed", _unsigned),
    ("signature empty", "malformed", lambda at: at.token().rpartition(".")[0] + "."),
    *(
        (f"{of} signature {name}", "bad_signature", _signature(change, of))
        for of in ("ed", "ec", "rsa")
        for name, change in (
            ("of zeros", lambda raw: bytes(len(raw))),
            ("of ones", lambda raw: b"\xff" * len(raw)),
            ("of one byte", lambda raw: raw[:1]),
            ("too short", lambda raw: raw[:-1]),
            ("too long", lambda raw: raw + b"\0"),
            ("twice", lambda raw: raw + raw),
            ("with a bit flipped", lambda raw: bytes([raw[0] ^ 1]) + raw[1:]),
            ("with the last bit flipped", lambda raw: raw[:-1] + bytes([raw[-1] ^ 1])),
            ("backwards", lambda raw: raw[::-1]),
        )
    ),
    ("ec signature as DER", "bad_signature", _signature(_as_der, "ec")),
    ("another key of that name, EdDSA", "bad_signature", _impostor("EdDSA", "ed")),
    ("another key of that name, ES256", "bad_signature", _impostor("ES256", "ec")),
    ("another key of that name, RS256", "bad_signature", _impostor("RS256", "rsa")),
    ("another algorithm of that name", "algorithm_refused", _impostor("ES256", "ed")),
    ("a key that nobody knows", "unknown_key", lambda at: Issuer.generate().sign(at.claims())),
    ("a key in the header", "header_refused", _brings_its_key),
    ("Ed448 under an Ed25519 name", "bad_signature", _ed448),
    ("payload of another", "bad_signature", _swapped),
    ("header changed after signing", "bad_signature", _reheaded),
]


# The public key as an HMAC secret: the classic confusion of algorithms

_HASHES = {"HS256": sha256, "HS384": sha384, "HS512": sha512}


def _public_texts(issuer: Issuer) -> dict[str, bytes]:
    """The ways in which a server may hold its public key."""
    key = issuer.verification_key.material
    texts = {
        "PEM": key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
        "DER": key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
        "JWK": dumps(issuer.jwk),
        "JWKS": dumps(issuer.jwks),
    }
    part = issuer.jwk.get("x") or issuer.jwk["n"]
    return {**texts, "raw": decode_segment(part), "base64url": part.encode()}


def _confused(algorithm: str, form: str, of: str) -> Build:
    def build(at: Target) -> str:
        issuer: Issuer = getattr(at, of)
        header = encode_segment(dumps({"alg": algorithm, "kid": issuer.kid}))
        signed = f"{header}.{encode_segment(dumps(at.claims()))}"
        secret = _public_texts(issuer)[form]
        return (
            f"{signed}.{encode_segment(hmac.digest(secret, signed.encode(), _HASHES[algorithm]))}"
        )

    return build


CONFUSIONS: list[Row] = [
    (
        f"{algorithm} keyed with the {of} key's {form}",
        "algorithm_refused",
        _confused(algorithm, form, of),
    )
    for algorithm in _HASHES
    for form in ("PEM", "DER", "JWK", "JWKS", "raw", "base64url")
    for of in ("ed", "ec", "rsa")
]
