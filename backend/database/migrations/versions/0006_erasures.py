"""A large account is erased in steps: its space is marked, and waits in a list of erasures.

The list is itself the space of nobody who could sign in: only a call that acts in it sees it, as
ever, so neither the role of requests nor its policies need an exception.
"""

import sqlalchemy as sa
from alembic import op

from backend.database.migrations import owned

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

# Every write of a space's rows counts in the row of the space: asked there it costs nothing, while
# a trigger costs each write 2 us.
_NUMBERING = ("duly.number_write()", "duly.number_create()")
_REFUSAL = {
    "where id = new.space_id\n": "where id = new.space_id and erasing_at is null\n",
    "errcode = 'DU010';": "errcode = case when exists"
    " (select from duly.spaces where id = new.space_id) then 'DU013' else 'DU010' end;",
}


def upgrade() -> None:
    op.add_column("spaces", sa.Column("erasing_at", sa.DateTime(timezone=True)), schema="duly")
    op.execute(f"grant update (erasing_at) on duly.spaces to {owned.role()}")
    owned.rewrite(_NUMBERING, _REFUSAL)
    op.execute("insert into duly.spaces (id) values ('~erasures')")
    owned.create(
        "erasures",
        sa.Column("subject", sa.Text(collation="C")),
        sa.Column(
            "claimed_until",
            sa.DateTime(timezone=True),
            nullable=False,
            # By the clock and not since the transaction began, which may have waited for its lock.
            server_default=sa.text("clock_timestamp() + interval '3 s'"),
        ),
        key=["subject"],
        insert=["subject"],
        update=["claimed_until"],
    )


def downgrade() -> None:
    # What is left of marked accounts would be open to their users again.
    op.execute("delete from duly.spaces where erasing_at is not null or id = '~erasures'")
    op.drop_table("erasures", schema="duly")
    owned.rewrite(_NUMBERING, {new: old for old, new in _REFUSAL.items()})
    op.drop_column("spaces", "erasing_at", schema="duly")
