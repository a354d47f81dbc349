"""What is wrong with settings beside each other: nothing starts on it."""

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from backend.config.database_urls import databases, ignored_parameters
from backend.config.outgoing import is_loopback, way_to
from backend.config.urls import read_web_url
from backend.config.values import MAIN_ISSUER, find_redis_fault
from backend.core.secrets import find_weakness

if TYPE_CHECKING:
    from backend.config.settings import Settings


def complaints(settings: "Settings") -> list[str]:
    """What is unsafe or can never work, each in a sentence that names the setting.

    Args:
        settings: All of them, each of which is right by itself.
    """
    found = []
    if settings.auth_shared_secret:
        if settings.better_auth_url or settings.auth_jwks_url:
            found.append(
                "AUTH_SHARED_SECRET excludes BETTER_AUTH_URL and AUTH_JWKS_URL: "
                "set AUTH_ISSUER and AUTH_AUDIENCE beside it instead"
            )
        found += _bad_secret(settings.auth_shared_secret.get_secret_value())
    elif settings.auth_lenient_claims:
        found.append("AUTH_LENIENT_CLAIMS is for tokens of AUTH_SHARED_SECRET only: set that too")
    if settings.database_url_direct and not settings.database_url:
        found.append("DATABASE_URL_DIRECT is for migrations only: set DATABASE_URL as well")
    if settings.database_url_replica and not settings.database_url:
        found.append("DATABASE_URL_REPLICA is for lists only: set DATABASE_URL as well")
    if settings.metrics_port == settings.port:
        found.append(f"METRICS_PORT and PORT are both {settings.port}: set another, or unset it")
    found += _bad_databases(settings)
    found += _bad_urls(settings)
    if settings.redis_url and (fault := find_redis_fault(settings.redis_url.get_secret_value())):
        found.append(f"REDIS_URL {fault}")
    found += _bad_issuers(settings)
    if not settings.development:
        found += _missing_in_production(settings)
    return found


def doubts(settings: "Settings") -> list[str]:
    """What works, but is probably meant otherwise, each in a sentence.

    Args:
        settings: All of them, valid.
    """
    named = {"AUTH_ISSUER": {settings.issuer}, "AUTH_AUDIENCE": settings.audiences}
    for each in settings.auth_issuers:
        named[f"issuer of {each.name} in AUTH_ISSUERS"] = {each.issuer}
        named[f"audience of {each.name} in AUTH_ISSUERS"] = set(each.audience)
    found = [
        f"{name}={value} is compared to the letter: unless auth.ts sets it so, tokens of Better "
        f"Auth have {usual}"
        for name, values in named.items()
        for value in sorted(values)
        if (usual := _as_better_auth_writes(value, settings.better_auth_url)) != value
    ]
    found += _without_issuer(settings)
    found += [
        f"TRUSTED_PROXIES={network} lets every client say which address it has"
        for network in settings.trusted_proxies
        if network.prefixlen == 0
    ]
    if near := _nearly_let_in(settings):
        found.append(
            f"CORS_ORIGINS has {near}, and BETTER_AUTH_URL={settings.better_auth_url} is not among "
            "them: browsers mind the scheme and `www.`"
        )
    found += ignored_parameters(settings)
    found += [ignored for url in settings.key_urls if (ignored := way_to(url).ignored)]
    found += _weaknesses(settings)
    return list(dict.fromkeys(found))


def _without_issuer(settings: "Settings") -> list[str]:
    named = settings.auth_lenient_claims or (settings.auth_issuer and settings.auth_audience)
    for name in ("auth_jwks_url", "auth_shared_secret"):
        if getattr(settings, name) and not (named or settings.better_auth_url):
            return [
                f"{name.upper()} alone accepts nobody's tokens: set AUTH_ISSUER and AUTH_AUDIENCE"
            ]
    return []


def _nearly_let_in(settings: "Settings") -> str | None:
    """The origin of CORS_ORIGINS that is the frontend's but for scheme or `www.`."""
    if not settings.better_auth_url:
        return None
    pages = read_web_url(settings.better_auth_url).origin
    if pages in settings.cors_origins:
        return None
    return next((each for each in settings.cors_origins if _site(each) == _site(pages)), None)


def _site(origin: str) -> str:
    return origin.partition("://")[2].removeprefix("www.")


def _weaknesses(settings: "Settings") -> list[str]:
    """What was allowed by a setting of its own, and what it costs."""
    found = []
    if settings.auth_lenient_claims:
        found.append(
            "AUTH_LENIENT_CLAIMS is on: every token that AUTH_SHARED_SECRET signs, whatever for, "
            "opens its user's tasks; let the frontend set iss, aud and sub, and unset it"
        )
    found += [
        f"keys are read from {parts.hostname} in clear text: whoever answers in its place "
        "signs for everybody; use https wherever the way leaves your own machines"
        for parts in map(urlsplit, settings.key_urls)
        if parts.scheme == "http" and not is_loopback(parts.hostname or "")
    ]
    return found


def _as_better_auth_writes(value: str, base: str | None) -> str:
    """An origin as it is in tokens, if this is one with something more or in other letters.

    Args:
        value: As somebody wrote it.
        base: The URL of Better Auth, whose path is not in tokens either.
    """
    bare = value if "://" in value else f"https://{value}" if "." in value else ""
    try:
        url = read_web_url(bare)
    except ValueError:
        return value
    where = url.origin + url.path.rstrip("/")
    usual = where in {url.origin, f"{url.origin}/api/auth", base} and not (url.rest or url.user)
    return url.origin if usual else value


def _bad_secret(secret: str) -> list[str]:
    if secret != secret.strip() or (secret[0] == secret[-1] and secret[0] in "\"'"):
        # The other side may have them as well: nobody here can tell.
        return ["AUTH_SHARED_SECRET begins and ends with a quote or a blank: take them away"]
    weakness = find_weakness(secret.encode())
    return [f"AUTH_SHARED_SECRET {weakness}: openssl rand -base64 32"] if weakness else []


def _bad_databases(settings: "Settings") -> list[str]:
    return [f"{name} {url.fault}" for name, url in databases(settings) if url.fault]


def _bad_urls(settings: "Settings") -> list[str]:
    urls = {"BETTER_AUTH_URL": settings.better_auth_url, "AUTH_JWKS_URL": settings.auth_jwks_url}
    for each in settings.auth_issuers:
        urls[f"jwks_url of {each.name} in AUTH_ISSUERS"] = each.jwks_url
    found = []
    for name, value in urls.items():
        if value is None:
            continue
        parts = urlsplit(value)
        if parts.scheme == "http" and not settings.allows_plain_http(parts.hostname or ""):
            found.append(
                f"{name} must use https (http only on loopback); if {parts.hostname} is a host "
                f"inside your own network, set AUTH_JWKS_TRUSTED_HOSTS={parts.hostname}"
            )
    return found


def _bad_issuers(settings: "Settings") -> list[str]:
    names = [MAIN_ISSUER, *(each.name for each in settings.auth_issuers)]
    issuers = [settings.issuer, *(each.issuer for each in settings.auth_issuers)]
    found = [
        f"AUTH_ISSUERS: the {what} {value} is taken"
        for what, values in (("name", names), ("issuer", issuers))
        for value in sorted({one for one in values if values.count(one) > 1})
    ]
    if settings.auth_issuers and settings.auth_shared_secret:
        found.append("AUTH_SHARED_SECRET excludes AUTH_ISSUERS: use key sources for all")
    return found


def _missing_in_production(settings: "Settings") -> list[str]:
    found = []
    if not settings.database_url:
        found.append("set DATABASE_URL to the PostgreSQL that keeps the tasks")
    if not (settings.better_auth_url or settings.auth_jwks_url or settings.auth_shared_secret):
        found.append("set BETTER_AUTH_URL to the frontend whose tokens are accepted")
    elif not (
        settings.better_auth_url
        or settings.auth_lenient_claims
        or (settings.auth_issuer and settings.auth_audience)
    ):
        found.append("set AUTH_ISSUER and AUTH_AUDIENCE, or BETTER_AUTH_URL which gives both")
    return found
