"""What is wrong with settings beside each other: nothing starts on it."""

from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from backend.config.values import MAIN_ISSUER, is_redis
from backend.core.secrets import find_weakness

if TYPE_CHECKING:
    from backend.config.settings import Settings

_LOOPBACK: Final = {"localhost", "127.0.0.1", "::1"}


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
        weakness = find_weakness(settings.auth_shared_secret.get_secret_value().encode())
        if weakness:
            found.append(f"AUTH_SHARED_SECRET {weakness}: openssl rand -base64 32")
    found += _bad_databases(settings)
    found += _bad_urls(settings)
    if settings.redis_url and not is_redis(settings.redis_url.get_secret_value()):
        found.append("REDIS_URL must be a URL such as redis://user:password@host:6379/0")
    found += _bad_issuers(settings)
    if "*" in settings.cors_origins:
        found.append("CORS_ORIGINS takes exact origins such as https://app.example.com, not *")
    if not settings.development:
        found += _missing_in_production(settings)
    return found


def _bad_databases(settings: "Settings") -> list[str]:
    urls = {
        "DATABASE_URL": settings.database_url,
        "DATABASE_URL_DIRECT": settings.database_url_direct,
        "DATABASE_URL_REPLICA": settings.database_url_replica,
    }
    return [
        f"{name} must be a URL such as postgresql://user:password@host/database"
        for name, url in urls.items()
        if url and not url.get_secret_value().startswith(("postgresql://", "postgres://"))
    ]


def _bad_urls(settings: "Settings") -> list[str]:
    urls = {"BETTER_AUTH_URL": settings.better_auth_url, "AUTH_JWKS_URL": settings.auth_jwks_url}
    for each in settings.auth_issuers:
        urls[f"jwks_url of {each.name} in AUTH_ISSUERS"] = each.jwks_url
    found = []
    for name, value in urls.items():
        if value is None:
            continue
        parts = urlsplit(value)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            found.append(f"{name} must be a URL such as https://app.example.com")
        elif parts.scheme == "http" and parts.hostname not in _LOOPBACK:
            found.append(f"{name} must use https (http only on loopback)")
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
    elif not settings.better_auth_url and not (settings.auth_issuer and settings.auth_audience):
        found.append("set AUTH_ISSUER and AUTH_AUDIENCE, or BETTER_AUTH_URL which gives both")
    return found
