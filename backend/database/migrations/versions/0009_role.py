"""The database says which role requests run as: `duly_api` may be another owner's."""

from alembic import op

from backend.database.migrations import owned, role

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    role.record(op.get_bind(), owned.role())


def downgrade() -> None:
    op.execute("drop function duly.api_role()")
