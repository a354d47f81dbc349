"""Which of many spaces have changed, told in one statement to whoever watches for their users.

Row-level security shows one space at a time, to the owner of the tables as well, so the function
goes from one to the next. Requests cannot call it: it is for logins, by whose own name the service
asks (docs/decisions/0045-events.md). `duly migrate` grants it to those that may act as requests do.
"""

from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

# A version that is null says that the space is gone, or about to be.
_COUNTERS = """
create function duly.counters(spaces text[], known bigint[])
returns table (space text, version bigint)
language plpgsql stable security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    acting text := coalesce(current_setting('app.space_id', true), '');
    asked record;
    looked_at text;
    counted bigint;
    erasing boolean;
begin
    for asked in select * from unnest(spaces, known) as pair (id, known) loop
        looked_at := set_config('app.space_id', asked.id, true);
        select last_version, erasing_at is not null into counted, erasing
            from duly.spaces where id = asked.id;
        if erasing or counted is null and asked.known > 0 then
            space := asked.id;
            version := null;
            return next;
        elsif counted > asked.known then
            space := asked.id;
            version := counted;
            return next;
        end if;
    end loop;
    perform set_config('app.space_id', acting, true);
end
$$
"""


def upgrade() -> None:
    op.execute(_COUNTERS)
    op.execute("revoke execute on function duly.counters(text[], bigint[]) from public")


def downgrade() -> None:
    op.execute("drop function duly.counters(text[], bigint[])")
