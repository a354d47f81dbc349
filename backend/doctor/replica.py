"""Checks of the replica: reachable, a replica, not standing still."""

import psycopg

from backend.config import Settings
from backend.database import urls
from backend.database.urls import first_line
from backend.doctor.finding import Finding, ok, warn

_STATE = (
    "select pg_is_in_recovery(), case when pg_is_in_recovery() then pg_is_wal_replay_paused() end"
)


def examine_replica(settings: Settings) -> Finding:
    """Check the replica of the settings, which is set. The primary answers for one that is bad."""
    assert settings.database_url_replica is not None  # noqa: S101 - the caller has seen to it
    url = settings.database_url_replica.get_secret_value()
    try:
        with urls.connect(url, autocommit=True) as connection:
            row = connection.execute(_STATE).fetchone()
            place = urls.place(connection)
    except psycopg.Error as error:
        return warn(
            "replica",
            f"cannot be reached: {first_line(error)}",
            "Check host, port, user and password of DATABASE_URL_REPLICA, or unset it.",
        )
    match row:
        case (True, False):
            return ok("replica", f"takes over what the primary writes: {place}")
        case (True, _):
            return warn("replica", "stands still", "There, run `select pg_wal_replay_resume()`.")
    return warn(
        "replica",
        "is none: it takes writes",
        "Name a streaming replica of DATABASE_URL in DATABASE_URL_REPLICA, or unset it.",
    )
