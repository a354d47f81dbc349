"""How texts lose case and accents, for the keys of titles and for the words of a search.

What stands here is in databases already: another rule needs new names and a new migration.
"""

from typing import Final

import sqlalchemy as sa
from alembic import op

# White_Space and the controls, Default_Ignorable_Code_Point, and two that are blank by design.
IGNORABLE: Final = (
    r"\00AD\034F\061C\115F-\1160\17B4-\17B5\180B-\180F\200B-\200F\202A-\202E\2060-\206F\3164"
    r"\FE00-\FE0F\FEFF\FFA0\FFF0-\FFF8\+01BCA0-\+01BCA3\+01D173-\+01D17A\+0E0000-\+0E0FFF"
)
# Accents and points, which Latin, Greek, Cyrillic, Hebrew, Arabic and Kana letters sort without.
_ACCENTS: Final = (
    r"\0300-\036F\0483-\0489\0591-\05BD\05BF\05C1-\05C2\05C4-\05C5\05C7\0610-\061A\064B-\065F"
    r"\0670\06D6-\06DC\06DF-\06E4\06E7-\06E8\06EA-\06ED\1AB0-\1AFF\1DC0-\1DFF\20D0-\20FF"
    r"\3099-\309A\FE20-\FE2F"
)
SYMBOLS: Final = r"\00A1-\00BF\00D7\00F7\2010-\2BFF\3001-\3003\3008-\3020\3030\+01F000-\+01FAFF"
# Letters that are others with a stroke or without a dot, or two in one; й is one of its own.
_ALIKE: Final = (r"\00F8\0142\0111\0127\0167\0131\00F0", "oldhtid")
_PAIRS: Final = {
    r"\0438\0306": r"\0439",
    r"\00DF": "ss",
    r"\00E6": "ae",
    r"\0153": "oe",
    r"\00FE": "th",
}
# Any of these folds case by Unicode's own table.
_FOLDING: Final = "{pg_c_utf8,und-x-icu,C.utf8,C.UTF-8,en_US.utf8}"
_FIND_FOLDING: Final = """
select collname from pg_collation
where collname = any(cast(:names as text[])) and collnamespace = 'pg_catalog'::regnamespace
    and collencoding in (-1, (select encoding from pg_database where datname = current_database()))
order by array_position(cast(:names as text[]), collname::text) limit 1
"""


def folded(text: str) -> str:
    """SQL that folds the expression `text`: case, accents, letters that are others in disguise."""
    found = op.get_bind().scalar(sa.text(_FIND_FOLDING), {"names": _FOLDING})
    folded = f'lower(normalize({text}, nfkd) collate "{found or "default"}") collate "C"'
    for letters, other in _PAIRS.items():
        folded = f"replace({folded}, U&'{letters}', U&'{other}')"
    folded = f"translate({folded}, U&'{_ALIKE[0]}', '{_ALIKE[1]}')"
    return f"regexp_replace({folded}, U&'[{IGNORABLE}{_ACCENTS}]', '', 'g')"
