"""Alembic, driven by the program instead of an ini file."""

from __future__ import annotations

import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
from sqlalchemy.exc import DBAPIError, OperationalError

from backend.database import urls
from backend.database.faults import IsolationBroken
from backend.database.migrations.role import RightsMissing
from backend.database.urls import first_line

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from alembic.config import Config

_TRIES = 5
_PAUSE = 1.0  # seconds between two tries, in which requests get through
# Requests, a dump or somebody's transaction have what the migration needs.
_BUSY = (psycopg.errors.DeadlockDetected, psycopg.errors.LockNotAvailable)
_SCRIPTS = Path(__file__).parent / "migrations"


class MigrationFailed(Exception):  # noqa: N818 - named for what happened
    """The database is as it was; the message says why, and holds no password."""


@dataclass
class Outcome:
    """What a migration did.

    Attributes:
        place: The database and its server.
        before: The revision that it was at; None: it had none.
        after: The revision that it is at.
        mended: What was wrong besides the revision, and is right now.
    """

    place: str = ""
    before: str | None = None
    after: str | None = None
    mended: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        """What to tell the operator."""
        moved = f"{self.before or 'nothing'} → {self.after or 'nothing'}"
        at = moved if self.before != self.after else f"at {self.after or 'nothing'}"
        if is_newer(self.after):
            at += f", newer than this program ({revisions()[-1]}): left as it is"
        return "\n".join([f"{self.place}: {at}", *(f"  {each}" for each in self.mended)])


def configuration(url: str, outcome: Outcome | None = None) -> Config:
    """Alembic's configuration for the database at `url`.

    Args:
        url: The database, as libpq takes it.
        outcome: Where to note what was done; without, the command only looks.
    """
    from alembic.config import Config  # noqa: PLC0415 - half a second that serving needs not

    config = Config()
    config.set_main_option("script_location", str(_SCRIPTS))
    config.attributes["url"] = url
    if outcome:
        config.attributes["outcome"] = outcome
    return config


def upgrade(url: str, revision: str = "head", variable: str = "DATABASE_URL") -> Outcome:
    """Bring the database at `url` to `revision`, creating everything that is missing.

    At the newest one, role, grants and row-level security are put right as well. Requests may go on
    meanwhile; when PostgreSQL prefers one of theirs, it is tried again. A database that is newer
    than this program is left as it is.

    Args:
        url: The database, as libpq takes it.
        revision: Where to go.
        variable: What names the database, for messages.

    Raises:
        MigrationFailed: when the database cannot be reached or the login may not do it, or there is
            no such revision.
    """
    from alembic import command  # noqa: PLC0415 - as above

    with _explained(variable):
        return _repeated(lambda outcome: command.upgrade(configuration(url, outcome), revision))


def downgrade(url: str, revision: str, variable: str = "DATABASE_URL") -> Outcome:
    """Take the database at `url` back to `revision`; `base` removes all of Duly's data.

    Args:
        url: As for `upgrade`, and so are the others.
        revision: Where to go.
        variable: What names the database.

    Raises:
        MigrationFailed: as `upgrade`.
    """
    from alembic import command  # noqa: PLC0415 - as above

    with _explained(variable):
        return _repeated(lambda outcome: command.downgrade(configuration(url, outcome), revision))


@contextmanager
def _explained(variable: str) -> Iterator[None]:
    """Say in words why a migration failed."""
    from alembic import util  # noqa: PLC0415 - as above

    try:
        yield
    except RightsMissing as missing:
        commands = "".join(f"\n    {command};" for command in missing.commands)
        raise MigrationFailed(
            "The login of the migrations lacks rights that only an administrator can give. Have "
            f"one run in this database, then run `duly migrate` again:\n{commands}\n"
        ) from None
    except util.CommandError as error:  # of the revision that was asked for
        first, *_, last = revisions()
        known = f"revisions are {first} to {last}, `head` and `base`"
        raise MigrationFailed(f"{error}: {known}.") from None
    except IsolationBroken as error:
        raise MigrationFailed(str(error)) from None
    except DBAPIError as error:  # whose own text has the statement in it
        raise MigrationFailed(_why(error.orig, variable)) from None


def _why(error: BaseException | None, variable: str) -> str:
    if isinstance(error, psycopg.Error) and error.sqlstate is None:  # PostgreSQL was not asked
        return f"{variable} cannot be reached: {first_line(error)}"
    if isinstance(error, _BUSY):
        return (
            "The database is too busy: retry, or end what uses the tables for long, such as a "
            "dump or an open transaction (pg_stat_activity shows them)."
        )
    if isinstance(error, psycopg.errors.ReadOnlySqlTransaction):
        return f"The database takes no writes: name the primary server in {variable}."
    return f"PostgreSQL refuses the migration: {first_line(error or Exception())}"


def _repeated(move: Callable[[Outcome], None]) -> Outcome:
    """Run a migration again that lost against requests: nothing of it has happened."""
    tries_left = _TRIES
    while True:
        tries_left -= 1
        try:
            move(outcome := Outcome())
        except OperationalError as error:
            if not (tries_left and isinstance(error.orig, _BUSY)):
                raise
            time.sleep(_PAUSE)
        else:
            return outcome


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
        psycopg.errors.InsufficientPrivilege: when the login may not read it.
    """
    with urls.connect(url) as connection:
        try:
            row = connection.execute("select version_num from duly.alembic_version").fetchone()
        except psycopg.errors.UndefinedTable:
            return None
    return row[0] if row else None


def is_behind(revision: str | None) -> bool:
    """Whether a database at `revision` lacks something that this program needs."""
    return revision is None or revision in revisions()[:-1]


def is_newer(revision: str | None) -> bool:
    """Whether a newer program migrated a database to `revision`; this one can serve it."""
    return revision is not None and revision not in revisions()


def goes_back(url: str, revision: str) -> bool:
    """Whether `revision`, as Alembic takes it, is older than what the database at `url` is at."""
    try:
        before = current(url)
    except psycopg.Error:  # moving will say why
        return False
    known = ["base", *revisions()]
    if before is None or is_newer(before):
        return revision == "base" and before is not None
    return revision.startswith("-") or revision in known[: known.index(before)]
