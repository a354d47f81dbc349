r"""Titles show something, and sort as people expect, alike on every server.

The key by which titles sort is made here and kept beside them: a server may lack ICU (the one of
development does), and the order of a library changes with its version under the indexes
(docs/decisions/0027-titles.md). Both walls refuse invisible titles; here stands what no version of
Unicode will change, `backend/core/visibility.py` knows the rest.

Existing titles that show nothing become `…`. Adding the key writes the table anew.
"""

from alembic import op

from backend.database.migrations.folding import IGNORABLE, SYMBOLS, folded

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_BLANK = r"\0001-\0020\007F-\00A0\1680\2000-\200A\2028-\2029\202F\205F\3000\2800\+01D159"
_SHOWS = f"value ~ U&'[^{_BLANK}{IGNORABLE}]'"
# As 0003 has it.
_BLANKS_BEFORE = (
    r"U&'\0009\000A\000B\000C\000D\0020\0085\00A0\1680\2000\2001\2002\2003"
    r"\2004\2005\2006\2007\2008\2009\200A\2028\2029\202F\205F\3000'"
)
_SHOWED = f"btrim(value, {_BLANKS_BEFORE}) <> ''"

# Punctuation and symbols come before digits and letters, as UTS 10 has them. What ASCII has behind
# its digits takes the place of control characters; a look for it costs less than `translate`.
_RANKED = r""":;<=>?@[\\]^_`{|}~"""
_RANKS = "".join(rf"\{code:04X}" for code in range(0x0E, 0x1F))
_HAS_RANKED = "title ~ '[:-@[-`{-~]'"
# Bounded, because an entry of an index is; a letter can decompose into eighteen.
_KEY_LENGTH = 200

_KEY_TITLE = """
create function duly.key_title() returns trigger
language plpgsql
as $$
begin
    new.title_key := duly.title_key(new.title);
    return new;
end
$$
"""


def upgrade() -> None:
    shows = _SHOWS.replace("value", "title")
    op.execute(f"update duly.tasks set title = U&'\\2026' where not ({shows})")  # noqa: S608
    _check_titles(_SHOWS)
    op.execute(_title_key())
    # As a generated column it is made for all rows at once, unseen by triggers that number writes;
    # but to stay one would cost each write 0.1 ms, for its expression is planned every time.
    op.execute(
        'alter table duly.tasks add title_key text collate "C" not null'
        " generated always as (duly.title_key(title)) stored"
    )
    op.execute("alter table duly.tasks alter title_key drop expression")
    op.execute(_KEY_TITLE)
    op.execute(
        "create trigger key_title before insert or update of title on duly.tasks"
        " for each row execute function duly.key_title()"
    )
    op.execute("alter table duly.tasks enable always trigger key_title")
    op.execute(
        "create index tasks_by_title on duly.tasks (space_id, title_key, id)"
        " where deleted_at is null"
    )


def downgrade() -> None:
    op.execute("drop trigger key_title on duly.tasks")
    op.execute("drop function duly.key_title()")
    op.drop_column("tasks", "title_key", schema="duly")
    op.execute("drop function duly.title_key(text)")
    _check_titles(_SHOWED)


def _check_titles(check: str) -> None:
    op.execute("alter domain duly.title drop constraint title_check")
    op.execute(
        f"alter domain duly.title add constraint title_check"
        f" check (char_length(value) <= 500 and {check})"
    )


def _title_key() -> str:
    """The function that makes the key; titles in ASCII, the most, take the short way."""
    key = folded("title")
    key = f"regexp_replace({key}, U&'([{SYMBOLS}])', U&'\\001F\\\\1', 'g')"
    short = 'lower(title collate "C") collate "C"'
    is_ascii = "octet_length(title) = char_length(title)"
    either = f"case when {is_ascii} then {short} else {key} end"
    # In steps: what is not come to costs nothing, while the whole of an expression is set up.
    return f"""
create function duly.title_key(title text) returns text
language plpgsql immutable parallel safe
as $$
begin
    if {is_ascii} and not {_HAS_RANKED} then
        return left({short}, {_KEY_LENGTH});
    end if;
    return left(translate({either}, U&'{_RANKED}', U&'{_RANKS}'), {_KEY_LENGTH});
end
$$
"""
