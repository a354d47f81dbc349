"""Explains a token: which check it fails, what was expected, and the lines that mend it."""

import time
from datetime import UTC, datetime

from backend.config import Settings
from backend.core.problems import KeysUnavailable
from backend.doctor.finding import Finding, fail, ok
from backend.security import jws
from backend.security.jwks import key_source
from backend.security.refusals import Reason, RefusedToken
from backend.security.tokens import TokenVerifier

_MANY_PARTS = 3

# What mends a refusal when the token itself has no more to say.
_REMEDIES: dict[Reason, str] = {
    "too_long": "Make the token smaller: `jwt({ jwt: { definePayload: ({ user }) => "
    "({ email: user.email, name: user.name }) } })` in auth.ts.",
    "header_refused": "The token was not made by Better Auth's jwt() plugin: get one from "
    "/api/auth/token.",
    "type_refused": "This is another kind of token (an access token, a logout token …): send "
    "the one of Better Auth's jwt() plugin, from /api/auth/token.",
    "key_id_refused": "Tokens name their key by a `kid` of text: use Better Auth's jwt() plugin "
    "as it is.",
    "bad_signature": "The token was changed on its way, or its key was made anew with the same "
    "`kid`: get a fresh token; do not edit or re-encode it.",
    "expired": "Get a fresh token: `/api/auth/token` gives one for 15 minutes; ask again a minute "
    "before `exp`. If fresh tokens are expired, compare the clocks.",
    "born_expired": "`expirationTime` is a number, which Better Auth takes for a point in time. "
    'In auth.ts write: jwt({ jwt: { expirationTime: "15m" } })',
    "not_yet_valid": "The issuer's clock is ahead of this machine's: synchronise both (NTP), or "
    "raise AUTH_LEEWAY (at most 300).",
    "lifetime_refused": "The token lives longer than AUTH_MAX_TOKEN_LIFETIME: in auth.ts write "
    'jwt({ jwt: { expirationTime: "15m" } }), or raise the setting.',
    "subject_refused": "The token has no usable `sub`: let `getSubject` in auth.ts return the "
    "user's id, a text of 1 to 255 characters.",
    "claim_refused": "`exp`, `iat` and `nbf` must be numbers of seconds, and `exp` must be there: "
    "do not set them in `definePayload`.",
}


async def explain_token(settings: Settings, token: str) -> Finding:
    """Say whether `token` is accepted now, and if not, why and what to change."""
    keys = key_source(settings)
    await keys.start()
    try:
        principal = await TokenVerifier(settings, keys).verify(token)
    except KeysUnavailable:
        return fail("token", "its key is unknown and the key source cannot be reached", "See keys.")
    except RefusedToken as refusal:
        return _explain(settings, token, refusal.reason)
    finally:
        await keys.aclose()
    left = principal.expires_at - time.time()
    return ok("token", f"accepted; it expires in {left:.0f} s")


def _explain(  # noqa: PLR0911 - one for each kind of answer
    settings: Settings, token: str, reason: Reason
) -> Finding:
    if reason == "malformed":
        return _not_a_token(token)
    if reason == "too_long":
        return fail("token", f"it has {len(token)} characters, over 8 192", _REMEDIES[reason])
    parsed = jws.parse(token)
    if reason == "wrong_issuer":
        return _wrong_issuer(settings, parsed.payload.get("iss"))
    if reason == "wrong_audience":
        return _wrong_audience(settings, parsed.payload.get("aud"))
    if reason == "algorithm_refused":
        return _wrong_algorithm(settings, parsed.header.get("alg"))
    if reason == "unknown_key":
        return _unknown_key(settings)
    expired = _since(parsed.payload.get("exp"))
    detail = expired if reason == "expired" else reason.replace("_", " ")
    return fail("token", detail, _REMEDIES[reason])


def _not_a_token(token: str) -> Finding:
    if token.count(".") + 1 != _MANY_PARTS:
        return fail(
            "token",
            "it is not a JWT: it looks like a session token or cookie",
            "Send the JWT: `const { data } = await authClient.token()` in the client, or "
            "GET /api/auth/token with the session cookie. Both need the jwt() plugin.",
        )
    return fail(
        "token",
        "it has the form of a JWT but cannot be decoded",
        "Copy it whole, without quotes, line breaks or `Bearer`.",
    )


def _wrong_issuer(settings: Settings, issuer: object) -> Finding:
    if not isinstance(issuer, str):
        return fail("token", "it has no `iss`", "Leave `issuer` in auth.ts as it is by default.")
    if issuer.rstrip("/") == settings.issuer.rstrip("/"):
        why = "they differ in a trailing slash only"
    else:
        why = "the token comes from another deployment, or BETTER_AUTH_URL has changed"
    return fail(
        "token",
        f"issuer: expected {settings.issuer}, the token says {issuer[:255]!a}; {why}",
        f"Set AUTH_ISSUER={issuer[:255]} if that issuer is yours; or in auth.ts: "
        f'jwt({{ jwt: {{ issuer: "{settings.issuer}" }} }})',
    )


def _wrong_audience(settings: Settings, audience: object) -> Finding:
    expected = ",".join(sorted(settings.audiences))
    if audience == "better-auth:session-cache":
        return fail(
            "token",
            "it is Better Auth's session cookie, signed by the same keys, not a token for APIs",
            "Get a token from /api/auth/token.",
        )
    listed = audience if isinstance(audience, list) else [audience]
    seen = ",".join(str(one)[:255] for one in listed if one is not None)
    return fail(
        "token",
        f"audience: expected {expected}, the token says {seen!a}",
        f"Set AUTH_AUDIENCE={seen or expected} if that is meant for this service; or in auth.ts: "
        f'jwt({{ jwt: {{ audience: "{min(settings.audiences)}" }} }})',
    )


def _wrong_algorithm(settings: Settings, algorithm: object) -> Finding:
    name = str(algorithm)[:32]
    if name == "HS256":
        remedy = (
            "The frontend signs with a shared secret: set AUTH_SHARED_SECRET, AUTH_ISSUER and "
            "AUTH_AUDIENCE instead of BETTER_AUTH_URL; or remove the custom `jwt.sign` "
            '(`jwt({ algorithm: "HS256" })` is ignored by Better Auth) from auth.ts.'
        )
    elif settings.auth_shared_secret:
        remedy = "AUTH_SHARED_SECRET accepts HS256 only: unset it and set BETTER_AUTH_URL."
    else:
        remedy = 'Set `keyPairConfig: { alg: "EdDSA" }` in auth.ts, or add it to AUTH_ALGORITHMS.'
    return fail("token", f"algorithm: {name!a} is not accepted", remedy)


def _unknown_key(settings: Settings) -> Finding:
    if settings.jwks_url is None:
        return fail(
            "token", "it is not of `duly token`", "Use `duly token`, or set BETTER_AUTH_URL."
        )
    return fail(
        "token",
        f"its key is not at {settings.jwks_url}",
        "The token comes from another deployment or database of Better Auth, or its key was "
        "rotated away: get a fresh one, and compare BETTER_AUTH_URL with the frontend's.",
    )


def _since(expires: object) -> str:
    if not isinstance(expires, int | float):
        return "expired"
    moment = datetime.fromtimestamp(expires, UTC).isoformat(timespec="seconds")
    return f"it expired at {moment}, {time.time() - expires:.0f} s ago"
