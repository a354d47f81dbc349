"""Search: every word, in any order, of title, tags and description; the last one may go on.

A title counts more than a tag, which counts more than a description (`duly.words`). What is looked
for is folded as they are, so case, accents and punctuation make no difference.
"""

from typing import Final

from sqlalchemy import Text, bindparam

from backend.database.statements import Fragment

# By a sub-select, so that it is made once and not for each row. Folding leaves nothing that has a
# meaning in a query; of punctuation alone nothing is left, and null finds nothing.
_WANTED: Final = Fragment(
    "(SELECT to_tsquery('pg_catalog.simple', string_agg(nullif(word, ''), ' & ') || ':*')"
    " FROM regexp_split_to_table(duly.fold(",
    bindparam("q", type_=Text),
    r"), '\s+') AS word)",
)

IS_FOUND: Final = Fragment("tasks.words @@ ", _WANTED)
"""The condition that a task has all words of `q`."""

RANK: Final = Fragment("ts_rank(tasks.words, ", _WANTED, ")")
"""How well it fits: a `real`."""
