"""Every forged, stale or broken token that must be refused, each with the reason for the log.

Each token has one fault and is otherwise right, down to a true signature where that is possible,
so that a check that is missing shows.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass

from backend.security.refusals import Reason
from backend.tests.security.forgeries import CONFUSIONS, SIGNATURES
from backend.tests.support.target import ALICE, ISSUER, Build, Change, Row, dumps


@dataclass(frozen=True)
class Attack:
    """A token that must be refused, and why."""

    name: str
    reason: Reason
    build: Build


def fits_a_header(token: str) -> bool:
    """Whether an HTTP client would send this as `Authorization: Bearer TOKEN`."""
    return bool(token) and token.isascii() and token.isprintable() and " " not in token


# One fault in the header, truly signed


def _header(**changes: Change) -> Build:
    return lambda at: at.ed.sign_bytes(dumps(at.header(**changes)), dumps(at.claims()))


NOT_KEY_IDS: list[object] = [
    *(None, 1, True, ["a"], {}, "", "a\0b", "\x1b[2J", "a\nb", "\ud800", "k" * 256),
]
CRITICALS: list[object] = [[], ["exp"], ["b64"], ["x"], "exp", None, {}]
HEADERS: list[Row] = [
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
    return lambda at: at.ed.sign_bytes(dumps(at.header()), dumps(at.claims(**changes)))


def _shifted(**seconds: float) -> Build:
    """Claims at so many seconds from now."""
    return lambda at: at.ed.sign(at.claims(**{n: int(at.now()) + s for n, s in seconds.items()}))


NOT_SECONDS: list[object] = [
    *("", "soon", "9999999999", None, True, False, [], [9999999999], {}, -1, 2**53 + 1, 10**400),
]
CLAIMS: list[Row] = [
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
    return lambda at: at.ed.sign_bytes(dumps(at.header()), change(dumps(at.claims())))


def _head(change: Callable[[bytes], bytes]) -> Build:
    return lambda at: at.ed.sign_bytes(change(dumps(at.header())), dumps(at.claims()))


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

TEXTS: list[Row] = [
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


FORMS: list[Row] = [
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


ATTACKS: list[Attack] = [
    Attack(*row) for row in (*HEADERS, *CLAIMS, *TEXTS, *FORMS, *SIGNATURES, *CONFUSIONS)
]
