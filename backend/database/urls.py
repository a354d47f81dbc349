"""Connections by `DATABASE_URL`, which libpq alone reads, whatever they are for."""

import os
from typing import Any, Final

import psycopg
from psycopg import conninfo as conninfos
from sqlalchemy import make_url

from backend.database.roots import find_system_roots

_CONNECT_TIMEOUT: Final = 10  # seconds; a sleeping Neon database takes about one to wake


def complete(conninfo: str, **more: str) -> str:
    """A connection string with what it leaves to us.

    Args:
        conninfo: As libpq takes it.
        more: Parameters that are so whatever it says.

    Raises:
        psycopg.ProgrammingError: when libpq cannot read it.
    """
    parts = conninfos.conninfo_to_dict(conninfo)
    find_system_roots(parts)
    if "PGCONNECT_TIMEOUT" not in os.environ:
        parts.setdefault("connect_timeout", _CONNECT_TIMEOUT)
    return conninfos.make_conninfo("", **{**parts, **more})


def connect(conninfo: str, *, autocommit: bool = False, **more: str) -> psycopg.Connection[Any]:
    """A connection by `conninfo`, with `more` of libpq's parameters.

    Raises:
        psycopg.Error: when libpq cannot read it, or the database cannot be reached.
    """
    return psycopg.connect(complete(conninfo, **more), autocommit=autocommit)


def first_line(error: BaseException) -> str:
    """What libpq or PostgreSQL says first; the settings see to it that it holds no password."""
    return str(error).strip().partition("\n")[0] or type(error).__name__


def place(connection: psycopg.Connection[Any]) -> str:
    """The database and its server, for people: no user, no password."""
    info = connection.info
    host = f"[{info.host}]" if ":" in info.host else info.host
    return f"{info.dbname} on {host}:{info.port}"


def with_database(url: str, name: str) -> str:
    """The same server and user, another database."""
    return make_url(url).set(database=name).render_as_string(hide_password=False)
