"""What to do about a token whose issuer, audience, algorithm or key is not the expected one."""

from backend.config import Settings
from backend.doctor.finding import Finding, fail
from backend.doctor.keys import setting_of
from backend.security.trust import TrustedIssuer, trusted_issuers

_SESSION_COOKIE = "better-auth:session-cache"
_LONGEST_SHOWN = 255


def wrong_issuer(settings: Settings, issuer: object) -> Finding:
    """The `iss` is nobody's whom the settings name."""
    if not isinstance(issuer, str):
        return fail("token", "it has no `iss`", _let_it_say(settings, "issuer"))
    trusted = trusted_issuers(settings)
    near = next((one for one in trusted if one.rstrip("/") == issuer.rstrip("/")), None)
    if near is not None:
        why = "they differ in a trailing slash only"
    else:
        why = "the token comes from another deployment, or BETTER_AUTH_URL has changed"
    expected = near or settings.issuer
    name = setting_of(trusted[expected], "AUTH_ISSUER", "issuer")
    seen = _shown(issuer)
    return fail(
        "token",
        f"issuer: expected {' or '.join([near] if near else trusted)}, the token says {seen}; "
        f"{why}",
        f"Set {name} to {seen} if that issuer is yours; or in auth.ts: "
        f'jwt({{ jwt: {{ issuer: "{expected}" }} }})',
    )


def wrong_audience(settings: Settings, issuer: TrustedIssuer, audience: object) -> Finding:
    """The `aud` is none that this issuer's tokens must carry."""
    if audience == _SESSION_COOKIE:
        return fail(
            "token",
            "it is Better Auth's session cookie, signed by the same keys, not a token for APIs",
            "Get a token from /api/auth/token.",
        )
    listed = audience if isinstance(audience, list) else [audience]
    seen = ",".join(_shown(one) for one in listed if isinstance(one, str))
    if not seen:
        return fail("token", "it has no `aud`", _let_it_say(settings, "audience"))
    name = setting_of(issuer, "AUTH_AUDIENCE", "audience")
    return fail(
        "token",
        f"audience: expected {','.join(sorted(issuer.audiences))}, the token says {seen}",
        f"Set {name} to {seen} if that is meant for this service; or in auth.ts: "
        f'jwt({{ jwt: {{ audience: "{min(issuer.audiences)}" }} }})',
    )


def wrong_algorithm(issuer: TrustedIssuer, algorithm: object) -> Finding:
    """The `alg` is not accepted, or not the one of the key that the token names."""
    name = str(algorithm)[:32]
    if name in issuer.algorithms:
        return fail(
            "token",
            f"algorithm: the key that it names is not for {name}",
            "Send the token as Better Auth's jwt() plugin made it: get a fresh one.",
        )
    if issuer.algorithms == {"HS256"}:
        remedy = "AUTH_SHARED_SECRET accepts HS256 only: unset it and set BETTER_AUTH_URL."
    elif name.startswith("HS"):
        remedy = (
            "The frontend signs with a shared secret: set AUTH_SHARED_SECRET, AUTH_ISSUER and "
            "AUTH_AUDIENCE instead of BETTER_AUTH_URL; or remove the custom `jwt.sign` "
            '(`jwt({ algorithm: "HS256" })` is ignored by Better Auth) from auth.ts.'
        )
    else:
        remedy = (
            'Set `jwks: { keyPairConfig: { alg: "EdDSA" } }` in jwt() of auth.ts, or add it to '
            "AUTH_ALGORITHMS."
        )
    accepted = ", ".join(sorted(issuer.algorithms))
    return fail("token", f"algorithm: expected {accepted}, the token says {name!a}", remedy)


def unknown_key(issuer: TrustedIssuer) -> Finding:
    """The `kid` is none of the issuer's keys."""
    if issuer.jwks_url is None:
        return fail(
            "token", "it is not of `duly token`", "Use `duly token`, or set BETTER_AUTH_URL."
        )
    return fail(
        "token",
        f"its key is not at {issuer.jwks_url}",
        "The token comes from another deployment or database of Better Auth, or its key was "
        "rotated away: get a fresh one, and compare BETTER_AUTH_URL with the frontend's.",
    )


def _let_it_say(settings: Settings, option: str) -> str:
    if settings.auth_shared_secret:
        return (
            "Let the frontend set it. For one that cannot change there is AUTH_LENIENT_CLAIMS=true "
            "(docs/better-auth.md, section 9)."
        )
    return f"Leave `{option}` in auth.ts as it is by default."


def _shown(claim: str) -> str:
    """A claim on one line, without what a terminal would obey."""
    cut = claim[:_LONGEST_SHOWN]
    return cut if cut.isascii() and cut.isprintable() else ascii(cut)
