"""What the doctor says about tokens that are refused."""

import asyncio
import time
from collections.abc import Callable
from typing import get_args

import pytest
from pydantic import SecretStr

from backend.doctor.run import examine
from backend.doctor.token import explain_token
from backend.security.jose import encode_segment
from backend.security.keys.sources import StaticKeySet
from backend.security.refusals import Reason, RefusedToken
from backend.security.signing import Issuer
from backend.security.tokens.verifier import TokenVerifier
from backend.tests.doctor.conftest import Changed
from backend.tests.support.key_server import KeyServer
from backend.tests.support.people import ORIGIN

SECRET = "a secret that both sides have known for long"
PREVIEW = {
    "name": "preview",
    "issuer": "https://preview.example.com",
    "audience": "duly",
    "jwks_url": "http://127.0.0.1:1/",
}

Make = Callable[[Issuer], str]


def signed(**changes: object) -> Make:
    """A token with other claims; None leaves one out."""

    def make(issuer: Issuer) -> str:
        now = int(time.time())
        usual = {"iat": now, "exp": now + 900, "iss": ORIGIN, "aud": ORIGIN, "sub": "alice"}
        claims = {**usual, **changes}
        return issuer.sign({name: value for name, value in claims.items() if value is not None})

    return make


def headed(**members: object) -> Make:
    """A token with other members in its header."""
    return lambda issuer: issuer.sign({}, {"alg": "EdDSA", "kid": issuer.kid, **members})


def altered(issuer: Issuer) -> str:
    head, _, _ = signed()(issuer).rpartition(".")
    return f"{head}.{encode_segment(bytes(64))}"


def shared_secret(_issuer: Issuer) -> str:
    return signed()(Issuer.from_secret(SECRET))


def of_nobody(_issuer: Issuer) -> str:
    return signed()(Issuer.generate())


def of_another_algorithm(issuer: Issuer) -> str:
    now = int(time.time())
    claims = {"iat": now, "exp": now + 900, "iss": ORIGIN, "aud": ORIGIN, "sub": "alice"}
    return Issuer.generate("ES256").sign(claims, {"alg": "ES256", "kid": issuer.kid})


HOUR_AGO = int(time.time()) - 3600

# What arrives, what the doctor sees in it, and what it says to do.
CASES: dict[str, tuple[Make, str, str]] = {
    "the audience of another service": (
        signed(aud="https://other.example.com"),
        f"audience: expected {ORIGIN}, the token says https://other.example.com",
        "Set AUTH_AUDIENCE to https://other.example.com",
    ),
    "several audiences of others": (
        signed(aud=["a", "b"]),
        f"audience: expected {ORIGIN}, the token says a,b",
        f'jwt({{ jwt: {{ audience: "{ORIGIN}" }} }})',
    ),
    "no audience": (signed(aud=None), "it has no `aud`", "`audience` in auth.ts"),
    "a number as expirationTime": (
        signed(exp=3600),
        "it was born expired",
        'jwt({ jwt: { expirationTime: "15m" } })',
    ),
    "a shared secret against a key set": (
        shared_secret,
        "the token says 'HS256'",
        "set AUTH_SHARED_SECRET, AUTH_ISSUER and AUTH_AUDIENCE",
    ),
    "an issuer with a trailing slash": (
        signed(iss=f"{ORIGIN}/"),
        "they differ in a trailing slash only",
        f"Set AUTH_ISSUER to {ORIGIN}/",
    ),
    "the issuer of an older deployment": (
        signed(iss="https://old.example.com"),
        f"issuer: expected {ORIGIN} or {PREVIEW['issuer']}, the token says https://old.example.com",
        f'jwt({{ jwt: {{ issuer: "{ORIGIN}" }} }})',
    ),
    "no issuer": (signed(iss=None), "it has no `iss`", "`issuer` in auth.ts"),
    "a session token": (
        lambda _: "kJ3vQ8sPz1XmW5bN7cR2tY6uH9gF4dLa",
        "it looks like a session token or cookie",
        "GET /api/auth/token",
    ),
    "a signed session cookie": (
        lambda _: "kJ3vQ8sPz1XmW5bN7cR2tY6uH9gF4dLa.c2lnbmF0dXJl",
        "it looks like a session token or cookie",
        "authClient.token()",
    ),
    "the cookie cache, signed by the same key": (
        signed(aud="better-auth:session-cache"),
        "it is Better Auth's session cookie",
        "/api/auth/token",
    ),
    "an old token": (
        signed(iat=HOUR_AGO, exp=HOUR_AGO + 900),
        "it expired at 20",
        "Get a fresh token",
    ),
    "a token from the future": (
        signed(iat=int(time.time()) + 80_000),
        "`iat` or `nbf` is in the future",
        "NTP",
    ),
    "a key of another deployment": (
        of_nobody,
        "its key is not at http://127.0.0.1:",
        "compare BETTER_AUTH_URL with the frontend's",
    ),
    "an algorithm that nobody asked for": (
        headed(alg="none"),
        "the token says 'none'",
        "keyPairConfig",
    ),
    "the algorithm of another key": (
        of_another_algorithm,
        "the key that it names is not for ES256",
        "get a fresh one",
    ),
    "an altered token": (altered, "its signature does not fit its key", "do not edit"),
    "a token for a year": (
        signed(exp=int(time.time()) + 365 * 86_400),
        "it lives longer than AUTH_MAX_TOKEN_LIFETIME",
        'expirationTime: "15m"',
    ),
    "no subject": (signed(sub=None), "its `sub` is missing", "getSubject"),
    "a subject that is another issuer's user": (
        signed(sub="preview:alice"),
        "its `sub` begins with `~`, or like the user ids of an issuer in AUTH_ISSUERS",
        "another `name`",
    ),
    "no expiry": (signed(exp=None), "`exp` is missing", "definePayload"),
    "a logout token": (headed(typ="logout+jwt"), "its `typ` is not `JWT`", "/api/auth/token"),
    "a key of its own": (headed(jwk={}), "brings a key", "/api/auth/token"),
    "a number as kid": (headed(kid=1), "its `kid` is not a text", "jwt() plugin"),
    "a photo in the token": (signed(image="x" * 9000), "over 8192 characters", "definePayload"),
    "a word before it": (
        lambda issuer: f"Bearer {signed()(issuer)}",
        "cannot be decoded",
        "without quotes, line breaks or `Bearer`",
    ),
    "nothing": (lambda _: "", "nothing arrived", "duly doctor --token -"),
}


@pytest.mark.parametrize("case", CASES)
def test_a_refused_token_is_explained_and_never_shown(
    changed: Changed, issuer: Issuer, case: str
) -> None:
    make, cause, remedy = CASES[case]
    token = make(issuer)
    found = asyncio.run(explain_token(changed(auth_issuers=[PREVIEW]), token))
    assert (found.check, found.verdict) == ("token", "fail")
    assert cause in found.detail
    assert remedy in found.remedy
    for part in token.split("."):
        assert len(part) < 16 or part not in f"{found.detail} {found.remedy}"


def test_every_reason_for_a_refusal_is_among_them(changed: Changed, issuer: Issuer) -> None:
    keys, others = StaticKeySet([issuer.verification_key]), {"preview": StaticKeySet([])}
    verifier = TokenVerifier(changed(auth_issuers=[PREVIEW]), keys, others)
    seen: set[Reason] = set()
    for make, _, _ in CASES.values():
        with pytest.raises(RefusedToken) as refused:
            asyncio.run(verifier.verify(make(issuer)))
        seen.add(refused.value.reason)
    assert seen == set(get_args(Reason))


def test_a_good_token_is_accepted(changed: Changed, token: str) -> None:
    found = asyncio.run(explain_token(changed(), token))
    assert found.verdict == "ok"
    assert found.detail.startswith("accepted; it expires in ")


def test_a_token_is_not_blamed_for_a_source_that_is_down(
    changed: Changed, source: KeyServer, token: str
) -> None:
    source.mode = "down"
    found = asyncio.run(explain_token(changed(), token))
    assert "the key source cannot be had: the service answers 503" in found.detail


def test_a_token_of_another_issuer_is_explained_by_its_own_rules(
    changed: Changed, source: KeyServer, issuer: Issuer
) -> None:
    preview = {**PREVIEW, "jwks_url": source.url}
    token = issuer.token("alice", issuer=PREVIEW["issuer"], audience=ORIGIN)
    found = asyncio.run(explain_token(changed(auth_issuers=[preview]), token))
    assert found.detail == f"audience: expected duly, the token says {ORIGIN}"
    assert found.remedy.startswith(f'Set "audience" of "preview" in AUTH_ISSUERS to {ORIGIN}')


def test_a_public_key_against_a_shared_secret_is_explained(changed: Changed, token: str) -> None:
    settings = changed(auth_jwks_url=None, auth_shared_secret=SecretStr(SECRET))
    found = asyncio.run(explain_token(settings, token))
    assert "expected HS256, the token says 'EdDSA'" in found.detail
    assert "unset it and set BETTER_AUTH_URL" in found.remedy


@pytest.mark.parametrize("claim", ["iss", "aud"])
def test_a_token_of_a_shared_secret_that_names_nobody_is_explained(
    changed: Changed, claim: str
) -> None:
    settings = changed(auth_jwks_url=None, auth_shared_secret=SecretStr(SECRET))
    token = signed(**{claim: None})(Issuer.from_secret(SECRET))
    found = asyncio.run(explain_token(settings, token))
    assert found.detail == f"it has no `{claim}`"
    assert "AUTH_LENIENT_CLAIMS=true" in found.remedy
    lenient = changed(
        auth_jwks_url=None, auth_shared_secret=SecretStr(SECRET), auth_lenient_claims=True
    )
    assert asyncio.run(explain_token(lenient, token)).verdict == "ok"


def test_what_a_terminal_would_obey_is_not_repeated(changed: Changed, issuer: Issuer) -> None:
    for claim in ("iss", "aud"):
        token = signed(**{claim: "\x1b[2J\x1b]0;owned\x07\u202e"})(issuer)
        found = asyncio.run(explain_token(changed(), token))
        assert f"{found.detail}{found.remedy}".isprintable()


def test_the_token_is_looked_at_last(changed: Changed, token: str) -> None:
    found = list(examine(changed(), token))
    assert [finding.verdict for finding in found if finding.verdict != "ok"] == []
    assert found[0].check == "settings"
    assert found[-1].check == "token"
