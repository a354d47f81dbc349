"""From when on the history of a space is whole, as a time: `history_floor` says it as a number.

What is thinned raises both. Of a space whose history was never cut, nothing is missing however far
back one looks.

A statement that moves a tree and changes what is below it has both in one list in the end: so what
is below is looked at as it is by then, and not as it was when its row was written.
"""

import sqlalchemy as sa
from alembic import op

from backend.database.migrations import owned

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

_MEETING = ("duly.meet_parent()",)
_AS_WRITTEN = "if parent.list_id <> new.list_id then"
_AS_IT_IS = """if parent.list_id <> new.list_id and exists (
        select from duly.tasks
            where space_id = new.space_id and id = new.id and list_id = new.list_id
    ) then"""


def upgrade() -> None:
    op.add_column(
        "spaces",
        sa.Column(
            "history_from",
            sa.DateTime(timezone=True),
            nullable=False,
            server_default=sa.text("'-infinity'"),
        ),
        schema="duly",
    )
    owned.grant("spaces", update=["history_from"])
    # What was written before there was a history is in none.
    op.execute("update duly.spaces set history_from = now() where history_floor > 0")
    owned.rewrite(_MEETING, {_AS_WRITTEN: _AS_IT_IS})


def downgrade() -> None:
    owned.rewrite(_MEETING, {_AS_IT_IS: _AS_WRITTEN})
    op.drop_column("spaces", "history_from", schema="duly")
