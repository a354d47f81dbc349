"""Alembic's entry: one connection, one transaction, the schema `duly` only.

Whatever moves between revisions does so with row-level security lifted for the owner; it is forced
again before the transaction ends, so nobody ever meets the tables without it.
"""

from typing import Any

import sqlalchemy as sa
from alembic import context
from sqlmodel import SQLModel

import backend.models  # noqa: F401 - registers the tables with SQLModel.metadata
from backend.database import urls
from backend.database.migrations import owned

# Two starting services must not migrate at once. Any constant will do.
_MIGRATION_LOCK = 0x64756C79


def _is_ours(name: str | None, kind: str, _parents: Any) -> bool:
    """Everything outside the schema `duly` belongs to somebody else, such as Better Auth."""
    return kind != "schema" or name == "duly"


def _is_moving() -> bool:
    """Whether there is anything to run; an exclusive lock for nothing would be felt."""
    if not context.config.attributes.get("moves"):  # a comparison with the models only
        return False
    return context.get_context().get_current_revision() != context.get_revision_argument()


def run() -> None:
    """Run the migrations that the command asks for."""
    url = urls.sqlalchemy_url(context.config.attributes["url"])
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    with engine.connect() as connection:
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_MIGRATION_LOCK)))
        connection.execute(sa.text("create schema if not exists duly"))
        context.configure(
            connection=connection,
            target_metadata=SQLModel.metadata,
            include_schemas=True,
            include_name=_is_ours,
            version_table_schema="duly",
        )
        if moving := _is_moving():
            owned.let_owner_in(connection)
        context.run_migrations()
        if moving:
            owned.lock_owner_out(connection)
        connection.commit()
    engine.dispose()


run()
