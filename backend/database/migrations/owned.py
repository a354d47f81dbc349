"""The only way to make a table: its rows are owned, isolated, numbered and granted by column.

A table made here cannot be left without its walls; a test walks the whole schema for one that was
made otherwise. Row-level security is enabled here and *forced* when the migrations are through
(`env.py`): until then they change rows of everybody, also as an owner who is no superuser.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import sqlalchemy as sa
from alembic import context, op
from sqlalchemy.schema import SchemaItem
from sqlalchemy.types import UserDefinedType

from backend.database.migrations.rights import Rights

SPACE: Final = "duly.current_space()"
USER: Final = "duly.current_user_id()"


def create(  # noqa: PLR0913 - whatever a table can be
    table: str,
    *items: SchemaItem,
    key: Sequence[str] = ("id",),
    insert: Iterable[str],
    update: Iterable[str] = (),
    counted: bool = True,
    of_user: bool = False,
) -> None:
    """Make a table of a space's rows: its key is the space, then `key`.

    Args:
        table: The name within the schema `duly`.
        items: Columns besides the owner, `version` and the two times; constraints.
        key: The columns that tell the rows of one space apart.
        insert: The columns that requests may give a new row.
        update: The columns that requests may change.
        counted: Whether its rows have a number and times. Without, the space need not exist, and
            nobody who writes there waits for another.
        of_user: Whether its rows are a user's, wherever they act: the owner is `user_id` then.
    """
    owner, asker = ("user_id", USER) if of_user else ("space_id", SPACE)
    space = [sa.ForeignKey("duly.spaces.id", ondelete="CASCADE")] if counted else []
    version: SchemaItem = sa.Column("version", sa.BigInteger(), nullable=False, server_default="0")
    op.create_table(
        table,
        sa.Column(owner, sa.Text(collation="C"), *space, server_default=sa.text(asker)),
        *items,
        *((_time("created_at"), _time("updated_at"), version) if counted else ()),
        sa.PrimaryKeyConstraint(owner, *key),
        schema="duly",
    )
    own(table, owner, asker)
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


# Rows that are read in the trigger of a statement that has changed them are as it left them. Each
# expression of plpgsql costs a transaction 1 us: so one makes all of an object, of what differs.
_REMEMBER = """
create or replace function duly.remember_{event}_{table}() returns trigger
language plpgsql
as $$
begin
    insert into duly.history
            (space_id, version, type, entity_id, operation,
            change, before, after, actor, request_id)
        values (
            new.space_id, new.version, '{type}', {entity},
            current_setting('duly.operation')::bigint, '{event}', {before}, {after},
            nullif(current_setting('app.actor', true), ''),
            nullif(current_setting('app.request_id', true), '')
        );
    return null;
end
$$
"""
_NIL: Final = "'00000000-0000-0000-0000-000000000000'"


def record(table: str, kind: str, columns: Sequence[str], entity: str | None = "id") -> None:
    """Keep in `duly.history` what becomes of each row, in the transaction that does it.

    Once more with other columns, for a table that is recorded already.

    Args:
        table: A numbered table.
        kind: What its rows are called there.
        columns: What is kept of a change: all that people say of a row, and nothing that follows.
        entity: The column that tells the rows of one space apart; None: there is one.
    """
    for event, timing in (("created", "insert"), ("updated", "update")):
        is_update = event == "updated"
        op.execute(
            _REMEMBER.format(
                event=event,
                table=table,
                type=kind,
                entity=f"new.{entity}" if entity else _NIL,
                before=_differing("old", columns) if is_update else "null",
                after=_differing("new", columns) if is_update else "null",
            )
        )
        # An inbox has no number: no write made it.
        op.execute(
            f"create or replace trigger remember_{event} after {timing} on duly.{table}"
            " for each row when (new.version > 0)"
            f" execute function duly.remember_{event}_{table}()"
        )
    if entity:
        op.execute(
            f"create or replace trigger remember_deleted after delete on duly.{table}"
            " referencing old table as gone"
            f" for each statement execute function duly.remember_deleted('{kind}')"
        )


def forget(table: str) -> None:
    """Record a table no more."""
    for event in ("created", "updated", "deleted"):
        op.execute(f"drop trigger if exists remember_{event} on duly.{table}")
    for event in ("created", "updated"):
        op.execute(f"drop function duly.remember_{event}_{table}()")


def _differing(row: str, columns: Sequence[str]) -> str:
    """SQL: an object of those columns of `row`, old or new, that a change has changed."""
    members = ", ".join(
        f"case when old.{name} is distinct from new.{name}"
        f" then '\"{name}\":' || coalesce(to_json({row}.{name})::text, 'null') end"
        for name in columns
    )
    return f"('{{' || concat_ws(',', {members}) || '}}')::jsonb"


def rewrite(functions: Iterable[str], changes: Mapping[str, str]) -> None:
    """Replace text in functions of the schema, each of which must have it once.

    Raises:
        ValueError: when a function is not as migrations made it.
    """
    for name in functions:
        body: str = op.get_bind().scalar(
            sa.text("select pg_get_functiondef(cast(:name as regprocedure))"), {"name": name}
        )
        for old, new in changes.items():
            if body.count(old) != 1:
                raise ValueError(f"{name} is not as migrations made it")
            body = body.replace(old, new)
        op.execute(body)


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
