"""A space knows how many tasks it has at most, so that a create need not count them.

The trigger that numbers writes adds what is created in the same update, so it costs next to
nothing. The bound may be too high (of a block of numbers not all need be used, an upsert may find
its row, and nothing takes off what is deleted), but never too low. Only when it says that a space
is full are the tasks counted, trash and all, and the bound is right again.
"""

import sqlalchemy as sa
from alembic import op

from backend.database.migrations import owned

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

# As `duly.number_write` in 0004, and: the bound counts a block of numbers as soon as it is taken,
# so creates use only blocks of their own, which end with `,c`; updates may use those up. A block
# ends where the space is full. Unset or '', `app.most_tasks` is no limit. All is asked in the one
# update, because an expression of plpgsql costs each transaction 1 us.
_NUMBER_CREATE = """
create function duly.number_create() returns trigger
language plpgsql
as $$
declare
    block text;
    latest bigint;
    reserved bigint;
    size bigint := 1;
    is_full boolean;
begin
    if current_setting('duly.numbers_of', true) = new.space_id then
        size := 16;
        block := current_setting('duly.numbers', true);
        if block <> '' then
            size := 1024;
            if split_part(block, ',', 3) = 'c' then
                latest := split_part(block, ',', 1);
                reserved := split_part(block, ',', 2);
            end if;
        end if;
    end if;
    if latest < reserved then
        latest := latest + 1;
    else
        update duly.spaces set last_version = last_version + size, task_bound = task_bound + size
            where id = new.space_id
            returning last_version,
                task_bound > nullif(current_setting('app.most_tasks', true), '')::bigint
            into reserved, is_full;
        if not found then
            raise exception 'there is no such space' using errcode = 'DU010';
        end if;
        latest := reserved - size + 1;
        if is_full then
            reserved := latest - 1 + duly.room_for_tasks(new.space_id, size);
        end if;
    end if;
    if size > 1 then
        block := set_config('duly.numbers', latest || ',' || reserved || ',c', true);
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

_ROOM_FOR_TASKS = """
create function duly.room_for_tasks(space text, wanted bigint) returns bigint
language plpgsql
as $$
declare
    held bigint := (select count(*) from duly.tasks where space_id = space);
    room bigint := least(wanted, current_setting('app.most_tasks')::bigint - held);
begin
    if room <= 0 then
        raise exception 'the space is full' using errcode = 'DU012';
    end if;
    update duly.spaces set task_bound = held + room where id = space;
    return room;
end
$$
"""


def upgrade() -> None:
    op.add_column(
        "spaces",
        sa.Column("task_bound", sa.BigInteger(), nullable=False, server_default="0"),
        schema="duly",
    )
    op.execute(
        "update duly.spaces set task_bound = held from"
        " (select space_id, count(*) as held from duly.tasks group by space_id) as counted"
        " where space_id = id"
    )
    op.execute(f"grant update (task_bound) on duly.spaces to {owned.role()}")
    op.execute(_ROOM_FOR_TASKS)
    op.execute(_NUMBER_CREATE)
    _trigger("number_write", "update", "number_write")
    _trigger("number_create", "insert", "number_create")


def downgrade() -> None:
    op.execute("drop trigger number_create on duly.tasks")
    _trigger("number_write", "insert or update", "number_write")
    for function in ("number_create()", "room_for_tasks(text, bigint)"):
        op.execute(f"drop function duly.{function}")
    op.drop_column("spaces", "task_bound", schema="duly")


def _trigger(name: str, events: str, function: str) -> None:
    op.execute(
        f"create or replace trigger {name} before {events} on duly.tasks "
        f"for each row execute function duly.{function}()"
    )
