"""What becomes of lists, tasks and settings is kept, by triggers that no write gets round.

Each number of a space names a change in `duly.history`: changed fields only, as they were and as
they are, and `operation`, the first number of the same transaction. What is gone for good leaves
its numbers, without content (docs/decisions/0040-history.md).

A new space begins to count behind where the erased one that had counted furthest stopped: so no
number comes a second time when an account begins anew, and neither entity tags nor cursors from
before mean anything there: all of them lie under its floor. The row of `~directory` knows how far
that is, and nothing of whose it was.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from backend.database.migrations import owned

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

_TASKS = [
    *("title", "description", "list_id", "parent_id", "position", "tags", "priority"),
    *("due_date", "due_time", "due_time_zone"),
    *("recurrence", "recurrence_anchor", "recurrence_from", "stepped_from"),
    *("completed_at", "completed_with", "deleted_at", "trashed_with"),
]
_LISTS = ["name", "color", "position", "archived", "deleted_at"]

# The first row of a transaction names it.
_NUMBERING = ("duly.number_write()", "duly.number_create()")
_FIRST = "block := set_config('duly.numbers_of', new.space_id, true)"
_FIRST_NAMES = f"{_FIRST} || set_config('duly.operation', latest::text, true)"

_ENTER_SPACE = """
create or replace function duly.enter_space() returns trigger
language plpgsql
as $$
declare
    acting text := coalesce(current_setting('app.space_id', true), '');
    origin bigint;
begin
    perform set_config('app.space_id', '~directory', true);
    if tg_op = 'INSERT' then
        insert into duly.directory (space) values (new.id) on conflict do nothing;
        select last_version into origin from duly.spaces where id = '~directory';
    else
        delete from duly.directory where space_id = '~directory' and space = old.id;
        update duly.spaces set last_version = old.last_version + 1
            where id = '~directory' and last_version <= old.last_version;
    end if;
    perform set_config('app.space_id', acting, true);
    if origin > 0 then
        update duly.spaces set last_version = greatest(last_version, origin), history_floor = origin
            where id = new.id;
    end if;
    return null;
end
$$
"""

# As 0015 has it.
_ENTER_SPACE_BEFORE = """
create or replace function duly.enter_space() returns trigger
language plpgsql
as $$
declare
    acting text := coalesce(current_setting('app.space_id', true), '');
begin
    perform set_config('app.space_id', '~directory', true);
    if tg_op = 'INSERT' then
        insert into duly.directory (space) values (new.id) on conflict do nothing;
    else
        delete from duly.directory where space_id = '~directory' and space = old.id;
    end if;
    perform set_config('app.space_id', acting, true);
    return null;
end
$$
"""

# Of many rows at once, since they are not changed any more: numbers of their own, and what the
# history says of them is emptied. A space that is being erased, or is gone, keeps no history. Which
# rows that is, is said by a constant, which PostgreSQL hashes: by a join, and a plan of when the
# history was small, it would read all of it for each.
_REMEMBER_DELETED = """
create function duly.remember_deleted() returns trigger
language plpgsql
set enable_seqscan = off
as $$
declare
    block text;
    emptied record;
begin
    with counted as (
        select space_id, count(*) as amount from gone group by space_id
    ), numbered as (
        update duly.spaces set last_version = last_version + amount
            from counted where id = space_id and erasing_at is null
            returning id, last_version - amount as before,
                case when current_setting('duly.numbers_of', true) = id
                    then current_setting('duly.operation')::bigint
                    else last_version - amount + 1
                end as operation
    ), noted as (
        insert into duly.history
                (space_id, version, type, entity_id, operation, change, actor, request_id)
            select numbered.id,
                before + row_number() over (partition by numbered.id order by gone.id),
                tg_argv[0], gone.id, operation, 'deleted',
                nullif(current_setting('app.actor', true), ''),
                nullif(current_setting('app.request_id', true), '')
            from gone join numbered on numbered.id = gone.space_id
    )
    select set_config('duly.numbers', '', true) || set_config('duly.numbers_of', id, true)
            || set_config('duly.operation', numbered.operation::text, true)
        into block from numbered;
    for emptied in
        select id, array(select gone.id from gone where space_id = spaces.id) as entities
            from duly.spaces where id in (select space_id from gone) and erasing_at is null
    loop
        execute format(
            'update duly.history set before = null, after = null'
            ' where space_id = %L and entity_id = any (%L::uuid[]) and before is not null',
            emptied.id, emptied.entities
        );
    end loop;
    return null;
end
$$
"""


def upgrade() -> None:
    owned.create(
        "history",
        sa.Column("version", sa.BigInteger()),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("entity_id", sa.Uuid(), nullable=False),
        sa.Column("operation", sa.BigInteger(), nullable=False),
        sa.Column("change", sa.Text(), nullable=False),
        sa.Column("before", JSONB()),
        sa.Column("after", JSONB()),
        # Behind the space's lock, so in the order of the versions.
        sa.Column(
            "at",
            sa.DateTime(timezone=True),
            nullable=False,
            server_default=sa.text("clock_timestamp()"),
        ),
        sa.Column("actor", sa.Text()),
        sa.Column("request_id", sa.Text()),
        sa.Index("history_of_entity", "space_id", "entity_id", "version"),
        key=["version"],
        # By triggers alone, which act with the rights of whoever writes.
        insert=[
            *("space_id", "version", "type", "entity_id", "operation", "change"),
            *("before", "after", "actor", "request_id"),
        ],
        update=["before", "after"],
        counted=False,
    )
    owned.grant("spaces", update=["history_floor"])
    # What was written before is in no history.
    op.execute("update duly.spaces set history_floor = last_version")
    op.execute("insert into duly.spaces (id) values ('~directory')")
    op.execute(_ENTER_SPACE)
    owned.rewrite(_NUMBERING, {_FIRST: _FIRST_NAMES})
    op.execute(_REMEMBER_DELETED)
    owned.record("tasks", "task", _TASKS)
    owned.record("lists", "list", _LISTS)
    owned.record("settings", "settings", ["time_zone"], entity=None)


def downgrade() -> None:
    for table in ("settings", "lists", "tasks"):
        owned.forget(table)
    op.execute("drop function duly.remember_deleted()")
    owned.rewrite(_NUMBERING, {_FIRST_NAMES: _FIRST})
    op.execute(_ENTER_SPACE_BEFORE)
    op.execute("delete from duly.spaces where id = '~directory'")
    op.execute(f"revoke update (history_floor) on duly.spaces from {owned.role()}")
    op.execute("update duly.spaces set history_floor = 0")
    op.drop_table("history", schema="duly")
