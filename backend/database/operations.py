"""What is to happen in the database, not yet done."""

from collections.abc import Callable
from functools import lru_cache
from typing import Generic, NamedTuple, TypeVar

from backend.database.connection.wire import Rows
from backend.database.statements import Bound, Statement

A = TypeVar("A")
A_co = TypeVar("A_co", covariant=True)


class Operation(NamedTuple, Generic[A_co]):
    """One thing to do for a caller: services return these, `Session` runs them.

    Attributes:
        statements: What to run, in this order, in one transaction.
        read: Makes the answer of the rows of each statement, and of nothing else; raises the
            `Problem` that they mean, such as `NotFound`. What needs Python between two statements
            answers with another operation, which is run then, in a call of its own.
        writes: Whether any statement changes something.
        decisive: Whether the operation has failed when its first statement gives no row.
        reasons: More statements, which only read: in case it failed, `read` sees why in their rows.
        goes_on: Whether `read` may answer with another operation when the first statement gives no
            row: then nothing that comes behind it may be done before that.
        many: Whether it only reads, and any number of rows: what a replica is asked for.
    """

    statements: tuple[Bound, ...]
    read: Callable[[list[Rows]], "A_co | Operation[A_co]"]
    writes: bool = False
    decisive: bool = False
    reasons: tuple[Bound, ...] = ()
    many: bool = False
    goes_on: bool = False


def nothing(_rows: list[Rows]) -> None:
    """Reads the answer of an operation that has none."""


@lru_cache(maxsize=1024)
def _demanding(statement: Statement) -> Statement:
    demand = "SELECT work.* FROM duly.demand((SELECT count(*) FROM work)) AS demanded, work"
    return Statement("WITH work AS MATERIALIZED (", *statement.parts, f")\n{demand}")


def demanding(operation: Operation[A]) -> tuple[Bound, ...]:
    """The statements of `operation`; PostgreSQL takes all back if a decisive one gives no row."""
    if not operation.decisive:
        return operation.statements
    (statement, values), *others = operation.statements
    return Bound(_demanding(statement), values), *others
