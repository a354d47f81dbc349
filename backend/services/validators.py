"""Entity tags of what many rows answer (RFC 9110, section 8.8): what tells its states apart.

The state of a space is made of the number of its latest write and the transaction that took it,
which no two states of a space have in common, not even when it is erased and begins anew or a
backup is restored (`backend/database/replica.py` goes by the same). A tag is the state and what was
asked. A statement reads it with its rows, in one snapshot, so it is as old as they are; and who
knows it already gets no rows.
"""

from collections.abc import Sequence
from typing import Final

from sqlalchemy import BigInteger, bindparam
from sqlalchemy import any_ as sql_any
from sqlalchemy.dialects.postgresql import ARRAY

from backend.core.problems import StaleVersion
from backend.database.connection.wire import Rows
from backend.database.operations import Operation
from backend.database.queries import Parts, select, value_of
from backend.database.statements import Fragment, Statement, Where
from backend.models import Space

# Eighteen digits, as each number in a tag has at most.
_STATE: Final = Fragment(
    "hashtextextended(spaces.xmin::text, spaces.last_version) & (1::bigint << 59) - 1"
)
# Who is new has the space made by the call that looks at it: there was none before.
_STATE_BEFORE: Final = Fragment(
    "CASE WHEN spaces.xmin IS DISTINCT FROM pg_current_xact_id_if_assigned()::xid",
    *(" OR spaces.last_version > spaces.history_floor THEN ", _STATE, " ELSE 0 END"),
)

IS_NEWS: Final = Fragment(
    *("NOT coalesce(", value_of(Space, _STATE)),
    *(", 0) = ", sql_any(bindparam("known", type_=ARRAY(BigInteger)))),
)
"""The condition that the space is in none of the states `known` already."""

_IS_EXPECTED: Final = Fragment(
    *("coalesce(", value_of(Space, _STATE_BEFORE), ", 0) = "),
    sql_any(bindparam("versions", type_=ARRAY(BigInteger))),
)
_EXPECT: Final = Statement("SELECT true AS is_expected", Where((_IS_EXPECTED,)))


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


def tag(state: int, asked: int) -> str:
    """What a list shows: the state, which alone counts for `If-Match`, and what was asked."""
    return f"{state}.{asked}"


def expect(versions: Sequence[int]) -> Operation[None]:
    """Fails unless the caller's space is in one of these states; 0 is that of none.

    The operation raises:
        StaleVersion: when the space is in another state.
    """
    return Operation((_EXPECT.bind(versions=list(versions)),), _as_expected, decisive=True)


def _as_expected(rows: list[Rows]) -> None:
    if not rows[0]:
        raise StaleVersion
