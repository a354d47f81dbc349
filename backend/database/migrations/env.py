"""Alembic's entry: one connection, one transaction, the schema `duly` only.

Whatever moves between revisions does so with row-level security lifted for the owner; it is forced
again before the transaction ends, so nobody ever meets the tables without it.
"""

from functools import partial
from typing import Any

import psycopg
import sqlalchemy as sa
from alembic import context
from sqlmodel import SQLModel

import backend.models  # noqa: F401 - registers the tables with SQLModel.metadata
from backend.database import migrate, urls
from backend.database.migrations import mending, owned, role

# Two starting services must not migrate at once. Any constant will do.
_MIGRATION_LOCK = 0x64756C79
# A lock that a long statement keeps from us keeps all requests behind us waiting.
_PATIENCE = sa.text("set local lock_timeout = '2s'")


def _is_ours(name: str | None, kind: str, _parents: Any) -> bool:
    """Everything outside the schema `duly` belongs to somebody else, such as Better Auth."""
    return kind != "schema" or name == "duly"


def _is_moving() -> bool:
    """Whether there is anything to run; an exclusive lock for nothing would be felt."""
    return context.get_context().get_current_revision() != context.get_revision_argument()


def _configure(connection: sa.Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=SQLModel.metadata,
        include_schemas=True,
        include_name=_is_ours,
        version_table_schema="duly",
    )


def _move(connection: sa.Connection) -> None:
    """Go to the revision that is asked for, and note in `outcome` what that took."""
    outcome = context.config.attributes["outcome"]
    connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_MIGRATION_LOCK)))
    connection.execute(_PATIENCE)
    raw = connection.connection.driver_connection
    assert isinstance(raw, psycopg.Connection)  # noqa: S101 - `run` has made it
    outcome.place = urls.place(raw)
    context.config.attributes["role"] = role.prepare(connection)
    _configure(connection)
    outcome.before = outcome.after = context.get_context().get_current_revision()
    if migrate.is_newer(outcome.before):
        return
    if moving := _is_moving():
        owned.let_owner_in(connection)
    context.run_migrations()
    if moving:
        owned.lock_owner_out(connection)
    outcome.after = context.get_context().get_current_revision()
    if outcome.after == context.script.get_current_head():
        outcome.mended = mending.mend(connection, context.config.attributes["role"])
    connection.commit()


def run() -> None:
    """Run the migrations that the command asks for, or compare with the models only."""
    connect = partial(urls.connect, context.config.attributes["url"])
    engine = sa.create_engine("postgresql+psycopg://", creator=connect, poolclass=sa.NullPool)
    with engine.connect() as connection:
        if "outcome" in context.config.attributes:
            _move(connection)
        else:
            _configure(connection)
            context.run_migrations()
    engine.dispose()


run()
