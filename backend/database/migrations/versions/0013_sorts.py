"""Tasks can be listed by when they are due and by priority, from an index.

Only tasks that have a date or a priority have a place in these indexes, so that the others pay
nothing for them; and nothing that a tick changes is in them, so that it stays a heap-only update.
"""

from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

# It comes with 0012, which writes the table anew under the same lock; there are few dates yet.
squawk_ignores = [
    "adding-field-with-default",
    "prefer-timestamp-tz",  # a time on the clock, wherever it hangs
    "require-concurrent-index-creation",
]

_DUE_KEY = "due_date + coalesce(due_time, '23:59:59.999999'::time)"

# As RFC 5545, 3.3.5 has it: of two equal times the first; what is skipped counts by the offset
# before. PostgreSQL takes the second of two.
_INSTANT_OF = """
create function duly.instant_of(clock timestamp, zone text) returns timestamptz
language sql immutable parallel safe
return case
    when (((clock - interval '1 day') at time zone zone) + interval '24 hours') at time zone zone
        = clock
    then ((clock - interval '1 day') at time zone zone) + interval '24 hours'
    else clock at time zone zone
end
"""


def upgrade() -> None:
    op.execute(_INSTANT_OF)
    op.execute(
        f"alter table duly.tasks add due_key timestamp generated always as ({_DUE_KEY}) stored"
    )
    op.execute(
        "create index tasks_by_due on duly.tasks (space_id, due_key, id)"
        " where deleted_at is null and due_key is not null"
    )
    op.execute(
        "create index tasks_by_priority on duly.tasks (space_id, priority, id)"
        " where deleted_at is null and priority > 0"
    )


def downgrade() -> None:
    op.execute("drop index duly.tasks_by_priority")
    op.execute("alter table duly.tasks drop column due_key")
    op.execute("drop function duly.instant_of(timestamp, text)")
