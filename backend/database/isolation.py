"""The role and the user of a call, and the proof that the database enforces them."""

from sqlalchemy import ColumnElement, Text, bindparam, func, literal_column, select
from sqlmodel import SQLModel

import backend.models  # noqa: F401 - registers the tables with SQLModel.metadata
from backend.database.connection.wire import Rows, Wire
from backend.database.faults import IsolationBroken
from backend.database.statements import Bound, Statement

# PostgreSQL cancels a statement shortly before the request's deadline of 2 s ends, so that the
# connection stays healthy.
_STATEMENT_TIMEOUT = "1800ms"


def _local(name: str, value: ColumnElement[str]) -> ColumnElement[str]:
    return func.set_config(literal_column(f"'{name}'"), value, literal_column("true"))


_PRELUDE = Statement(
    select(
        _local("role", literal_column("'duly_api'")),
        _local("app.user_id", bindparam("user_id", type_=Text)),
        _local("timezone", literal_column("'UTC'")),
        _local("statement_timeout", literal_column(f"'{_STATEMENT_TIMEOUT}'")),
        # Or PostgreSQL comes to plan each list anew, and never stops (docs/performance.md).
        _local("plan_cache_mode", literal_column("'force_generic_plan'")),
    )
)

_TABLES = sorted(
    table.fullname for table in SQLModel.metadata.tables.values() if table.schema == "duly"
)
_PROOF = Statement(
    select(
        func.pg_backend_pid(),
        *(func.row_security_active(literal_column(f"'{table}'")) for table in _TABLES),
    )
)


def prelude(user_id: str) -> Bound:
    """The statement that makes the rest of its call run as `user_id`, and ends with the call.

    Transaction-local settings, because others would leak to the next client of a transaction
    pooler.
    """
    return _PRELUDE.bind(user_id=user_id)


def echoed_user(rows: Rows) -> str:
    """Whom the answer to a prelude was made for."""
    return (rows[0][1] or b"").decode()


async def prove_isolation(wire: Wire) -> None:
    """Check over `wire` that row-level security binds the role of requests on every table.

    A wire that ends at a pooler, which shows in the process that answers, is told to send one call
    at a time.

    Raises:
        IsolationBroken: when it does not; nothing may be served then.
    """
    [_, [(pid, *active)]] = await wire.send([prelude(""), _PROOF.bind()])
    if pid != b"%d" % wire.backend_pid:
        wire.send_one_at_a_time()
    open_tables = [table for table, on in zip(_TABLES, active, strict=True) if on != b"t"]
    if open_tables:
        raise IsolationBroken(open_tables)
