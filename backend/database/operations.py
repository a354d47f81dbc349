"""What is to happen in the database, not yet done."""

from collections.abc import Callable
from functools import lru_cache
from typing import Generic, NamedTuple, TypeVar

from backend.database.connection.wire import Rows
from backend.database.nesting import nested
from backend.database.statements import Bound, Statement

A = TypeVar("A")
A_co = TypeVar("A_co", covariant=True)


class Key(NamedTuple):
    """An idempotency key: what is done under it is done once.

    Attributes:
        name: The key itself, which is the caller's own.
        fingerprint: Of all that was asked for: another request may not use the key.
    """

    name: str
    fingerprint: str


class Place(NamedTuple):
    """Where the rows of an operation are kept.

    Attributes:
        key: Under which key.
        operation: Which one of that key it is, counted from 0.
        step: Which of the operation's statements is its first whose rows are read: more than 0 for
            one that goes on where another has ended.
    """

    key: Key
    operation: int = 0
    step: int = 0


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
        unread: How many statements at the start give rows that `read` does not look at.
        place: Where its rows are kept, so that it is done once; `Session` gives it one.
    """

    statements: tuple[Bound, ...]
    read: Callable[[list[Rows]], "A_co | Operation[A_co]"]
    writes: bool = False
    decisive: bool = False
    reasons: tuple[Bound, ...] = ()
    many: bool = False
    goes_on: bool = False
    unread: int = 0
    place: Place | None = None

    def follow(self, rows: list[Rows]) -> "A_co | Operation[A_co]":
        """What `read` makes of the rows; what it goes on with has the place behind this one."""
        answer = self.read(rows)
        if self.place is None or not isinstance(answer, Operation):
            return answer
        return answer._replace(place=self._next_place)

    def behind(self) -> "Operation[A_co]":
        """The same once more, with the place behind this one."""
        return self._replace(place=self._next_place)

    @property
    def steps(self) -> int:
        """How many statements have rows that are kept."""
        return len(self.statements) + len(self.reasons) - self.unread

    @property
    def _next_place(self) -> Place | None:
        return self.place and self.place._replace(step=self.place.step + self.steps)


def nothing(_rows: list[Rows]) -> None:
    """Reads the answer of an operation that has none."""


@lru_cache(maxsize=1024)
def _demanding(statement: Statement) -> Statement:
    demand = "SELECT work.* FROM duly.demand((SELECT count(*) FROM work)) AS demanded, work"
    return Statement(nested(statement, "work").start, f"\n{demand}")


def demanding(operation: Operation[A]) -> tuple[Bound, ...]:
    """The statements of `operation`; PostgreSQL takes all back if a decisive one gives no row."""
    if not operation.decisive:
        return operation.statements
    (statement, values), *others = operation.statements
    return Bound(_demanding(statement), values), *others
