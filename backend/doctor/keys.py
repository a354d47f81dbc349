"""Checks of the key sources: reachable, a key set, usable keys, a clock that agrees."""

import asyncio
import time
from collections.abc import Iterator, Mapping
from email.utils import parsedate_to_datetime
from itertools import islice

from backend.config import MAIN_ISSUER, Settings
from backend.doctor.finding import Finding, fail, ok, warn
from backend.doctor.obstacles import describe_page, find_obstacle, look_there
from backend.security.jose import read_object
from backend.security.keys.fetch import FetchFailed, HttpFetch
from backend.security.keys.key import KeySet, read_key_set
from backend.security.trust import TrustedIssuer, trusted_issuers

_MOST_NAMED = 8


def examine_keys(settings: Settings) -> Iterator[Finding]:
    """Check where the keys of each issuer come from, as the service itself asks for them."""
    for issuer in trusted_issuers(settings).values():
        if issuer.jwks_url is not None:
            yield from _examine(settings, issuer, issuer.jwks_url)
        elif settings.auth_shared_secret:
            yield ok("keys", "HS256 with AUTH_SHARED_SECRET; no key source is asked")
        else:
            yield ok("keys", "the development key of `duly token`")


def check_name(check: str, issuer: TrustedIssuer) -> str:
    """What a check of an issuer is called."""
    return check if issuer.name == MAIN_ISSUER else f"{check} of {issuer.name}"


def setting_of(issuer: TrustedIssuer, variable: str, member: str) -> str:
    """Where a property of an issuer is set: a variable, or a member of an object in a list."""
    if issuer.name == MAIN_ISSUER:
        return variable
    return f'"{member}" of "{issuer.name}" in AUTH_ISSUERS'


def _examine(settings: Settings, issuer: TrustedIssuer, url: str) -> Iterator[Finding]:
    name, setting = check_name("keys", issuer), setting_of(issuer, "AUTH_JWKS_URL", "jwks_url")
    document, fields = asyncio.run(_fetch(HttpFetch.of(settings, url)))
    if isinstance(document, FetchFailed):
        yield fail(name, *find_obstacle(url, document, fields, setting))
    else:
        yield from _judge(issuer, url, document)
    yield from _clock(issuer, fields, settings.auth_leeway)


async def _fetch(source: HttpFetch) -> tuple[bytes | FetchFailed, Mapping[str, str]]:
    """The document, or why it cannot be had; and the header fields of the answer."""
    try:
        return await source(), source.fields
    except FetchFailed as failure:
        return failure, source.fields
    finally:
        await source.aclose()


def _judge(issuer: TrustedIssuer, url: str, document: bytes) -> Iterator[Finding]:
    name, setting = check_name("keys", issuer), setting_of(issuer, "AUTH_JWKS_URL", "jwks_url")
    try:
        found = read_key_set(document)
        published = read_object(document)["keys"]
    except ValueError:
        seen, first = "not a key set", ""
        if document.lstrip().startswith(b"<"):
            seen, first = describe_page(document)
        yield fail(name, f"{url} answers {seen}", f"{first}{look_there(setting)}")
        return
    if found.weak:
        yield _weak(name, url, found.weak)
    yield (
        _usable(issuer, url, found)
        if published
        else warn(
            name,
            f"{url} publishes no key yet: until it does, /readyz answers 503",
            "Better Auth makes its first key with its first token: sign in once.",
        )
    )


def _weak(name: str, url: str, weak: Mapping[str, str]) -> Finding:
    listed = ", ".join(f"{kid} ({why})" for kid, why in islice(weak.items(), _MOST_NAMED))
    return warn(
        name,
        f"{len(weak)} weak at {url}, not used: {listed}",
        "Anybody could sign for such a key. Find out who published it, and rotate the keys.",
    )


def _usable(issuer: TrustedIssuer, url: str, found: KeySet) -> Finding:
    name = check_name("keys", issuer)
    algorithms = {algorithm for key in found.keys.values() for algorithm in key.algorithms}
    if not found.keys:
        return fail(
            name,
            f"no key at {url} can be used: Duly takes Ed25519, P-256, P-384, P-521 and RSA keys "
            "for signatures, without private parts",
            'Set `jwks: { keyPairConfig: { alg: "EdDSA" } }` in jwt() of auth.ts.',
        )
    if not algorithms & issuer.algorithms:
        return fail(
            name,
            f"the keys at {url} are for {_listed(algorithms)}; "
            f"AUTH_ALGORITHMS accepts {_listed(issuer.algorithms)}",
            "Add one of the former to AUTH_ALGORITHMS.",
        )
    return ok(name, f"{len(found.keys)} usable at {url} ({_listed(algorithms)})")


def _listed(algorithms: set[str] | frozenset[str]) -> str:
    return ", ".join(sorted(algorithms))


def _clock(issuer: TrustedIssuer, fields: Mapping[str, str], leeway: int) -> Iterator[Finding]:
    try:
        theirs = parsedate_to_datetime(fields.get("Date", "")).timestamp()
    except ValueError:
        return
    name, ahead = check_name("clock", issuer), time.time() - theirs
    # The field has whole seconds, and the answer took its time.
    if abs(ahead) <= max(2.0, leeway):
        yield ok(name, "agrees with the key source's")
        return
    direction = "ahead of" if ahead > 0 else "behind"
    yield fail(
        name,
        f"this machine is {abs(ahead):.0f} s {direction} the key source",
        "Synchronise both clocks (NTP): tokens look expired, or not yet valid.",
    )
