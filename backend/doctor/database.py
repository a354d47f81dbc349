"""Checks of the database: reachable, encrypted, pooled or not, migrated, isolating."""

import asyncio
from collections.abc import Iterator

import psycopg

from backend.config import Settings
from backend.database import migrate
from backend.database.connection.wire import Wire, WireOptions
from backend.database.faults import FAULTS, IsolationBroken
from backend.database.proof import prove_isolation
from backend.doctor.finding import Finding, fail, ok, warn
from backend.doctor.pooler import examine_pooler

_PATIENCE = 10  # seconds; a sleeping Neon database takes about one to wake
_OLDEST = 15  # major version of PostgreSQL


def examine_database(settings: Settings) -> Iterator[Finding]:
    """Check the database of the settings, which is set."""
    assert settings.database_url is not None  # noqa: S101 - the caller has seen to it
    url = settings.database_url.get_secret_value()
    try:
        with psycopg.connect(url, autocommit=True, connect_timeout=_PATIENCE) as connection:
            yield _reached(connection)
            yield _encrypted(connection, settings)
            pooled = connection.pgconn.backend_pid != _server_pid(connection)
    except psycopg.Error as error:
        yield _unreachable(error)
        return
    if pooled:
        yield from examine_pooler(url, settings)
    else:
        yield ok("pooling", "a direct connection")
    migrated = _migrated(settings)
    yield migrated
    if migrated.verdict == "ok":  # or there is nothing yet that could isolate
        yield asyncio.run(_isolating(url))


def _unreachable(error: psycopg.Error, variable: str = "DATABASE_URL") -> Finding:
    if isinstance(error, psycopg.ProgrammingError):
        # libpq repeats what it cannot read, password and all.
        return fail(
            "database",
            f"{variable} cannot be read as a PostgreSQL URL",
            "Percent-encode what is special in user and password (`@` is %40, `/` %2F, `%` %25), "
            "and take out parameters that libpq does not know.",
        )
    return fail(
        "database",
        f"cannot be reached: {_first_line(error)}",
        f"Check host, port, user, password and `sslmode` of {variable}; "
        "Neon's dashboard shows the URL under Connect.",
    )


def _first_line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0] or type(error).__name__


def _reached(connection: psycopg.Connection) -> Finding:
    version = connection.info.server_version // 10_000
    if version < _OLDEST:
        return fail("database", f"PostgreSQL {version}", f"Use PostgreSQL {_OLDEST} or newer.")
    return ok("database", f"PostgreSQL {version} answers")


def _encrypted(connection: psycopg.Connection, settings: Settings) -> Finding:
    if connection.pgconn.ssl_in_use:
        return ok("encryption", "TLS is on")
    host = connection.info.host
    if host.startswith("/") or host in {"", "localhost", "127.0.0.1", "::1"}:
        return ok("encryption", "the connection does not leave this machine")
    advice = "Add `?sslmode=verify-full` (or `require`) to DATABASE_URL."
    finding = warn if settings.development else fail
    return finding("encryption", "passwords and tasks travel in clear text", advice)


def _server_pid(connection: psycopg.Connection) -> int:
    """The process that runs our statements; a pooler gives another number at connection."""
    row = connection.execute("select pg_backend_pid()").fetchone()
    return int(row[0]) if row else 0


def _migrated(settings: Settings) -> Finding:
    assert settings.migration_url is not None  # noqa: S101 - DATABASE_URL is set
    try:
        current = migrate.current(settings.migration_url.get_secret_value())
    except psycopg.Error as error:
        direct = settings.database_url_direct
        return _unreachable(error, "DATABASE_URL_DIRECT" if direct else "DATABASE_URL")
    if not migrate.is_behind(current):
        return ok("migrations", f"at {current}")
    newest = migrate.revisions()[-1]
    return fail(
        "migrations",
        f"the database is at {current or 'nothing'}, this program at {newest}",
        "Run `duly migrate` with the same DATABASE_URL.",
    )


async def _isolating(url: str) -> Finding:
    options = WireOptions(silence=_PATIENCE, prepare=False, on_retire=lambda: None)
    try:
        wire = await Wire.connect(url, options)
        try:
            await prove_isolation(wire)
        finally:
            wire.close()
    except IsolationBroken as error:
        return _open(error)
    except (psycopg.Error, *FAULTS) as error:
        return fail(
            "isolation",
            f"could not be proved: {_first_line(error)}",
            "The user of DATABASE_URL must be allowed to `set role duly_api`; the user that runs "
            "`duly migrate` becomes a member by itself: grant it to others.",
        )
    return ok("isolation", "row-level security binds duly_api on every table")


def _open(error: IsolationBroken) -> Finding:
    detail = "; ".join(what for what, _ in error.complaints)
    remedy = f"Run as its owner: {'; '.join(remedy for _, remedy in error.complaints)}"
    return fail("isolation", detail, f"{remedy}. See docs/decisions/0003-isolation.md.")
