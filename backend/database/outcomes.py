"""What became of several operations that shared a call."""

from collections.abc import Sequence
from typing import TypeVar

from backend.core.problems import Problem
from backend.database.connection.wire import Rows
from backend.database.faults import StatementRefused
from backend.database.operations import Operation
from backend.database.statements import Bound

A = TypeVar("A")


def failed(problem: Problem, parts: Sequence[tuple[Bound, ...]]) -> int | None:
    """Which operation PostgreSQL refused; None when it was none of them."""
    refusal = problem.__cause__
    if not isinstance(refusal, StatementRefused):
        return None
    behind = refusal.from_end - 1  # statements behind the refused one
    for position in reversed(range(len(parts))):
        if behind < len(parts[position]):
            return position
        behind -= len(parts[position])
    return None


def shared_out(rows: list[Rows], parts: Sequence[tuple[Bound, ...]]) -> list[list[Rows]]:
    """The rows of each operation's own statements."""
    remaining = iter(rows)
    return [[next(remaining) for _ in statements] for statements in parts]


def settled(answer: A | Problem, position: int) -> Operation[A]:
    """An operation with nothing to do but to answer."""
    if isinstance(answer, Problem):
        raise placed(answer, position)
    return Operation((), lambda _rows: answer)


def placed(problem: Problem, position: int) -> Problem:
    """A problem, which says that it is that of the operation there."""
    problem.position = position
    return problem


def try_to_read(operation: Operation[A], rows: list[Rows]) -> A | Operation[A] | Problem:
    """What an operation makes of its rows, or the problem that they mean."""
    try:
        return operation.follow(rows)
    except Problem as problem:
        return problem
