"""The directory of all spaces: whose turn it is, for jobs that visit everybody.

Whoever runs these acts in the space of the directory itself; in any other there is nothing to find.
"""

from datetime import datetime
from typing import Final, NamedTuple

from sqlalchemy import BigInteger, DateTime, bindparam
from sqlmodel import col

from backend.database.connection.call import Row, Rows
from backend.database.operations import Operation
from backend.database.queries import select, update
from backend.database.statements import Fragment, Statement
from backend.models import DirectoryEntry

DIRECTORY: Final = "~directory"
"""The space of the directory. No token can name it."""

BATCH: Final = 100
"""Spaces whose turn one claim makes it: what is left undone of them waits for a day."""

_BEFORE: Final = Fragment(
    "coalesce(",
    bindparam("before", type_=DateTime(timezone=True)),
    ", now() - interval '1 day')",
)
_IS_DUE: Final = Fragment(col(DirectoryEntry.tidied_at), " < ", _BEFORE)
_COUNT: Final = Statement(
    *select(Fragment("to_char(now(), 'YYYY-MM-DD HH24:MI:SS.USOF'), count(*)"), DirectoryEntry)
)
# Who claims waits for the write lock of the directory, so no two claim the same.
_CLAIM: Final = Statement(
    *("WITH next AS (", *select("directory.space", DirectoryEntry, _IS_DUE)),
    *("\nORDER BY directory.tidied_at LIMIT ", Fragment(bindparam("limit", type_=BigInteger))),
    ")\n",
    *update(
        DirectoryEntry,
        {"tidied_at": Fragment("clock_timestamp()")},
        Fragment("directory.space = ANY (ARRAY(SELECT next.space FROM next))"),
        returning=Fragment(col(DirectoryEntry.space)),
    ),
)


class Stock(NamedTuple):
    """How much there is to visit.

    Attributes:
        at: When it was counted.
        spaces: How many spaces there are.
    """

    at: datetime
    spaces: int


def count_spaces() -> Operation[Stock]:
    """How many spaces there are now."""
    return Operation((_COUNT.bind(),), _stock)


def claim_spaces(before: datetime | None = None) -> Operation[list[str]]:
    """Some spaces whose turn it is, and which nobody else is given.

    Args:
        before: Those whose last turn was before; None: a day ago.
    """
    return Operation((_CLAIM.bind(before=before, limit=BATCH),), _spaces, writes=True)


def _stock(rows: list[Rows]) -> Stock:
    at, spaces = map(_text, zip(*rows[0], strict=True))
    return Stock(datetime.fromisoformat(at), int(spaces))


def _spaces(rows: list[Rows]) -> list[str]:
    return [_text(row) for row in rows[0]]


def _text(row: Row) -> str:
    return (row[0] or b"").decode()
