"""What requests with an `Idempotency-Key` were answered from, so that a repeat does nothing.

It belongs to users and not to spaces: a key is theirs, wherever they act.
"""

import sqlalchemy as sa
from alembic import op

from backend.database.migrations import owned

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

# A request has some hundred operations at most, and an operation some ten statements.
squawk_ignores = ["prefer-bigint-over-smallint"]

_REPLAY = """
create function duly.replay() returns void
language plpgsql
as $$
begin
    raise exception 'the key has been used' using errcode = 'DU019';
end
$$
"""


def upgrade() -> None:
    owned.create(
        "idempotency",
        sa.Column("key", sa.Text(collation="C")),
        sa.Column("operation", sa.SmallInteger()),
        sa.Column("step", sa.SmallInteger()),
        sa.Column("fingerprint", sa.Text(collation="C"), nullable=False),
        sa.Column(
            "request_id",
            sa.Text(),
            nullable=False,
            server_default=sa.text("current_setting('app.request_id', true)"),
        ),
        sa.Column("refusal", sa.Text()),
        sa.Column("rows", sa.Text(), nullable=False),
        sa.Column(
            "at", sa.DateTime(timezone=True), nullable=False, server_default=sa.text("now()")
        ),
        key=["key", "operation", "step"],
        insert=["key", "operation", "step", "fingerprint", "refusal", "rows"],
        counted=False,
        of_user=True,
    )
    op.execute(_REPLAY)


def downgrade() -> None:
    op.execute("drop function duly.replay()")
    op.drop_table("idempotency", schema="duly")
