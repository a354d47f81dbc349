"""From when on the history of a space is whole, as a time: `history_floor` says it as a number.

What is thinned raises both. Of a space whose history was never cut, nothing is missing however far
back one looks.
"""

import sqlalchemy as sa
from alembic import op

from backend.database.migrations import owned

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


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


def downgrade() -> None:
    op.drop_column("spaces", "history_from", schema="duly")
