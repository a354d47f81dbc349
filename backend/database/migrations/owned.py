"""The only way to make a table: its rows are owned, isolated, numbered and granted by column.

A table made here cannot be left without its walls; a test walks the whole schema for one that was
made otherwise. Row-level security is enabled here and *forced* when the migrations are through
(`env.py`): until then they change rows of everybody, also as an owner who is no superuser.
"""

from collections.abc import Iterable, Sequence
from typing import Any, Final

import sqlalchemy as sa
from alembic import context, op
from sqlalchemy.schema import SchemaItem
from sqlalchemy.types import UserDefinedType

from backend.database.migrations.rights import Rights

SPACE: Final = "duly.current_space()"
USER: Final = "duly.current_user_id()"


def create(
    table: str,
    *items: SchemaItem,
    key: Sequence[str] = ("id",),
    insert: Iterable[str],
    update: Iterable[str] = (),
    counted: bool = True,
) -> None:
    """Make a table of a space's rows: its key is the space, then `key`.

    Args:
        table: The name within the schema `duly`.
        items: Columns besides `space_id`, `version` and the two times; constraints.
        key: The columns that tell the rows of one space apart.
        insert: The columns that requests may give a new row.
        update: The columns that requests may change.
        counted: Whether its rows have a number and times. Without, the space need not exist, and
            nobody who writes there waits for another.
    """
    space = [sa.ForeignKey("duly.spaces.id", ondelete="CASCADE")] if counted else []
    version: SchemaItem = sa.Column("version", sa.BigInteger(), nullable=False, server_default="0")
    op.create_table(
        table,
        sa.Column("space_id", sa.Text(collation="C"), *space, server_default=sa.text(SPACE)),
        *items,
        *((_time("created_at"), _time("updated_at"), version) if counted else ()),
        sa.PrimaryKeyConstraint("space_id", *key),
        schema="duly",
    )
    own(table)
    if counted:
        number(table)
    grant(table, insert=insert, update=update, delete=True)


class domain(UserDefinedType[object]):  # noqa: N801 - named like SQLAlchemy's own types
    """A domain of the schema `duly`, as the type of a column."""

    cache_ok = True

    def __init__(self, name: str) -> None:
        self.name = name

    def get_col_spec(self, **_: Any) -> str:
        """Its name in SQL."""
        return f"duly.{self.name}"


def own(table: str, owner: str = "space_id", asker: str = SPACE, *, one_row: bool = False) -> None:
    """Show requests only the rows whose `owner` is what `asker`, a SQL function, says.

    A sub-select keeps the planner from looking the asker up: no user's number of rows may shape
    the plan that all share. Where each owner has one row it would only cost 6 us a write.
    """
    asked = asker if one_row else f"(select {asker})"
    op.execute(f"alter table duly.{table} enable row level security")
    op.execute(
        f"create policy own_rows on duly.{table} "
        f"using ({owner} = {asked}) with check ({owner} = {asker})"
    )


def disown(table: str) -> None:
    """Take the policy away, for a migration that changes what it depends on."""
    op.execute(f"drop policy own_rows on duly.{table}")


def number(table: str) -> None:
    """Give each written row the next number of its space.

    Triggers fire in the order of their names: those that need the number come after this one.
    """
    op.execute(
        f"create trigger number_write before insert or update on duly.{table} "
        "for each row execute function duly.number_write()"
    )


def role() -> str:
    """Whom requests run as in this database (`role.py`)."""
    name: str = context.config.attributes["role"]
    return name


def grant(
    table: str, *, insert: Iterable[str] = (), update: Iterable[str] = (), delete: bool = False
) -> None:
    """Let requests read the table, and write the named columns; owner and version never.

    The newest revision's are listed in `rights.py`.
    """
    for command in Rights(insert, update, delete).commands(table, role()):
        op.execute(command)


def let_owner_in(connection: sa.Connection) -> None:
    """Lift FORCE, so that the owner of the tables sees their rows until `lock_owner_out`.

    Without it an `update` of a migration changes no row, and says nothing, unless the owner is a
    superuser. The exclusive locks that this takes keep requests out meanwhile.
    """
    tables = _tables(connection, "relforcerowsecurity")
    if tables:
        # All at once, in the order in which a write meets them: its table, then the counter.
        connection.execute(sa.text(f"lock table {', '.join(tables)} in access exclusive mode"))
    for table in tables:
        connection.execute(sa.text(f"alter table {table} no force row level security"))


def lock_owner_out(connection: sa.Connection) -> None:
    """Force row-level security on every table that has it."""
    for table in _tables(connection, "relrowsecurity and not relforcerowsecurity"):
        connection.execute(sa.text(f"alter table {table} force row level security"))


def _tables(connection: sa.Connection, condition: str) -> list[str]:
    found = connection.execute(
        sa.text(
            "select c.oid::regclass::text from pg_class c "  # noqa: S608 - our own conditions
            f"where relnamespace = 'duly'::regnamespace and {condition} "
            "order by not exists (select from pg_trigger where tgrelid = c.oid"
            " and tgname = 'number_write'), relname desc"
        )
    )
    return [row[0] for row in found]


def _time(name: str) -> sa.Column[object]:
    return sa.Column(
        name, sa.DateTime(timezone=True), nullable=False, server_default=sa.text("now()")
    )
