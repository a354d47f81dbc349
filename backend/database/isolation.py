"""The prelude of a call: its role, its user, its space, and what only a write needs besides."""

from typing import Final

from sqlalchemy import Text, bindparam

from backend.database.connection.wire import Rows
from backend.database.statements import Bound, Fragment, Statement

# PostgreSQL cancels a statement shortly before the request's deadline of 2 s ends, so that the
# connection stays healthy.
_TIMEOUT: Final = "1800ms"

_USER: Final = Fragment(bindparam("user", type_=Text))
_SPACE: Final = Fragment(bindparam("space", type_=Text))
_MOST_TASKS: Final = Fragment(bindparam("most_tasks", type_=Text))
_REQUEST: Final = Fragment(bindparam("request_id", type_=Text))


def _set(name: str, value: Fragment | str) -> Fragment:
    """Make a setting that ends with the transaction."""
    return Fragment(f"set_config('{name}', ", value, ", true)")


def _prelude(*others: Fragment) -> Statement:
    """Who acts and whose rows, which are echoed; the rest in one column, since nobody reads it."""
    first, *more = others
    return Statement(
        *("SELECT ", _set("app.user_id", _USER), ", ", _set("app.space_id", _SPACE)),
        *(", concat(", first, *(part for each in more for part in (", ", each)), ")"),
    )


_FOR_READS: Final = (
    # An SQL function without a body to run: plans have the name in its place.
    _set("role", "duly.api_role()"),
    _set("timezone", "'UTC'"),
    _set("statement_timeout", f"'{_TIMEOUT}'"),
    # Or PostgreSQL comes to plan each list anew, and never stops (docs/performance.md).
    _set("plan_cache_mode", "'force_generic_plan'"),
)
# The lock makes the writes of a space serial, so that each statement behind it sees all earlier
# ones; it comes before the introduction, which locks a row. PostgreSQL starts the clock of
# `statement_timeout` before it runs the statement that sets it: this wait has a timeout of its own.
_FOR_WRITES: Final = (
    *_FOR_READS,
    _set("lock_timeout", f"'{_TIMEOUT}'"),
    _set("app.actor", _USER),
    _set("app.request_id", _REQUEST),
    _set("app.most_tasks", _MOST_TASKS),
    Fragment("pg_advisory_xact_lock(hashtextextended(", _SPACE, ", 0))"),
)
_READ_PRELUDE: Final = _prelude(*_FOR_READS)
_WRITE_PRELUDE: Final = _prelude(*_FOR_WRITES)


def read_prelude(user_id: str, space_id: str) -> Bound:
    """The statement that makes the rest of its call read as `user_id` in a space.

    Its settings end with the call: others would leak to the next client of a transaction pooler.
    """
    return _READ_PRELUDE.bind(user=user_id, space=space_id)


def write_prelude(
    user_id: str, space_id: str, request_id: str, most_tasks: int | None = None
) -> Bound:
    """As `read_prelude`, for a call that writes: waits for the space's write lock.

    Args:
        user_id: Who acts.
        space_id: Whose rows.
        request_id: What the history knows the request by.
        most_tasks: How many tasks the space may have; None: any number.
    """
    most = "" if most_tasks is None else str(most_tasks)
    return _WRITE_PRELUDE.bind(user=user_id, space=space_id, request_id=request_id, most_tasks=most)


def echoed_caller(rows: Rows) -> tuple[str, str]:
    """The user and the space that the answer to a prelude was made for."""
    user, space, _ = rows[0]
    return (user or b"").decode(), (space or b"").decode()
