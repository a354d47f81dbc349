"""Checks of the replica: reachable, a replica, not standing still."""

import psycopg

from backend.config import Settings
from backend.database import urls
from backend.database.urls import first_line
from backend.doctor.finding import Finding, fail, ok, warn

_STATE = (
    "select pg_is_in_recovery(), case when pg_is_in_recovery() then pg_is_wal_replay_paused() end"
)
# What a replica has from its primary: the cluster, and the database in it.
_ORIGIN = (
    "select system_identifier, d.oid from pg_control_system(), pg_database d"
    " where datname = current_database()"
)


def examine_replica(settings: Settings) -> Finding:
    """Check the replica of the settings, which is set. The primary answers for one that is bad."""
    assert settings.database_url_replica is not None  # noqa: S101 - the caller has seen to it
    url = settings.database_url_replica.get_secret_value()
    try:
        with urls.connect(url, autocommit=True) as connection:
            row = connection.execute(_STATE).fetchone()
            origin = _origin(connection)
            place = urls.place(connection)
    except psycopg.Error as error:
        return warn(
            "replica",
            f"cannot be reached: {first_line(error)}",
            "Check host, port, user and password of DATABASE_URL_REPLICA, or unset it.",
        )
    match row:
        case (True, False):
            return _of_primary(settings, origin, place)
        case (True, _):
            return warn("replica", "stands still", "There, run `select pg_wal_replay_resume()`.")
    return warn(
        "replica",
        "is none: it takes writes",
        "Name a streaming replica of DATABASE_URL in DATABASE_URL_REPLICA, or unset it.",
    )


def _of_primary(settings: Settings, origin: object, place: str) -> Finding:
    """Whether it is the primary's whose lists it answers."""
    assert settings.database_url is not None  # noqa: S101 - or a replica is refused
    try:
        with urls.connect(settings.database_url.get_secret_value(), autocommit=True) as primary:
            expected = _origin(primary)
    except psycopg.Error:  # which is told of the primary itself
        expected = None
    if None in {origin, expected} or origin == expected:
        return ok("replica", f"takes over what the primary writes: {place}")
    return fail(
        "replica",
        f"DATABASE_URL_REPLICA leads to a replica of another database: {place}",
        "Name a streaming replica of DATABASE_URL, and the same database, or unset it.",
    )


def _origin(connection: psycopg.Connection) -> tuple[object, ...] | None:
    """What a replica has in common with its primary alone; None where nobody may know."""
    try:
        return connection.execute(_ORIGIN).fetchone()
    except psycopg.errors.InsufficientPrivilege:
        return None
