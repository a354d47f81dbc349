"""Checks of the key source: reachable, a key set, usable keys, a clock that agrees."""

import time
from collections.abc import Iterator
from email.utils import parsedate_to_datetime

import httpx2

from backend.config import Settings
from backend.doctor.finding import Finding, fail, ok, warn
from backend.security.keys import read_key_set

_PATIENCE = 5.0  # seconds
_WHERE = (
    'Open the URL in a browser: it must show `{"keys": […]}`. Better Auth needs the `jwt()` '
    "plugin in auth.ts; `basePath` or `jwksPath` move the URL, then set AUTH_JWKS_URL."
)


def examine_keys(settings: Settings) -> Iterator[Finding]:
    """Check where the keys come from."""
    if settings.auth_shared_secret:
        yield ok("keys", "HS256 with AUTH_SHARED_SECRET; no key source is asked")
        return
    if settings.jwks_url is None:
        yield ok("keys", "the development key of `duly token`")
        return
    url = settings.jwks_url
    try:
        response = httpx2.get(url, timeout=_PATIENCE, follow_redirects=False)
    except (httpx2.HTTPError, OSError) as error:
        yield fail("keys", f"{url} cannot be reached ({type(error).__name__})", _WHERE)
        return
    yield _document(url, response, settings)
    yield from _clock(response, settings)


def _document(url: str, response: httpx2.Response, settings: Settings) -> Finding:
    if response.is_redirect:
        return fail("keys", f"{url} redirects", "Set AUTH_JWKS_URL to where it leads.")
    if response.status_code != httpx2.codes.OK:
        return fail("keys", f"{url} answers {response.status_code}", _WHERE)
    try:
        keys = read_key_set(response.content)
    except ValueError:
        return fail("keys", f"{url} is not a key set", _WHERE)
    if not keys:
        return warn(
            "keys",
            f"{url} has no usable key",
            "Better Auth makes its first key with its first token: sign in once. If it stays so, "
            "auth.ts may configure an algorithm that Duly does not take.",
        )
    algorithms = sorted({name for key in keys.values() for name in key.algorithms})
    if not set(algorithms) & set(settings.auth_algorithms):
        return fail(
            "keys",
            f"the keys are for {', '.join(algorithms)}",
            f"Add one of them to AUTH_ALGORITHMS ({','.join(settings.auth_algorithms)}).",
        )
    return ok("keys", f"{len(keys)} usable at {url} ({', '.join(algorithms)})")


def _clock(response: httpx2.Response, settings: Settings) -> Iterator[Finding]:
    date = response.headers.get("Date")
    if date is None:
        return
    ahead = time.time() - parsedate_to_datetime(date).timestamp()
    # The field has whole seconds, and the answer took its time.
    if abs(ahead) <= max(2.0, settings.auth_leeway):
        yield ok("clock", "agrees with the key source's")
        return
    direction = "ahead of" if ahead > 0 else "behind"
    yield fail(
        "clock",
        f"this machine is {abs(ahead):.0f} s {direction} the key source",
        "Synchronise both clocks (NTP): tokens look expired, or not yet valid.",
    )
