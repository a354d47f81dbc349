"""Every forged, stale or broken token that must be refused, each with the reason for the log.

Each token has one fault and is otherwise right, down to a true signature where that is possible,
so that a check that is missing shows.
"""

import hmac
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from hashlib import sha256, sha384, sha512
from types import EllipsisType

from cryptography.hazmat.primitives.asymmetric import ed448, utils
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from backend.security.issuer import Issuer
from backend.security.jws import decode_segment, encode_segment
from backend.security.refusals import Reason

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
        return _change({**claims, "sub": ALICE, "name": "Alice"}, changes)

    def header(self, **changes: Change) -> dict[str, object]:
        """Better Auth's header with changes; `...` takes a member away."""
        return _change({"alg": "EdDSA", "kid": self.ed.kid}, changes)

    def token(self) -> str:
        """A valid token."""
        return self.ed.sign(self.claims())


Build = Callable[[Target], str]


@dataclass(frozen=True)
class Attack:
    """A token that must be refused, and why."""

    name: str
    reason: Reason
    build: Build


def fits_a_header(token: str) -> bool:
    """Whether an HTTP client would send this as `Authorization: Bearer TOKEN`."""
    return bool(token) and token.isascii() and token.isprintable() and " " not in token


def _change(members: Mapping[str, Change], changes: Mapping[str, Change]) -> dict[str, object]:
    return {name: value for name, value in {**members, **changes}.items() if value is not ...}


def _dumps(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


# One fault in the header, truly signed


def _header(**changes: Change) -> Build:
    return lambda at: at.ed.sign_bytes(_dumps(at.header(**changes)), _dumps(at.claims()))


NOT_KEY_IDS: list[object] = [
    *(None, 1, True, ["a"], {}, "", "a\0b", "\x1b[2J", "a\nb", "\ud800", "k" * 256),
]
CRITICALS: list[object] = [[], ["exp"], ["b64"], ["x"], "exp", None, {}]
HEADERS: list[tuple[str, Reason, Build]] = [
    *(
        (f"alg is {alg!r}", "algorithm_refused", _header(alg=alg))
        for alg in (
            *("none", "None", "NONE", "nOnE", "", "eddsa", "EDDSA", "EdDSA ", "EdDSA\0", "Ed448"),
            *("HS256", "HS384", "HS512", "RS384", "ES256K", "ES256", "ES384", "RS256", "PS256"),
            *(None, True, 0, 1, ["EdDSA"], {"EdDSA": 1}, "\uff25dDSA"),
        )
    ),
    ("alg is missing", "algorithm_refused", _header(alg=...)),
    ("kid is missing", "unknown_key", _header(kid=...)),
    *((f"kid is {kid!r}"[:40], "key_id_refused", _header(kid=kid)) for kid in NOT_KEY_IDS),
    *(
        (f"kid is {kid!r}", "unknown_key", _header(kid=kid))
        for kid in (
            *("k" * 32, "k" * 255, "../../../../dev/null", "/etc/passwd", "file:///dev/null"),
            *("' OR '1'='1", "x'; DROP TABLE duly.users; --", "http://127.0.0.1:9/jwks", "$(id)"),
            *("__class__", "é", "{0}", "%s%n"),
        )
    ),
    ("kid has 8 KB", "too_long", _header(kid="k" * 8192)),
    *(
        (f"typ is {typ!r}", "type_refused", _header(typ=typ))
        for typ in (
            *("at+jwt", "dpop+jwt", "logout+jwt", "JWE", "JWTX", "", "application/jwt", "\uff2aWT"),
            *("session-cache+jwt", None, 1, True, ["JWT"], {"JWT": 1}),
        )
    ),
    *((f"crit is {crit!r}", "header_refused", _header(crit=crit)) for crit in CRITICALS),
    ("b64 is false", "header_refused", _header(b64=False)),
    ("b64 is true", "header_refused", _header(b64=True)),
    ("zip is DEF", "header_refused", _header(zip="DEF")),
    ("jku names a place", "header_refused", _header(jku="http://127.0.0.1:9/jwks.json")),
    ("x5u names a place", "header_refused", _header(x5u="http://127.0.0.1:9/cert.pem")),
    ("x5c has a certificate", "header_refused", _header(x5c=["MIIB"])),
    ("jwk is null", "header_refused", _header(jwk=None)),
]


# One fault in the claims, truly signed


def _claims(**changes: Change) -> Build:
    return lambda at: at.ed.sign_bytes(_dumps(at.header()), _dumps(at.claims(**changes)))


def _shifted(**seconds: float) -> Build:
    """Claims at so many seconds from now."""
    return lambda at: at.ed.sign(at.claims(**{n: int(at.now()) + s for n, s in seconds.items()}))


NOT_SECONDS: list[object] = [
    *("", "soon", "9999999999", None, True, False, [], [9999999999], {}, -1, 2**53 + 1, 10**400),
]
CLAIMS: list[tuple[str, Reason, Build]] = [
    ("exp is missing", "claim_refused", _claims(exp=...)),
    *(
        (f"{claim} is {value!r}"[:40], "claim_refused", _claims(**{claim: value}))
        for claim in ("exp", "iat", "nbf")
        for value in NOT_SECONDS
    ),
    ("exp is past", "expired", _shifted(iat=-960, exp=-60)),
    ("exp is long past", "expired", _claims(iat=1, exp=901)),
    ("exp is past, without iat", "expired", _claims(iat=..., exp=1)),
    ("exp is a duration", "born_expired", _claims(exp=3600)),
    ("iat is ahead", "not_yet_valid", _shifted(iat=120)),
    ("nbf is ahead", "not_yet_valid", _shifted(nbf=120)),
    ("it lives too long", "lifetime_refused", _shifted(exp=86_500)),
    ("it lives too long, without iat", "lifetime_refused", _claims(iat=..., exp=2**53)),
    ("it lives a thousand years", "lifetime_refused", _claims(exp=32_503_680_000)),
    ("iat is at the epoch", "lifetime_refused", _claims(iat=0)),
    ("iss is missing", "wrong_issuer", _claims(iss=...)),
    *(
        (f"iss is {iss!r}", "wrong_issuer", _claims(iss=iss))
        for iss in (
            *("", ISSUER + "/", ISSUER[:-1], ISSUER + ".evil.test", ISSUER.upper(), ISSUER + "\0"),
            *("http" + ISSUER[5:], " " + ISSUER, None, 1, True, [ISSUER], {ISSUER: 1}),
        )
    ),
    ("aud is missing", "wrong_audience", _claims(aud=...)),
    *(
        (f"aud is {aud!r}", "wrong_audience", _claims(aud=aud))
        for aud in (
            *("", "*", ISSUER + "/", ISSUER[:-1], ISSUER + ".evil.test", ISSUER.upper()),
            *("better-auth:session-cache", None, 1, True, {ISSUER: 1}, [], [[ISSUER]]),
            *(["other"], [ISSUER, 1], [ISSUER, None], [ISSUER + "/"], list(ISSUER)),
        )
    ),
    ("sub is missing", "subject_refused", _claims(sub=...)),
    *(
        (f"sub is {sub!r}"[:40], "subject_refused", _claims(sub=sub))
        for sub in (
            *("", None, 0, 1, 1.5, True, [ALICE], {"id": ALICE}, "a" * 256, "a\0", "\0", "a\nb"),
            *("\x7f", "\x85", "\ud800", "a\udfffb", "\t", "a\r\nX-Admin: 1"),
        )
    ),
]


# Bytes that are no JSON, or more than one thing; truly signed


def _payload(change: Callable[[bytes], bytes]) -> Build:
    return lambda at: at.ed.sign_bytes(_dumps(at.header()), change(_dumps(at.claims())))


def _head(change: Callable[[bytes], bytes]) -> Build:
    return lambda at: at.ed.sign_bytes(change(_dumps(at.header())), _dumps(at.claims()))


def _with(member: str) -> Callable[[bytes], bytes]:
    """Adds a member, as text, to the end of an object."""
    return lambda text: text[:-1] + b"," + member.encode() + b"}"


BYTES: list[tuple[str, Callable[[bytes], bytes]]] = [
    ("is empty text", lambda _: b" "),
    ("is no JSON", lambda _: b"\xff\xfe\xfd"),
    ("is cut", lambda text: text[:-1]),
    ("has something after it", lambda text: text + b"x"),
    ("is two objects", lambda text: text + text),
    ("is in an array", lambda text: b"[" + text + b"]"),
    ("is a string", lambda text: json.dumps(text.decode()).encode()),
    ("is null", lambda _: b"null"),
    ("is a number", lambda _: b"1"),
    ("has a BOM", lambda text: b"\xef\xbb\xbf" + text),
    ("is UTF-16", lambda text: text.decode().encode("utf-16")),
    ("is UTF-16 without BOM", lambda text: text.decode().encode("utf-16-le")),
    ("is UTF-32", lambda text: text.decode().encode("utf-32")),
    ("has overlong UTF-8", lambda text: text[:-1] + b',"x":"\xc0\xaf"}'),
    ("has a comment", lambda text: b"/**/" + text),
    ("has single quotes", lambda text: text.replace(b'"', b"'")),
    ("has a bare control character", _with('"x":"\x01"')),
    ("has a comma too many", lambda text: text[:-1] + b",}"),
    ("has NaN", _with('"x":NaN')),
    ("has Infinity", _with('"x":-Infinity')),
    ("has 1e400", _with('"x":1e400')),
    ("has -1e400", _with('"x":-1e400')),
    ("has 5000 digits", _with('"x":' + "9" * 5000)),
    ("has a leading zero", _with('"x":01')),
    ("has a name twice", _with('"x":1,"x":1')),
    ("has a name twice, once escaped", _with('"x":1,"\\u0078":2')),
    ("has a name twice inside", _with('"x":{"y":1,"y":2}')),
    ("is deep", _with('"x":' + "[" * 2500 + "]" * 2500)),
    ("is deep and open", _with('"x":' + "[" * 5000)),
]

TEXTS: list[tuple[str, Reason, Build]] = [
    *((f"payload {name}", "malformed", _payload(change)) for name, change in BYTES),
    *((f"header {name}", "malformed", _head(change)) for name, change in BYTES),
    ("header has alg twice", "malformed", _head(_with('"alg":"none"'))),
    ("header has kid twice", "malformed", _head(_with('"kid":"x"'))),
    ("payload has sub twice", "malformed", _payload(_with('"sub":"bob"'))),
    ("payload has exp twice", "malformed", _payload(_with('"exp":9999999999'))),
    ("exp is NaN", "malformed", _payload(lambda text: text.replace(b'"exp":', b'"exp":NaN,"y":'))),
    ("exp is 1e400", "malformed", _payload(lambda t: t.replace(b'"exp":', b'"exp":1e400,"y":'))),
    (
        "sub is in another case",
        "subject_refused",
        _payload(lambda t: t.replace(b'"sub"', b'"Sub"')),
    ),
    ("payload is an empty object", "wrong_issuer", _payload(lambda _: b"{}")),
    ("header is an empty object", "algorithm_refused", _head(lambda _: b"{}")),
]


# Faults in the outer form


def _token(change: Callable[[str], str]) -> Build:
    return lambda at: change(at.token())


def _spare_bits(token: str) -> str:
    """The same bytes in another spelling: an Ed25519 signature leaves four bits of its last
    character unused."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    return token[:-1] + alphabet[alphabet.index(token[-1]) | 1]


def _padded(token: str) -> str:
    return ".".join(part + "=" * (-len(part) % 4) for part in token.split("."))


def _in_json(token: str) -> str:
    header, payload, signature = token.split(".")
    return json.dumps({"protected": header, "payload": payload, "signature": signature})


FORMS: list[tuple[str, Reason, Build]] = [
    ("nothing", "malformed", lambda _: ""),
    ("a dot", "malformed", lambda _: "."),
    ("two dots", "malformed", lambda _: ".."),
    ("a word", "malformed", lambda _: "undefined"),
    ("[object Object]", "malformed", lambda _: "[object Object]"),
    ("two parts", "malformed", _token(lambda t: t.rpartition(".")[0])),
    ("four parts", "malformed", _token(lambda t: t + ".e30")),
    ("five parts, as an encrypted token", "malformed", _token(lambda t: t + ".e30.e30")),
    ("a dot after it", "malformed", _token(lambda t: t + ".")),
    ("a dot before it", "malformed", _token(lambda t: "." + t)),
    ("header empty", "malformed", _token(lambda t: t[t.index(".") :])),
    ("payload empty", "malformed", _token(lambda t: "..".join(t.split(".")[::2]))),
    ("JSON serialisation", "malformed", _token(_in_json)),
    ("padding", "malformed", _token(_padded)),
    ("one = after it", "malformed", _token(lambda t: t + "=")),
    ("spare bits set", "malformed", _token(_spare_bits)),
    ("a space before it", "malformed", _token(lambda t: " " + t)),
    ("a newline after it", "malformed", _token(lambda t: t + "\n")),
    ("a newline inside", "malformed", _token(lambda t: t.replace(".", ".\n", 1))),
    ("NUL after it", "malformed", _token(lambda t: t + "\0")),
    ("a lone surrogate", "malformed", _token(lambda t: t + "\udcff")),
    ("a character outside ASCII", "malformed", _token(lambda t: t + "é")),
    ("full-width dots", "malformed", _token(lambda t: t.replace(".", "\uff0e"))),
    ("full-width letters", "malformed", _token(lambda t: t.replace("e", "\uff45"))),
    ("the plain base64 alphabet", "malformed", _token(lambda t: t[:-4] + "+/+/")),
    ("percent encoded", "malformed", _token(lambda t: t.replace(".", "%2E"))),
    ("the scheme twice", "malformed", _token(lambda t: "Bearer " + t)),
    ("two tokens", "malformed", _token(lambda t: t + "," + t)),
    ("a length that base64 cannot have", "malformed", _token(lambda t: t[:-1])),
    ("8193 characters", "too_long", _token(lambda t: t + "A" * (8193 - len(t)))),
    ("a megabyte", "too_long", lambda _: "A" * 1_000_000),
    ("8 KB that are truly signed", "too_long", _claims(name="n" * 8192)),
]


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
    return f"{header}.{encode_segment(_dumps(at.claims(sub='bob')))}.{signature}"


def _reheaded(at: Target) -> str:
    _, payload, signature = at.token().split(".")
    return f"{encode_segment(_dumps(at.header(typ='JWT')))}.{payload}.{signature}"


def _unsigned(at: Target) -> str:
    header = encode_segment(_dumps(at.header(alg="none")))
    return f"{header}.{encode_segment(_dumps(at.claims()))}."


def _as_der(raw: bytes) -> bytes:
    half = len(raw) // 2
    r, s = int.from_bytes(raw[:half], "big"), int.from_bytes(raw[half:], "big")
    return utils.encode_dss_signature(r, s)


def _ed448(at: Target) -> str:
    header = {"alg": "EdDSA", "kid": at.ed.kid}
    signed = f"{encode_segment(_dumps(header))}.{encode_segment(_dumps(at.claims()))}"
    return f"{signed}.{encode_segment(ed448.Ed448PrivateKey.generate().sign(signed.encode()))}"


SIGNATURES: list[tuple[str, Reason, Build]] = [
    ("unsigned, as alg none", "malformed", _unsigned),
    ("signature empty", "malformed", _token(lambda t: t[: t.rindex(".") + 1])),
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
        "JWK": _dumps(issuer.jwk),
        "JWKS": _dumps(issuer.jwks),
    }
    part = issuer.jwk.get("x") or issuer.jwk["n"]
    return {**texts, "raw": decode_segment(part), "base64url": part.encode()}


def _confused(algorithm: str, form: str, of: str) -> Build:
    def build(at: Target) -> str:
        issuer: Issuer = getattr(at, of)
        header = encode_segment(_dumps({"alg": algorithm, "kid": issuer.kid}))
        signed = f"{header}.{encode_segment(_dumps(at.claims()))}"
        secret = _public_texts(issuer)[form]
        return (
            f"{signed}.{encode_segment(hmac.digest(secret, signed.encode(), _HASHES[algorithm]))}"
        )

    return build


CONFUSIONS: list[tuple[str, Reason, Build]] = [
    (
        f"{algorithm} keyed with the {of} key's {form}",
        "algorithm_refused",
        _confused(algorithm, form, of),
    )
    for algorithm in _HASHES
    for form in ("PEM", "DER", "JWK", "JWKS", "raw", "base64url")
    for of in ("ed", "ec", "rsa")
]

ATTACKS: list[Attack] = [
    Attack(*row) for row in (*HEADERS, *CLAIMS, *TEXTS, *FORMS, *SIGNATURES, *CONFUSIONS)
]
