"""Tags are added and removed one by one, so that two clients that add one each both keep theirs."""

from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

_RETAG = """
create function duly.retag(tags text[], added text[], removed text[]) returns text[]
language plpgsql immutable parallel safe
as $$
declare
    kept text[] := array(
        select tag from unnest(tags) with ordinality as old (tag, place)
        where tag <> all (removed) order by place
    ) || array(
        select tag from unnest(added) with ordinality as new (tag, place)
        where tag <> all (tags) order by place
    );
begin
    if cardinality(kept) > 20 then
        raise exception 'too many tags' using errcode = 'DU016';
    end if;
    return kept;
end
$$
"""


def upgrade() -> None:
    op.execute(_RETAG)


def downgrade() -> None:
    op.execute("drop function duly.retag(text[], text[], text[])")
