"""Why a database takes no writes: it answers reads, so only a write would notice."""

from typing import Any, Final, NamedTuple

import psycopg

_STATE: Final = (
    "select pg_is_in_recovery(), setting = 'on', source, current_database(), session_user"
    " from pg_settings where name = 'default_transaction_read_only'"
)


class ReadOnly(NamedTuple):
    """Why, and what to do about it."""

    detail: str
    remedy: str


def find_read_only(connection: psycopg.Connection[Any]) -> ReadOnly | None:
    """Why the database takes no writes over this connection; None when it does.

    Raises:
        psycopg.Error: when it does not answer.
    """
    match connection.execute(_STATE).fetchone():
        case (True, *_):
            return ReadOnly("it is a standby", "Name the primary server in DATABASE_URL.")
        case (False, True, source, *names):
            detail = f"default_transaction_read_only is on ({source})"
            return ReadOnly(detail, _remedy(source, *names))
    return None


def _remedy(source: str, database: str, user: str) -> str:
    match source:
        case "client":  # of the connection itself
            return (
                "Take default_transaction_read_only out of `options` in DATABASE_URL, or out of "
                "PGOPTIONS."
            )
        case "database" | "user" | "database user":
            return (
                f"Set it for neither the database {database} nor the user {user}: `alter database "
                "… reset default_transaction_read_only`, `alter role …` alike."
            )
    return "PostgreSQL is set so as a whole: is it full, or being moved by its host?"
