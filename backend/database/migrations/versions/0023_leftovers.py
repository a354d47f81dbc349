"""With a space goes what is in its history and under its keys, whoever deletes it.

No foreign key leads from either to the space, so a program deletes them by statements of its own.
One from before 0018 knows of neither, and serves beside a newer one while instances are replaced:
what it erased or merged left the words of its tasks behind, where nobody would ever find them.
"""

from alembic import op

from backend.database.migrations import owned

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

_ENTER_SPACE = ("duly.enter_space()",)
# Before it acts in the space of the list: until then its rows are those of the one who is gone.
_AS_BEFORE = "perform set_config('app.space_id', '~directory', true);\n    if tg_op"
_CLEANING = f"""if tg_op = 'DELETE' then
        delete from duly.history where space_id = old.id;
        delete from duly.idempotency where user_id = old.id;
    end if;
    {_AS_BEFORE}"""  # noqa: S608 - our own names

_FORGET_CHANGES = """
delete from duly.history
where not exists (select from duly.spaces where spaces.id = history.space_id)
"""
_FORGET_KEYS = """
delete from duly.idempotency
where not exists (select from duly.spaces where spaces.id = idempotency.user_id)
"""


def upgrade() -> None:
    owned.rewrite(_ENTER_SPACE, {_AS_BEFORE: _CLEANING})
    # A plan made while there was little of both would read all of them later.
    op.execute("alter function duly.enter_space() set enable_seqscan = off")
    op.execute(_FORGET_CHANGES)
    op.execute(_FORGET_KEYS)


def downgrade() -> None:
    op.execute("alter function duly.enter_space() reset enable_seqscan")
    owned.rewrite(_ENTER_SPACE, {_CLEANING: _AS_BEFORE})
