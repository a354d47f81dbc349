"""Alembic's entry: one connection, one transaction, the schema `duly` only."""

from typing import Any

import sqlalchemy as sa
from alembic import context
from sqlmodel import SQLModel

import backend.models  # noqa: F401 - registers the tables with SQLModel.metadata
from backend.database import urls

# Two starting services must not migrate at once. Any constant will do.
_MIGRATION_LOCK = 0x64756C79


def _is_ours(name: str | None, kind: str, _parents: Any) -> bool:
    """Everything outside the schema `duly` belongs to somebody else, such as Better Auth."""
    return kind != "schema" or name == "duly"


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
        context.run_migrations()
        connection.commit()
    engine.dispose()


run()
