"""One user's rows as they were at one moment, read in pages over a connection that waits."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final, TypeVar

import psycopg

from backend.database import urls
from backend.database.connection.wire import Rows
from backend.database.isolation import read_prelude
from backend.database.operations import Operation
from backend.database.proof import answer_of, check, rows_of_proof

A = TypeVar("A")

_BEGIN: Final = b"BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY"
_NO_TIMEOUT: Final = b"SET LOCAL statement_timeout = 0"  # nobody waits as for a request


class Snapshot:
    """The database as one user saw it when this was opened.

    Args:
        connection: Within a transaction that acts as the user.
    """

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self._connection = connection.pgconn

    def pages(self, operation: Operation[A], size: int) -> Iterator[A]:
        """What an operation answers of `size` rows after the other.

        Args:
            operation: It has one statement without values, which only reads.
            size: Rows that are in memory at once.

        Raises:
            psycopg.OperationalError: when PostgreSQL refuses, or the connection breaks.
        """
        [(statement, _)] = operation.statements
        self._run(b"DECLARE rows NO SCROLL CURSOR FOR " + statement.sql)
        while rows := self._run(b"FETCH %d FROM rows" % size):
            yield _read(operation, [rows])
        self._run(b"CLOSE rows")

    def run(self, operation: Operation[A]) -> A:
        """What an operation answers that only reads."""
        return _read(
            operation, [answer_of(self._connection, each) for each in operation.statements]
        )

    def _run(self, command: bytes) -> Rows:
        return answer_of(self._connection, command)


@contextmanager
def opened(url: str, subject: str) -> Iterator[Snapshot]:
    """A snapshot of what a user has, behind both walls.

    Raises:
        psycopg.Error: when the database cannot be reached, or refuses.
        IsolationBroken: when it would not keep users apart.
    """
    with urls.connect(url, autocommit=True) as connection:
        answer_of(connection.pgconn, _BEGIN)
        check(rows_of_proof(connection.pgconn))
        for command in (read_prelude(subject, subject), _NO_TIMEOUT):
            answer_of(connection.pgconn, command)
        yield Snapshot(connection)


def _read(operation: Operation[A], rows: list[Rows]) -> A:
    answer = operation.read(rows)
    assert not isinstance(answer, Operation)  # noqa: S101 - what goes on in a second call writes
    return answer
