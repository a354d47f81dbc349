"""Idempotency keys whose time is over: what was kept under them is deleted."""

from typing import Final

from backend.database.connection.call import Rows
from backend.database.idempotency import IS_OLD, LIFETIME
from backend.database.operations import Operation
from backend.database.queries import delete, select
from backend.database.statements import Fragment, Statement
from backend.models import KeptRows

BATCH: Final = 2_000
"""Keys that one transaction forgets: 0.1 s, a twentieth of what a request may take."""

# All of a key go with its last one; that this one is old as well is what can be seen at once.
_OLD: Final = (Fragment(f"idempotency.at <= now() - {LIFETIME}"), IS_OLD)
_HAS_OLD: Final = Statement("SELECT EXISTS (", *select("", KeptRows, *_OLD), ")")
_FORGET: Final = Statement(
    *("WITH batch AS (", *select("DISTINCT idempotency.key", KeptRows, *_OLD)),
    f"\nLIMIT {BATCH}), gone AS (\n",
    *delete(KeptRows, Fragment("idempotency.key = ANY (ARRAY(SELECT batch.key FROM batch))")),
    ")\nSELECT count(*) FROM batch",
)


def forget_some(*conditions: Fragment) -> Statement:
    """A statement that deletes what is kept under some keys of the caller, old or not."""
    return Statement(
        *("WITH batch AS (", *select("idempotency.key", KeptRows, *conditions)),
        f"\nLIMIT {BATCH})\n",
        *delete(KeptRows, Fragment("idempotency.key = ANY (ARRAY(SELECT batch.key FROM batch))")),
    )


def has_old_keys() -> Operation[bool]:
    """Whether there is something to forget; most users have nothing."""
    return Operation((_HAS_OLD.bind(),), lambda rows: rows[0][0][0] == b"t")


def forget_old_keys() -> Operation[bool]:
    """Forget some of the caller's keys whose time is over; answers whether there may be more."""
    return Operation((_FORGET.bind(),), _is_full, writes=True)


def _is_full(rows: list[Rows]) -> bool:
    return int(rows[0][0][0] or 0) >= BATCH
