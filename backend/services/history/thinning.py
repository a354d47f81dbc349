"""What of the history is old enough to be forgotten.

The oldest changes go, and in the same transaction, behind the lock of the space, it is written down
up to where: so whoever asks for what is gone is told, and nothing above is ever missing.
"""

from typing import Final

from sqlalchemy import Integer, bindparam, func

from backend.database.connection.call import Rows
from backend.database.operations import Operation
from backend.database.queries import delete, select, update
from backend.database.statements import Fragment, Statement, Where
from backend.models import Change, Space

BATCH: Final = 5_000
"""Changes that one transaction deletes: 30 ms, a sixtieth of what a statement may take."""

_LONG_AGO: Final = Fragment(
    func.now() - func.make_interval(0, 0, 0, bindparam("days", type_=Integer))
)
_HIGHEST: Final = "(SELECT max(old.version) FROM old)"
# Times are in the order of the versions: so the oldest say whether there is anything to do.
_OLD: Final = (
    *("WITH oldest AS (", *select("history.version, history.at", Change)),
    f"\nORDER BY history.version LIMIT {BATCH}), ",
    *("old AS (SELECT * FROM oldest", Where((Fragment("oldest.at < ", _LONG_AGO),)), ")"),
)
_COUNT: Final = Statement(*_OLD, "\nSELECT count(*) FROM old")
_THIN: Final = Statement(
    *(*_OLD, ", gone AS ("),
    *delete(Change, Fragment(f"history.version <= {_HIGHEST}")),
    "\nRETURNING history.version), raised AS (",
    *update(
        Space,
        {
            "history_floor": Fragment(f"greatest(spaces.history_floor, {_HIGHEST})"),
            "history_from": Fragment(
                "greatest(spaces.history_from, (SELECT max(old.at) FROM old))"
            ),
        },
        Fragment("EXISTS (SELECT FROM old)"),
        returning="NULL",
    ),
    ")\nSELECT count(*) FROM gone",
)


def count_old(days: int) -> Operation[int]:
    """How many `thin_history` would forget; of most users, none."""
    return Operation((_COUNT.bind(days=days),), _number)


def thin_history(days: int) -> Operation[int]:
    """Forget some of the caller's oldest changes, which were made more than `days` ago.

    Answers how many those were, at most `BATCH`.
    """
    return Operation((_THIN.bind(days=days),), _number, writes=True)


def _number(rows: list[Rows]) -> int:
    [[(number,)]] = rows
    return int(number or 0)
