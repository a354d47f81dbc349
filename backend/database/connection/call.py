"""One call on its way: the messages that it consists of, and the results that come back."""

import asyncio
from collections import deque
from collections.abc import Sequence
from itertools import repeat

import psycopg
from psycopg import pq

from backend.database.connection.libpq import CAN_CLOSE_PREPARED
from backend.database.connection.prepared import PreparedStatements
from backend.database.faults import StatementRefused
from backend.database.statements import Bound

Row = tuple[bytes | None, ...]
Rows = list[Row]
Tag = tuple[str, bytes]
"""Whose call it is, and the name of its main statement."""

_ROWS = pq.ExecStatus.TUPLES_OK
_DONE = pq.ExecStatus.COMMAND_OK
_FAILED = pq.ExecStatus.FATAL_ERROR
_SKIPPED = pq.ExecStatus.PIPELINE_ABORTED
_SQLSTATE = pq.DiagnosticField.SQLSTATE

_CLOSED = b""  # awaited: that a prepared statement is closed, which changes nothing for the call
# The first words of the command tags of what outlives a call: it begins or ends a transaction, or
# changes the session (PostgreSQL manual, "SQL Commands").
_OUTLIVES_ITS_CALL = frozenset(
    b"BEGIN START COMMIT ROLLBACK SAVEPOINT RELEASE PREPARE DEALLOCATE DECLARE"
    b" SET RESET DISCARD LISTEN UNLISTEN LOAD".split()
)


class Call:
    """One call: what is still expected, and what has come.

    Args:
        statements: What to run, in this order.
        tag: What others know the call by.

    Attributes:
        statements, tag: The same.
        user: Whose call it is; None when it is the program's own.
        answered: A future of the rows of each statement.
        waits_since: When it began to wait for its turn, by the event loop's clock; 0 if it did not.
        sent_at: When it was sent, by the event loop's clock, in seconds.
        fault: What PostgreSQL refused it for.
        company: How many calls its transaction has, itself included.
        goes_alone: Whether it must have a transaction of its own.
        is_slow: Whether it has been noted as slow.
    """

    __slots__ = (
        *("_awaited", "_rows", "answered", "company", "fault", "goes_alone", "is_slow"),
        *("sent_at", "statements", "tag", "user", "waits_since"),
    )

    def __init__(self, statements: Sequence[Bound], tag: Tag | None) -> None:
        self.tag = tag
        self.user = tag[0] if tag else None
        self.waits_since = 0.0
        self.is_slow = False
        self.goes_alone = False
        self.company = 1
        self.answered: asyncio.Future[list[Rows]] = asyncio.get_running_loop().create_future()
        self.sent_at = 0.0
        self.fault: StatementRefused | None = None
        self.statements = statements
        # One entry for each result to come: None for a statement's rows, `_CLOSED`, or the name of
        # a statement being prepared.
        self._awaited: deque[bytes | None] = deque()
        self._rows: list[Rows] = []

    @property
    def rows(self) -> list[Rows]:
        """The rows of each statement.

        Raises:
            psycopg.OperationalError: when there are more or fewer results than statements.
        """
        if len(self._rows) != len(self.statements):
            raise psycopg.OperationalError("the answers do not fit the calls")
        return self._rows

    @property
    def is_answered(self) -> bool:
        """Whether all of its results have come."""
        return not self._awaited

    def send(
        self, pgconn: pq.abc.PGconn, prepared: PreparedStatements, *, first: bool = True
    ) -> None:
        """Queue the messages of the call, without the sync that ends it.

        Args:
            pgconn: Where to.
            prepared: What is prepared there.
            first: Whether its transaction begins with it.
        """
        # First of all, because PostgreSQL skips what stands behind a statement that failed.
        if first and CAN_CLOSE_PREPARED and (surplus := prepared.make_room()):
            pgconn.send_close_prepared(surplus)
            self._awaited.append(_CLOSED)
        for statement, values in self.statements:
            name = statement.name
            ready = prepared.use(name)
            if not ready and prepared.reserve(name):
                pgconn.send_prepare(name, statement.sql)
                self._awaited.append(name)
                ready = True  # in this call what follows runs only if the preparation succeeded
            if ready:
                pgconn.send_query_prepared(name, values)
            else:
                pgconn.send_query_params(statement.sql, values)
            self._awaited.append(None)

    def take(self, result: pq.abc.PGresult, prepared: PreparedStatements) -> None:
        """Take the next result of the call, in the order of its messages.

        Raises:
            psycopg.OperationalError: when the connection can no longer be trusted.
        """
        status = result.status
        awaited = self._awaited.popleft() if self._awaited else None
        if status == _FAILED:
            self.fault = self.fault or _refusal(result, len(self.statements) - len(self._rows))
        elif status not in (_ROWS, _DONE, _SKIPPED):
            raise psycopg.OperationalError(f"not the result of a statement: {status}")
        if awaited:  # the name of what was being prepared
            prepared.settle(awaited, succeeded=status == _DONE)
        elif awaited is None and status == _ROWS:
            rows, value = range(result.ntuples), result.get_value
            columns = [map(value, rows, repeat(column)) for column in range(result.nfields)]
            self._rows.append(list(zip(*columns, strict=True)))
        elif awaited is None and status == _DONE:
            _check_that_it_ends(result.command_status or b"")
            self._rows.append([])


def _check_that_it_ends(tag: bytes) -> None:
    if tag.partition(b" ")[0] in _OUTLIVES_ITS_CALL:
        raise psycopg.OperationalError(f"this outlives its call: {tag.decode()}")


def _refusal(result: pq.abc.PGresult, from_end: int) -> StatementRefused:
    sqlstate = result.error_field(_SQLSTATE)
    if sqlstate is None:  # not PostgreSQL's, but libpq's own: the outcome is unknown
        raise psycopg.OperationalError(result.get_error_message())
    return StatementRefused(sqlstate.decode(), result.get_error_message(), from_end)
