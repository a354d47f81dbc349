"""A directory of all spaces, by which jobs find them; and what an import puts back as it was.

Row-level security shows everybody one space, the owner of the tables too. So the directory is
itself the space of nobody who could sign in (as the list of erasures is, 0006), and a trigger goes
there for each space that comes or goes. A task that is imported keeps when it was changed last:
the column's default says now, and only later writes say so by trigger.
"""

import sqlalchemy as sa
from alembic import op

from backend.database.migrations import owned

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

_ENTER_SPACE = """
create function duly.enter_space() returns trigger
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
_CREATE = ("duly.number_create()",)
_UPDATED_NOW = "    new.updated_at := now();\n"
_UPDATED_BY_DEFAULT = "    -- `updated_at` has a default, which an import overrides.\n"


def upgrade() -> None:
    owned.create(
        "directory",
        sa.Column("space", sa.Text(collation="C")),
        sa.Column(
            "tidied_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.text("now()")
        ),
        sa.Index("directory_by_turn", "space_id", "tidied_at"),
        key=["space"],
        insert=["space"],
        update=["tidied_at"],
        counted=False,
    )
    # At some time within the last day each, so that they are not all due at once.
    op.execute(
        "insert into duly.directory (space_id, space, tidied_at)"
        " select '~directory', id, now() - random() * interval '1 day'"
        " from duly.spaces where id not like '~%'"
    )
    op.execute(_ENTER_SPACE)
    for event, row in (("insert", "new"), ("delete", "old")):
        op.execute(
            f"create trigger enter_space_on_{event} after {event} on duly.spaces for each row"
            f" when ({row}.id not like '~%') execute function duly.enter_space()"
        )
    owned.grant("tasks", insert=["updated_at"])
    owned.rewrite(_CREATE, {_UPDATED_NOW: _UPDATED_BY_DEFAULT})


def downgrade() -> None:
    owned.rewrite(_CREATE, {_UPDATED_BY_DEFAULT: _UPDATED_NOW})
    op.execute(f"revoke insert (updated_at) on duly.tasks from {owned.role()}")
    for event in ("insert", "delete"):
        op.execute(f"drop trigger enter_space_on_{event} on duly.spaces")
    op.execute("drop function duly.enter_space()")
    op.drop_table("directory", schema="duly")
