r"""Titles show something, and sort as people expect, alike on every server.

The key by which titles sort is made here and kept beside them: a server may lack ICU (the one of
development does), and the order of a library changes with its version under the indexes
(docs/decisions/0027-titles.md). Both walls refuse invisible titles; here stands what no version of
Unicode will change, `backend/core/visibility.py` knows the rest.

Existing titles that show nothing become `…`. Adding the key writes the table anew.
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

# White_Space and the controls, Default_Ignorable_Code_Point, and two that are blank by design.
_IGNORABLE = (
    r"\00AD\034F\061C\115F-\1160\17B4-\17B5\180B-\180F\200B-\200F\202A-\202E\2060-\206F\3164"
    r"\FE00-\FE0F\FEFF\FFA0\FFF0-\FFF8\+01BCA0-\+01BCA3\+01D173-\+01D17A\+0E0000-\+0E0FFF"
)
_BLANK = r"\0001-\0020\007F-\00A0\1680\2000-\200A\2028-\2029\202F\205F\3000\2800\+01D159"
_SHOWS = f"value ~ U&'[^{_BLANK}{_IGNORABLE}]'"
# As 0003 has it.
_BLANKS_BEFORE = (
    r"U&'\0009\000A\000B\000C\000D\0020\0085\00A0\1680\2000\2001\2002\2003"
    r"\2004\2005\2006\2007\2008\2009\200A\2028\2029\202F\205F\3000'"
)
_SHOWED = f"btrim(value, {_BLANKS_BEFORE}) <> ''"

# Accents and points, which Latin, Greek, Cyrillic, Hebrew, Arabic and Kana letters sort without.
_ACCENTS = (
    r"\0300-\036F\0483-\0489\0591-\05BD\05BF\05C1-\05C2\05C4-\05C5\05C7\0610-\061A\064B-\065F"
    r"\0670\06D6-\06DC\06DF-\06E4\06E7-\06E8\06EA-\06ED\1AB0-\1AFF\1DC0-\1DFF\20D0-\20FF"
    r"\3099-\309A\FE20-\FE2F"
)
_SYMBOLS = r"\00A1-\00BF\00D7\00F7\2010-\2BFF\3001-\3003\3008-\3020\3030\+01F000-\+01FAFF"
# Punctuation and symbols come before digits and letters, as UTS 10 has them. What ASCII has behind
# its digits takes the place of control characters; a look for it costs less than `translate`.
_RANKED = r""":;<=>?@[\\]^_`{|}~"""
_RANKS = "".join(rf"\{code:04X}" for code in range(0x0E, 0x1F))
_HAS_RANKED = "title ~ '[:-@[-`{-~]'"
# Letters that are others with a stroke or without a dot, or two in one; й is one of its own.
_ALIKE = (r"\00F8\0142\0111\0127\0167\0131\00F0", "oldhtid")
_PAIRS = {
    r"\0438\0306": r"\0439",
    r"\00DF": "ss",
    r"\00E6": "ae",
    r"\0153": "oe",
    r"\00FE": "th",
}
# Bounded, because an entry of an index is; a letter can decompose into eighteen.
_KEY_LENGTH = 200

# Any of these folds case by Unicode's own table.
_FOLDING = "{pg_c_utf8,und-x-icu,C.utf8,C.UTF-8,en_US.utf8}"
_FIND_FOLDING = """
select collname from pg_collation
where collname = any(cast(:names as text[])) and collnamespace = 'pg_catalog'::regnamespace
    and collencoding in (-1, (select encoding from pg_database where datname = current_database()))
order by array_position(cast(:names as text[]), collname::text) limit 1
"""

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
    found = op.get_bind().scalar(sa.text(_FIND_FOLDING), {"names": _FOLDING})
    key = f'lower(normalize(title, nfkd) collate "{found or "default"}") collate "C"'
    for letters, other in _PAIRS.items():
        key = f"replace({key}, U&'{letters}', U&'{other}')"
    key = f"translate({key}, U&'{_ALIKE[0]}', '{_ALIKE[1]}')"
    key = f"regexp_replace({key}, U&'[{_IGNORABLE}{_ACCENTS}]', '', 'g')"
    key = f"regexp_replace({key}, U&'([{_SYMBOLS}])', U&'\\001F\\\\1', 'g')"
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
