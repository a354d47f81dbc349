"""Alembic, driven by the program instead of an ini file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
from sqlalchemy.exc import ArgumentError, OperationalError

if TYPE_CHECKING:
    from collections.abc import Callable

    from alembic.config import Config

_TRIES = 5
_SCRIPTS = Path(__file__).parent / "migrations"


class MigrationFailed(Exception):  # noqa: N818 - named for what happened
    """The database is as it was; the message says why, and holds no password."""


def configuration(url: str, *, moves: bool = False) -> Config:
    """Alembic's configuration for the database at `url` (a `postgresql://` URL).

    Args:
        url: The database.
        moves: Whether the command goes to another revision; else it only looks.
    """
    from alembic.config import Config  # noqa: PLC0415 - half a second that serving needs not

    config = Config()
    config.set_main_option("script_location", str(_SCRIPTS))
    config.attributes.update(url=url, moves=moves)
    return config


def upgrade(url: str, revision: str = "head") -> None:
    """Bring the database at `url` to `revision`, creating everything that is missing.

    Requests may go on meanwhile; when PostgreSQL prefers one of theirs, it is tried again.

    Raises:
        MigrationFailed: when the database cannot be reached or there is no such revision.
    """
    from alembic import command, util  # noqa: PLC0415 - as above

    try:
        _repeated(lambda: command.upgrade(configuration(url, moves=True), revision))
    except ArgumentError:  # not repeated: it may hold a password
        raise MigrationFailed("DATABASE_URL is not a PostgreSQL URL.") from None
    except OperationalError as error:
        if isinstance(error.orig, psycopg.errors.DeadlockDetected):
            raise MigrationFailed("The database is too busy: stop the service, or retry.") from None
        raise MigrationFailed(f"DATABASE_URL cannot be reached: {error.orig}") from None
    except util.CommandError as error:
        raise MigrationFailed(str(error)) from None


def _repeated(move: Callable[[], None]) -> None:
    """Run a migration again that lost against requests: nothing of it has happened."""
    for tries_left in reversed(range(_TRIES)):
        try:
            move()
        except OperationalError as error:
            if not (tries_left and isinstance(error.orig, psycopg.errors.DeadlockDetected)):
                raise
        else:
            return


def downgrade(url: str, revision: str) -> None:
    """Take the database at `url` back to `revision`; `base` removes all of Duly's data."""
    from alembic import command  # noqa: PLC0415 - as above

    command.downgrade(configuration(url, moves=True), revision)


def check(url: str) -> None:
    """Raise when the tables at `url` differ from the models."""
    from alembic import command  # noqa: PLC0415 - as above

    command.check(configuration(url))


def revisions() -> list[str]:
    """The revisions of this program, oldest first: the numbers that their files start with."""
    return sorted(path.name.partition("_")[0] for path in (_SCRIPTS / "versions").glob("[0-9]*.py"))


def current(url: str) -> str | None:
    """The revision of the database at `url`; None before the first one.

    Raises:
        psycopg.OperationalError: when the database cannot be reached.
        psycopg.ProgrammingError: when libpq cannot read the URL.
    """
    with psycopg.connect(url) as connection:
        try:
            row = connection.execute("select version_num from duly.alembic_version").fetchone()
        except psycopg.errors.UndefinedTable:
            return None
    return row[0] if row else None


def is_behind(revision: str | None) -> bool:
    """Whether a database at `revision` lacks something that this program needs.

    A revision that this program does not know was made by a newer one: it is not behind.
    """
    return revision is None or revision in revisions()[:-1]
