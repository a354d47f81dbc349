"""Which spaces have changed, of many at once; and how far the caller's own is.

The service asks for many by its own name and not as a user: the function, which requests cannot
call, says of each space its number and nothing else (migration 0021).
"""

from collections.abc import Mapping
from typing import Final, NamedTuple

from sqlalchemy import BigInteger, Text, bindparam
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import col

from backend.database.connection.call import Rows
from backend.database.connection.pools import Pools
from backend.database.operations import Operation
from backend.database.queries import select
from backend.database.statements import Fragment, Statement
from backend.models import Space

# Its own, since no prelude sets one.
_IN_TIME: Final = Statement("SELECT set_config('statement_timeout', '1800ms', true)")
_COUNTERS: Final = Statement(
    *(
        "SELECT space, version\nFROM duly.counters(",
        Fragment(bindparam("spaces", type_=ARRAY(Text))),
    ),
    *(", ", Fragment(bindparam("known", type_=ARRAY(BigInteger))), ")"),
)
_HEAD: Final = Statement(
    *select(Fragment(col(Space.id), ", ", col(Space.last_version)), Space),
)


class Head(NamedTuple):
    """How far a space is: later changes have higher numbers."""

    space: str
    version: int


async def changed_spaces(pool: Pools, known: Mapping[str, int]) -> dict[str, int | None]:
    """Those that have gone on, in one statement.

    Args:
        pool: Where the call goes.
        known: The number up to which each space is known.

    Returns:
        How far each of them is; None: it is gone, or is being erased.

    Raises:
        Problem: What became of the call.
    """
    asked = _COUNTERS.bind(spaces=list(known), known=list(known.values()))
    _, rows = await pool.call([_IN_TIME.bind(), asked], read_only=True)
    return {
        (space or b"").decode(): None if version is None else int(version)
        for space, version in rows
    }


def find_head() -> Operation[Head | None]:
    """How far the caller's space is; None: there is none, and so nothing of theirs."""
    return Operation((_HEAD.bind(),), _head)


def _head(rows: list[Rows]) -> Head | None:
    if not rows[0]:
        return None
    space, version = rows[0][0]
    return Head((space or b"").decode(), int(version or 0))
