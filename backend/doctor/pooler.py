"""Checks of a transaction pooler in front of the database, as far as it shows what it does."""

from collections.abc import Iterator
from typing import Final

import psycopg
from psycopg import pq

from backend.config import Settings
from backend.database import urls
from backend.doctor.finding import Finding, fail, ok, warn

_LONGEST_RETRY: Final = 2.0  # seconds


def examine_pooler(url: str, settings: Settings) -> Iterator[Finding]:
    """Check the pooler at `url`."""
    yield ok("pooling", "a transaction pooler is in between")
    usable = _keeps_prepared_statements(url)
    if settings.database_prepared_statements == "on" and not usable:
        yield fail(
            "prepared statements",
            "DATABASE_PREPARED_STATEMENTS=on, but the pooler loses them",
            "Set DATABASE_PREPARED_STATEMENTS=off, or use PgBouncer 1.21 or newer "
            "with max_prepared_statements above 0.",
        )
    else:
        yield ok("prepared statements", "usable" if usable else "not usable; done without")
    if settings.database_url_direct is None:
        yield warn(
            "migrations' connection",
            "DATABASE_URL leads through a pooler, and DATABASE_URL_DIRECT is not set",
            "Set DATABASE_URL_DIRECT to the URL without the pooler (on Neon: without `-pooler`).",
        )
    if (level := _isolation_level(url)) != "read committed":
        yield fail(
            "transactions",
            f"default_transaction_isolation is {level}, and through a pooler Duly cannot set it",
            "As the owner: alter database … set default_transaction_isolation = 'read committed'.",
        )
    if (retry := _login_retry(url)) is not None and retry > _LONGEST_RETRY:
        yield warn(
            "pooler",
            f"after a failure PgBouncer connects to nobody for server_login_retry = {retry:g} s",
            "Set server_login_retry = 1 in pgbouncer.ini, or a restart of PostgreSQL costs so long "
            "an outage.",
        )


def _keeps_prepared_statements(url: str) -> bool:
    """Whether a statement prepared in one transaction is there in those of other clients."""
    try:
        with (
            urls.connect(url, autocommit=True) as one,
            urls.connect(url, autocommit=True) as other,
        ):
            for connection in (one, other):
                result = connection.pgconn.prepare(b"duly_doctor", b"select 1")
                if result.status != pq.ExecStatus.COMMAND_OK:
                    return False
            return all(
                connection.pgconn.exec_prepared(b"duly_doctor", []).status
                == pq.ExecStatus.TUPLES_OK
                for connection in (one, other, one)
            )
    except psycopg.Error:
        return False


def _isolation_level(url: str) -> str:
    with urls.connect(url, autocommit=True) as connection:
        row = connection.execute("select current_setting('default_transaction_isolation')")
        return str(row.fetchall()[0][0])


def _login_retry(url: str) -> float | None:
    """Seconds, when it is a PgBouncer whose console we may read."""
    try:
        with urls.connect(url, dbname="pgbouncer", autocommit=True) as console:
            answer = console.pgconn.exec_(b"show config")  # it knows the simple protocol only
            rows = [(answer.get_value(n, 0), answer.get_value(n, 1)) for n in range(answer.ntuples)]
            return float(dict(rows)[b"server_login_retry"] or 0)
    except (psycopg.Error, KeyError):
        return None
