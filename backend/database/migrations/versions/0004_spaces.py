"""Rows belong to spaces, which count their writes by blocks; each user has one, named alike.

Owner columns are plain text instead of a domain, which publications cannot filter by. No row of
`tasks` is written: renaming a column and dropping the check of a domain change the catalogue only.
"""

import sqlalchemy as sa
from alembic import op

from backend.database.migrations import owned

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_CURRENT_SPACE = """
create function duly.current_space() returns text
language sql stable parallel safe
return nullif(current_setting('app.space_id', true), '')
"""

# The first row of a transaction takes one number, the next ones 16 and then 1 024 at a time: each
# update of the counter leaves a dead version of its row, which nothing may prune before the end.
# The row lock is held to the end of the transaction, so that the numbers of a space become visible
# in their order. Settings of the transaction remember whose numbers it has, and of a block the
# latest and the last one; unset, they are ''. An assignment costs less than `perform`.
_NUMBER_WRITE = """
create or replace function duly.number_write() returns trigger
language plpgsql
as $$
declare
    block text;
    latest bigint;
    reserved bigint;
    size bigint := 1;
begin
    if current_setting('duly.numbers_of', true) = new.space_id then
        size := 16;
        block := current_setting('duly.numbers', true);
        if block <> '' then
            latest := split_part(block, ',', 1);
            reserved := split_part(block, ',', 2);
            size := 1024;
        end if;
    end if;
    if latest < reserved then
        latest := latest + 1;
    else
        update duly.spaces set last_version = last_version + size
            where id = new.space_id
            returning last_version into reserved;
        if not found then
            raise exception 'there is no such space' using errcode = 'DU010';
        end if;
        latest := reserved - size + 1;
    end if;
    if size > 1 then
        block := set_config('duly.numbers', latest || ',' || reserved, true);
    else
        block := set_config('duly.numbers_of', new.space_id, true);
        if current_setting('duly.numbers', true) <> '' then -- another space's
            block := set_config('duly.numbers', '', true);
        end if;
    end if;
    new.version := latest;
    new.updated_at := now();
    return new;
end
$$
"""

_NUMBER_WRITE_BEFORE = """
create or replace function duly.number_write() returns trigger
language plpgsql
as $$
begin
    update duly.users set last_version = last_version + 1
        where subject = new.user_id
        returning last_version into new.version;
    if not found then
        insert into duly.users as known (subject, last_version) values (new.user_id, 1)
            on conflict (subject) do update set last_version = known.last_version + 1
            returning last_version into new.version;
    end if;
    new.updated_at := now();
    return new;
end
$$
"""

# For several operations that shall all succeed or leave no trace: takes the transaction back.
_DEMAND = """
create function duly.demand(rows bigint) returns void
language plpgsql
as $$
begin
    if rows = 0 then
        raise exception 'nothing was found' using errcode = 'DU011';
    end if;
end
$$
"""

_REFUSE_KEY = """
create function duly.refuse_key() returns trigger
language plpgsql
as $$
begin
    raise exception 'not an identifier' using errcode = 'check_violation';
end
$$
"""

_IDENTIFIER = "char_length({0}) between 1 and 255"


def upgrade() -> None:
    for table in ("users", "tasks"):
        owned.disown(table)
    op.execute(_CURRENT_SPACE)
    _create_spaces()
    _move_tasks("user_id", "space_id", "spaces", "id", owned.SPACE)
    op.execute('alter table duly.users alter subject type text collate "C"')
    op.execute("drop domain duly.subject")
    op.create_check_constraint(
        "users_subject_length", "users", _IDENTIFIER.format("subject"), schema="duly"
    )
    op.drop_column("users", "last_version", schema="duly")
    op.execute(_NUMBER_WRITE)
    op.execute(_DEMAND)
    owned.own("spaces", "id", one_row=True)
    owned.own("users", "subject", owned.USER, one_row=True)
    owned.own("tasks")
    owned.grant("spaces", insert=["id"], update=["last_version"], delete=True)


def downgrade() -> None:
    # Nobody could own what is in them.
    op.execute(
        "delete from duly.spaces where not exists (select from duly.users where subject = id)"
    )
    for table in ("users", "tasks", "spaces"):
        owned.disown(table)
    op.add_column(
        "users",
        sa.Column("last_version", sa.BigInteger(), nullable=False, server_default="0"),
        schema="duly",
    )
    # A column of the key before it: where spaces had a user, the user takes the number back.
    op.execute(
        "update duly.users set last_version = spaces.last_version "
        "from duly.spaces where spaces.id = users.subject"
    )
    op.drop_constraint("users_subject_length", "users", schema="duly")
    op.execute(
        f'create domain duly.subject as text collate "C" check ({_IDENTIFIER.format("value")})'
    )
    op.execute("alter table duly.users alter subject type duly.subject")
    _move_tasks("space_id", "user_id", "users", "subject", owned.USER)
    op.execute(_NUMBER_WRITE_BEFORE)
    op.drop_table("spaces", schema="duly")
    for function in ("refuse_key()", "demand(bigint)"):
        op.execute(f"drop function duly.{function}")
    op.execute("drop function duly.current_space()")
    op.execute(
        f"grant insert (last_version), update (last_version) on duly.users to {owned.role()}"
    )
    owned.own("users", "subject", owned.USER, one_row=True)
    owned.own("tasks", "user_id", owned.USER)


def _create_spaces() -> None:
    op.create_table(
        "spaces",
        sa.Column(
            "id",
            sa.Text(collation="C"),
            primary_key=True,
            server_default=sa.text(owned.SPACE),
        ),
        sa.Column("last_version", sa.BigInteger(), nullable=False, server_default="0"),
        sa.Column("history_floor", sa.BigInteger(), nullable=False, server_default="0"),
        schema="duly",
    )
    # Every write updates last_version, which no index covers: leave room on the page (HOT).
    op.execute("alter table duly.spaces set (fillfactor = 50)")
    op.execute(_REFUSE_KEY)
    # A CHECK would be planned anew for each of these updates, which cost 12 us; keys never change.
    op.execute(
        "create trigger check_key before insert on duly.spaces for each row "
        f"when (not {_IDENTIFIER.format('new.id')}) execute function duly.refuse_key()"
    )
    op.execute(
        "insert into duly.spaces (id, last_version) select subject, last_version from duly.users"
    )


def _move_tasks(old: str, new: str, table: str, column: str, asker: str) -> None:
    """Let the tasks belong to the rows of another table."""
    op.execute(f"alter table duly.tasks drop constraint tasks_{old}_fkey")
    op.execute(f"alter table duly.tasks rename column {old} to {new}")
    op.execute(f"alter table duly.tasks alter {new} set default {asker}")
    op.execute(
        f"alter table duly.tasks add constraint tasks_{new}_fkey "
        f"foreign key ({new}) references duly.{table} ({column}) on delete cascade"
    )
