"""Lists, of which each space has an inbox from the beginning, and what its user has chosen.

The inbox is made with the space; its id follows from the space's, so that nobody has to look it up
(docs/decisions/0036-lists.md).
"""

import sqlalchemy as sa
from alembic import op

from backend.database.migrations import owned

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

# No table has them yet; domains instead of constraints are decided (0015).
squawk_ignores = ["ban-create-domain-with-constraint", "ban-drop-column"]

# A UUIDv7 of the year 1970 whose other bits are of a hash, so that no two spaces have the same.
_INBOX_OF = """
create function duly.inbox_of(space text) returns uuid
language plpgsql immutable parallel safe strict
as $$
begin
    return overlay(
        overlay(
            left(encode(sha256(convert_to(space, 'UTF8')), 'hex'), 32)
            placing '0000000000007' from 1
        ) placing '8' from 17
    );
end
$$
"""

# No write made it, so it has no number.
_MAKE_INBOX = """
create function duly.make_inbox() returns trigger
language plpgsql
as $$
begin
    if new.id = duly.current_space() then
        insert into duly.lists (id, name) values (duly.inbox_of(new.id), 'Inbox');
    else
        insert into duly.lists (space_id, id, name) values (new.id, duly.inbox_of(new.id), 'Inbox');
    end if;
    return null;
end
$$
"""
_NOW_RANK = sa.text("duly.rank_at(clock_timestamp())")


def upgrade() -> None:
    op.execute(_INBOX_OF)
    op.execute(_MAKE_INBOX)
    op.execute("create domain duly.color as text check (value ~ '^#[0-9a-f]{6}$')")
    op.execute("create domain duly.time_zone as text check (char_length(value) between 1 and 64)")
    _create_lists()
    _create_settings()


def downgrade() -> None:
    op.execute("drop trigger make_inbox on duly.spaces")
    op.add_column(
        "users",
        sa.Column("time_zone", sa.Text(), nullable=False, server_default="UTC"),
        schema="duly",
    )
    op.execute(
        "update duly.users set time_zone = settings.time_zone"
        " from duly.settings where space_id = subject"
    )
    op.execute(f"grant update (time_zone) on duly.users to {owned.role()}")
    for table in ("settings", "lists"):
        op.drop_table(table, schema="duly")
    for domain in ("time_zone", "color"):
        op.execute(f"drop domain duly.{domain}")
    op.execute("drop function duly.make_inbox(), duly.inbox_of(text)")


def _create_lists() -> None:
    owned.create(
        "lists",
        sa.Column("id", owned.domain("uuid7"), nullable=False),
        sa.Column("name", owned.domain("title"), nullable=False),
        sa.Column("color", owned.domain("color")),
        sa.Column("position", owned.domain("rank"), nullable=False, server_default=_NOW_RANK),
        sa.Column("archived", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column(
            "is_inbox",
            sa.Boolean(),
            sa.Computed("id = duly.inbox_of(space_id)", persisted=True),
            nullable=False,
        ),
        sa.Column("deleted_at", sa.DateTime(timezone=True)),
        insert=["id", "name", "color", "position", "archived", "created_at", "deleted_at"],
        update=["name", "color", "position", "archived", "deleted_at"],
    )
    op.execute(
        "create or replace trigger number_write before update on duly.lists"
        " for each row execute function duly.number_write()"
    )
    op.execute(
        "create trigger number_create before insert on duly.lists for each row"
        " when (new.id <> duly.inbox_of(new.space_id)) execute function duly.number_write()"
    )
    op.execute(
        "create trigger make_inbox after insert on duly.spaces"
        " for each row execute function duly.make_inbox()"
    )
    op.execute(
        "insert into duly.lists (space_id, id, name)"
        " select id, duly.inbox_of(id), 'Inbox' from duly.spaces"
    )


def _create_settings() -> None:
    owned.create(
        "settings",
        sa.Column(
            "time_zone", owned.domain("time_zone"), nullable=False, server_default=sa.text("'UTC'")
        ),
        key=(),
        insert=["time_zone"],
        update=["time_zone"],
    )
    op.execute(
        "insert into duly.settings (space_id, time_zone) select subject, time_zone"
        " from duly.users join duly.spaces on id = subject where time_zone <> 'UTC'"
    )
    op.drop_column("users", "time_zone", schema="duly")
