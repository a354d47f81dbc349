"""Explains a token: which check it fails, what was expected, and the lines that mend it."""

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime

from backend.config import Settings
from backend.core.problems import KeysUnavailable
from backend.doctor import claims
from backend.doctor.finding import Finding, fail, ok
from backend.security import jose
from backend.security.keys.remote import key_sources
from backend.security.refusals import Reason, RefusedToken
from backend.security.tokens.verifier import TokenVerifier
from backend.security.trust import trusted_issuers

_MANY_PARTS = 3

# What is wrong and what mends it, where the reason says it all.
_ADVICE: dict[Reason, Finding] = {
    "too_long": fail(
        "token",
        f"it has over {jose.LONGEST_TOKEN} characters",
        "Make it smaller: `jwt({ jwt: { definePayload: ({ user }) => "
        "({ email: user.email, name: user.name }) } })` in auth.ts.",
    ),
    "header_refused": fail(
        "token",
        "its header brings a key or an extension of its own (jwk, jku, x5c, x5u, crit, b64, zip)",
        "It was not made by Better Auth's jwt() plugin: get one from /api/auth/token.",
    ),
    "type_refused": fail(
        "token",
        "its `typ` is not `JWT`",
        "This is another kind of token (an access token, a logout token …): send the one of "
        "Better Auth's jwt() plugin, from /api/auth/token.",
    ),
    "key_id_refused": fail(
        "token",
        "its `kid` is not a text of 1 to 255 characters",
        "Use Better Auth's jwt() plugin as it is.",
    ),
    "bad_signature": fail(
        "token",
        "its signature does not fit its key",
        "It was changed on its way, or its key was made anew with the same `kid`: get a fresh "
        "token; do not edit or re-encode it.",
    ),
    "expired": fail(
        "token",
        "it has expired",
        "Get a fresh token: `/api/auth/token` gives one for 15 minutes; ask again a minute "
        "before `exp`. If fresh tokens are expired, compare the clocks.",
    ),
    "born_expired": fail(
        "token",
        "it was born expired: `exp` is not after `iat`",
        "`expirationTime` is a number, which Better Auth takes for a point in time. "
        'In auth.ts write: jwt({ jwt: { expirationTime: "15m" } })',
    ),
    "not_yet_valid": fail(
        "token",
        "it is not valid yet: `iat` or `nbf` is in the future",
        "The issuer's clock is ahead of this machine's: synchronise both (NTP), or raise "
        "AUTH_LEEWAY (at most 300).",
    ),
    "lifetime_refused": fail(
        "token",
        "it lives longer than AUTH_MAX_TOKEN_LIFETIME",
        'In auth.ts write jwt({ jwt: { expirationTime: "15m" } }); or, for a frontend that cannot '
        "change, set AUTH_MAX_TOKEN_LIFETIME=604800, which is a week.",
    ),
    "subject_refused": fail(
        "token",
        "its `sub` is missing or cannot be a user id",
        "Let `getSubject` in auth.ts return the user's id: a text of 1 to 255 characters, "
        "`name:` of AUTH_ISSUERS included. With AUTH_SHARED_SECRET, AUTH_LENIENT_CLAIMS=true also "
        "takes it from `user_id`, `userId` or `id`, and a whole number.",
    ),
    "subject_reserved": fail(
        "token",
        "its `sub` begins with `~`, or like the user ids of an issuer in AUTH_ISSUERS",
        "Let `getSubject` in auth.ts return ids that do not begin with `~`, or give that issuer "
        "another `name`, one that none of your own subjects begins with.",
    ),
    "claim_refused": fail(
        "token",
        "`exp` is missing, or one of `exp`, `iat` and `nbf` is not a number of seconds",
        "Do not set them in `definePayload`.",
    ),
}


async def explain_token(settings: Settings, token: str) -> Finding:
    """Say whether `token` is accepted now, and if not, why and what to change."""
    with _quiet():
        return await _verify(settings, token)


async def _verify(settings: Settings, token: str) -> Finding:
    keys = key_sources(settings)
    await keys.start()
    try:
        principal = await TokenVerifier(settings, keys.main, keys.others).verify(token)
    except KeysUnavailable:
        return fail(
            "token",
            "its key is unknown, and the key source cannot be had: the service answers 503",
            "Mend what `keys` says above.",
        )
    except RefusedToken as refusal:
        return _explain(settings, token, refusal.reason)
    finally:
        await keys.aclose()
    left = principal.expires_at - time.time()
    return ok("token", f"accepted; it expires in {left:.0f} s")


@contextmanager
def _quiet() -> Iterator[None]:
    """Without the log lines of a service: what the key sources say has been told already."""
    logging.disable(logging.CRITICAL)
    try:
        yield
    finally:
        logging.disable(logging.NOTSET)


def _explain(  # noqa: PLR0911 - one for each kind of answer
    settings: Settings, token: str, reason: Reason
) -> Finding:
    if reason in {"malformed", "too_long"}:
        return _ADVICE.get(reason) or _not_a_token(token)
    parsed, trusted = jose.parse(token), trusted_issuers(settings)
    claimed = parsed.payload.get("iss")
    issuer = trusted.get(str(claimed), trusted[settings.issuer])
    match reason:
        case "wrong_issuer":
            return claims.wrong_issuer(settings, claimed)
        case "wrong_audience":
            return claims.wrong_audience(settings, issuer, parsed.payload.get("aud"))
        case "algorithm_refused":
            return claims.wrong_algorithm(issuer, parsed.header.get("alg"))
        case "unknown_key":
            return claims.unknown_key(issuer)
        case "expired":
            return _expired(parsed.payload.get("exp"))
    return _ADVICE[reason]


def _not_a_token(token: str) -> Finding:
    if not token:
        return fail("token", "nothing arrived", "Pipe it in: pbpaste | duly doctor --token -")
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


def _expired(expires: object) -> Finding:
    advice = _ADVICE["expired"]
    if not isinstance(expires, int | float):
        return advice
    moment = datetime.fromtimestamp(expires, UTC).isoformat(timespec="seconds")
    ago = f"{time.time() - expires:.0f} s ago"
    return replace(advice, detail=f"it expired at {moment}, {ago}")
