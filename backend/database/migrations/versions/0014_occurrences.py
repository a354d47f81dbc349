"""A recurring task knows its last step, which can be undone; time zones are those PostgreSQL knows.

A zone that it does not know would make every list fail that compares times in it.
"""

from alembic import op

from backend.database.migrations import owned

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

# Nobody waits: no row is looked at for the rule.
squawk_ignores = ["ban-alter-domain-with-add-constraint"]

# Where it has no zone of its own, it is the user's that counts.
_CLOCK_OF = """
create function duly.clock_of(space text, zone text) returns timestamp
language plpgsql stable parallel safe
as $$
begin
    return now() at time zone coalesce(
        zone, (select time_zone from duly.settings where space_id = space), 'UTC'
    );
end
$$
"""


def upgrade() -> None:
    op.execute(_CLOCK_OF)
    op.execute("alter table duly.tasks add stepped_from jsonb")
    owned.grant("tasks", insert=["stepped_from"], update=["stepped_from"])
    # It raises an error of its own for a name that it does not know. Zones that are there already
    # came from the same list that services take theirs from.
    op.execute(
        "alter domain duly.time_zone add constraint time_zone_is_known"
        " check (timezone(value, timestamp '2000-01-01') > '-infinity') not valid"
    )


def downgrade() -> None:
    op.execute("alter domain duly.time_zone drop constraint time_zone_is_known")
    op.execute("alter table duly.tasks drop column stepped_from")
    op.execute("drop function duly.clock_of(text, text)")
