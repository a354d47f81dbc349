"""Room on each page of tasks, so that an update stays clear of the indexes (HOT).

Rows that are there already get it as they are written again, or by `vacuum full`.
"""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("alter table duly.tasks set (fillfactor = 90)")


def downgrade() -> None:
    op.execute("alter table duly.tasks reset (fillfactor)")
