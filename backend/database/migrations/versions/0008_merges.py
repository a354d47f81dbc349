"""A task that comes from another account keeps when it was made, and whether it is in the trash."""

from alembic import op

from backend.database.migrations import owned

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_KEPT = "insert (created_at, deleted_at) on duly.tasks"


def upgrade() -> None:
    op.execute(f"grant {_KEPT} to {owned.role()}")


def downgrade() -> None:
    op.execute(f"revoke {_KEPT} from {owned.role()}")
