"""Checks of the database: reachable, encrypted, pooled or not, migrated, isolating."""

import asyncio
from collections.abc import Iterator

import psycopg

from backend.config import Settings
from backend.database import migrate, urls
from backend.database.connection.wire import Wire, WireOptions
from backend.database.faults import FAULTS, IsolationBroken
from backend.database.proof import prove_isolation
from backend.database.read_only import find_read_only
from backend.database.urls import first_line
from backend.doctor.finding import Finding, fail, ok, warn
from backend.doctor.pooler import examine_pooler

_PATIENCE = 10  # seconds; a sleeping Neon database takes about one to wake
# Null before there is such a function.
_MAY_COUNT = """
select has_function_privilege(to_regprocedure('duly.counters(text[], bigint[])'), 'EXECUTE')
"""
_OLDEST = 15  # major version of PostgreSQL


def examine_database(settings: Settings) -> Iterator[Finding]:
    """Check the database of the settings, which is set."""
    assert settings.database_url is not None  # noqa: S101 - the caller has seen to it
    url = settings.database_url.get_secret_value()
    try:
        with urls.connect(url, autocommit=True) as connection:
            yield _reached(connection)
            yield _encrypted(connection, settings)
            if reason := find_read_only(connection):
                yield fail("writes", f"the database takes none: {reason.detail}", reason.remedy)
            if settings.database_url_direct is not None:
                yield from _same(connection, settings.database_url_direct.get_secret_value())
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
    if migrated.verdict != "fail":  # or there is nothing yet that could isolate
        isolating = asyncio.run(_isolating(url))
        yield isolating
        if isolating.verdict == "ok":
            yield _counting(url)


def _same(connection: psycopg.Connection, direct: str) -> Iterator[Finding]:
    """Whether migrations go to the database that is served; `_migrated` says if they cannot."""
    try:
        with urls.connect(direct, autocommit=True) as other:
            here, there = urls.place(connection), urls.place(other)
            # Not the system identifier, which branches of a database have in common.
            if _identity(connection) == _identity(other):
                yield ok("direct", f"the same database: {there}")
                return
    except psycopg.Error:
        return
    yield fail(
        "direct",
        f"DATABASE_URL_DIRECT leads to another database, {there}, than DATABASE_URL, {here}",
        "Name the same host, without the pooler, and the same database in both: `duly migrate` "
        "would change the other one.",
    )


def _identity(connection: psycopg.Connection) -> object:
    """What no two databases have in common, while their servers run."""
    return connection.execute(
        "select pg_postmaster_start_time(), oid from pg_database where datname = current_database()"
    ).fetchone()


def _unreachable(error: psycopg.Error, variable: str = "DATABASE_URL") -> Finding:
    reason = first_line(error)
    if "root certificate file" in reason:
        remedy = f"Add `sslrootcert=system` to {variable}: the certificates of this machine."
    elif "certificate verify failed" in reason:
        remedy = (
            "This machine does not trust the server: install ca-certificates, or name the "
            f"certificate of its authority with `sslrootcert=FILE` in {variable}."
        )
    else:
        remedy = (
            f"Check host, port, user, password and `sslmode` of {variable}; "
            "Neon's dashboard shows the URL under Connect."
        )
    return fail("database", f"cannot be reached: {reason}", remedy)


def _reached(connection: psycopg.Connection) -> Finding:
    version = connection.info.server_version // 10_000
    if version < _OLDEST:
        return fail("database", f"PostgreSQL {version}", f"Use PostgreSQL {_OLDEST} or newer.")
    return ok("database", f"PostgreSQL {version} answers: {urls.place(connection)}")


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
    except psycopg.errors.InsufficientPrivilege as error:
        return warn(
            "migrations",
            f"cannot be read: {first_line(error)}",
            "Name the owner of the tables in DATABASE_URL_DIRECT, and run `duly migrate`.",
        )
    except psycopg.Error as error:
        direct = settings.database_url_direct
        return _unreachable(error, "DATABASE_URL_DIRECT" if direct else "DATABASE_URL")
    newest = migrate.revisions()[-1]
    if migrate.is_newer(current):
        return warn(
            "migrations",
            f"the database is at {current}, newer than this program ({newest}), which serves it",
            "Update Duly, or go on: what a newer one has added is not seen.",
        )
    if not migrate.is_behind(current):
        return ok("migrations", f"at {current}")
    return fail(
        "migrations",
        f"the database is at {current or 'nothing'}, this program at {newest}",
        "Run `duly migrate` with the same DATABASE_URL.",
    )


async def _isolating(url: str) -> Finding:
    options = WireOptions(silence=_PATIENCE, prepare=False, on_retire=lambda: None)
    try:
        wire = await Wire.connect(urls.complete(url), options)
        try:
            role = await prove_isolation(wire)
        finally:
            wire.close()
    except IsolationBroken as error:
        return _open(error)
    except (psycopg.Error, *FAULTS) as error:
        return fail(
            "isolation",
            f"could not be proved: {first_line(error)}",
            "Run `duly migrate`, which makes the role of requests and its grants, or says what an "
            "administrator has to run. A user of DATABASE_URL who is not the one of the migrations "
            "must be allowed to `set role duly_api`: grant duly_api to that user.",
        )
    return ok("isolation", f"row-level security binds {role} on every table")


def _counting(url: str) -> Finding:
    """Whether the login may ask which spaces have changed, for streams of events."""
    try:
        with urls.connect(url) as connection:
            row = connection.execute(_MAY_COUNT).fetchone()
    except psycopg.Error as error:
        return _unreachable(error)
    if row and row[0]:
        return ok("events", "streams learn of changes from the counters")
    return warn(
        "events",
        "the login of DATABASE_URL may not execute duly.counters: streams ask for themselves",
        "Run `duly migrate`, which lets every login execute it that may act as requests do.",
    )


def _open(error: IsolationBroken) -> Finding:
    detail = "; ".join(each.what for each in error.complaints)
    remedy = f"Run as its owner: {'; '.join(each.remedy for each in error.complaints)}"
    return fail("isolation", detail, f"{remedy}. See docs/decisions/0003-isolation.md.")
