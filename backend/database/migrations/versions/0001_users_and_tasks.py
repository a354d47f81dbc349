"""Users and tasks, isolated by row-level security, numbered by a trigger."""

import sqlalchemy as sa
from alembic import op

from backend.database.migrations import owned

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_CURRENT_USER_ID = """
create function duly.current_user_id() returns text
language sql stable parallel safe
return nullif(current_setting('app.user_id', true), '')
"""

_NUMBER_WRITE = """
create function duly.number_write() returns trigger
language plpgsql
as $$
begin
    -- The row lock is held to the end of the transaction, so that the numbers of a user
    -- become visible in their order.
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


def upgrade() -> None:
    op.execute(_CURRENT_USER_ID)
    op.execute(_NUMBER_WRITE)
    _create_users()
    _create_tasks()
    op.execute(
        "create trigger number_write before insert or update on duly.tasks "
        "for each row execute function duly.number_write()"
    )
    for table, owner in (("users", "subject"), ("tasks", "user_id")):
        op.execute(f"alter table duly.{table} enable row level security")
        op.execute(f"alter table duly.{table} force row level security")
        op.execute(
            f"create policy own_rows on duly.{table} "
            f"using ({owner} = (select duly.current_user_id())) "
            f"with check ({owner} = (select duly.current_user_id()))"
        )
    _grant()


def _create_users() -> None:
    op.create_table(
        "users",
        sa.Column(
            "subject",
            sa.Text(collation="C"),
            primary_key=True,
            server_default=sa.text("duly.current_user_id()"),
        ),
        sa.Column("email", sa.Text()),
        sa.Column("name", sa.Text()),
        sa.Column("time_zone", sa.Text(), nullable=False, server_default="UTC"),
        sa.Column("claims_issued_at", sa.BigInteger(), nullable=False, server_default="0"),
        sa.Column("last_version", sa.BigInteger(), nullable=False, server_default="0"),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            nullable=False,
            server_default=sa.text("now()"),
        ),
        sa.Column(
            "updated_at",
            sa.DateTime(timezone=True),
            nullable=False,
            server_default=sa.text("now()"),
        ),
        sa.CheckConstraint("char_length(subject) between 1 and 255", name="users_subject_length"),
        sa.CheckConstraint("char_length(name) <= 255", name="users_name_length"),
        sa.CheckConstraint("char_length(email) <= 320", name="users_email_length"),
        schema="duly",
    )
    # Every write updates last_version, which no index covers: leave room on the page (HOT).
    op.execute("alter table duly.users set (fillfactor = 50)")


def _create_tasks() -> None:
    op.create_table(
        "tasks",
        sa.Column(
            "user_id",
            sa.Text(collation="C"),
            sa.ForeignKey("duly.users.subject", ondelete="CASCADE"),
            primary_key=True,
            server_default=sa.text("duly.current_user_id()"),
        ),
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("description", sa.Text()),
        sa.Column(
            "completed",
            sa.Boolean(),
            sa.Computed("completed_at is not null", persisted=True),
            nullable=False,
        ),
        sa.Column("completed_at", sa.DateTime(timezone=True)),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            nullable=False,
            server_default=sa.text("now()"),
        ),
        sa.Column(
            "updated_at",
            sa.DateTime(timezone=True),
            nullable=False,
            server_default=sa.text("now()"),
        ),
        sa.Column("deleted_at", sa.DateTime(timezone=True)),
        sa.Column("version", sa.BigInteger(), nullable=False, server_default="0"),
        sa.CheckConstraint("id::text ~ '^.{14}7.{4}[89ab]'", name="tasks_id_is_uuid7"),
        sa.CheckConstraint(
            "char_length(title) <= 500 and btrim(title, U&'"
            "\\0009\\000A\\000B\\000C\\000D\\0020\\0085\\00A0\\1680\\2000\\2001\\2002\\2003"
            "\\2004\\2005\\2006\\2007\\2008\\2009\\200A\\2028\\2029\\202F\\205F\\3000') <> ''",
            name="tasks_title_length",
        ),
        sa.CheckConstraint("char_length(description) <= 16384", name="tasks_description_length"),
        schema="duly",
    )
    op.create_index(
        "tasks_newest",
        "tasks",
        ["user_id", sa.text("created_at desc"), sa.text("id desc")],
        schema="duly",
        postgresql_where=sa.text("deleted_at is null"),
    )


def _grant() -> None:
    """What requests may do; owner, version and times of a task are the database's own."""
    op.execute(f"grant usage on schema duly to {owned.role()}")
    owned.grant(
        "users",
        insert=["subject", "email", "name", "claims_issued_at", "last_version"],
        update=["email", "name", "claims_issued_at", "time_zone", "last_version", "updated_at"],
        delete=True,
    )
    owned.grant(
        "tasks",
        insert=["id", "title", "description", "completed_at"],
        update=["title", "description", "completed_at", "deleted_at"],
        delete=True,
    )


def downgrade() -> None:
    op.drop_table("tasks", schema="duly")
    op.drop_table("users", schema="duly")
    op.execute("drop function duly.number_write()")
    op.execute("drop function duly.current_user_id()")
    # The role stays: other databases of the cluster may use it.
    op.execute(f"revoke usage on schema duly from {owned.role()}")
