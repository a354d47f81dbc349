"""Entity tags of what many rows answer (RFC 9110, section 8.8): what tells its states apart.

It is made of the number of the space's latest write and the transaction that took it, which no two
states of a space have in common, not even when it is erased and begins anew or a backup is restored
(`backend/database/replica.py` goes by the same), and of what was asked. A statement reads it with
its rows, in one snapshot, so it is as old as they are; and who knows it already gets no rows.
"""

from typing import Final

from sqlalchemy import BigInteger, bindparam
from sqlalchemy import any_ as sql_any
from sqlalchemy.dialects.postgresql import ARRAY

from backend.database.connection.wire import Rows
from backend.database.queries import Parts, select, value_of
from backend.database.statements import Fragment
from backend.models import Space

# Eighteen digits, as the tags of one resource have at most.
_STATE: Final = Fragment(
    "hashtextextended(spaces.xmin::text, spaces.last_version # ",
    bindparam("asked", type_=BigInteger),
    ") & (1::bigint << 59) - 1",
)

IS_NEWS: Final = Fragment(
    *("NOT ", value_of(Space, _STATE)),
    *(" = ", sql_any(bindparam("known", type_=ARRAY(BigInteger)))),
)
"""The condition that what is there is none of the states `known` already of what is `asked`."""


def with_state(rows: Parts, *, more_columns: int = 0) -> Parts:
    """A query that gives one row more, the first: the state of the caller's space.

    Rows of a `UNION ALL` come in the order of its parts, unless PostgreSQL runs it in parallel,
    which a LIMIT in `rows` excludes.

    Args:
        rows: A query with a LIMIT, whose first column is a text.
        more_columns: How many it has besides.
    """
    others = ", NULL" * more_columns
    # Without a space there is no state, but the row is there; LIMIT is for who takes WHERE out.
    state = ("SELECT (", *select(Fragment("(", _STATE, ")::text"), Space), " LIMIT 1)", others)
    return (*state, "\nUNION ALL\n(", *rows, ")")


def state(rows: Rows) -> int:
    """The state in the first row; 0 when there is no space."""
    return int(rows[0][0] or 0)
