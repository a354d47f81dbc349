"""The database as one caller sees it."""

from collections.abc import Callable, Sequence
from copy import copy
from dataclasses import dataclass
from typing import Protocol, TypeVar, cast

from backend.core.principal import Principal
from backend.core.problems import Entangled, InternalError, Problem, Unavailable
from backend.database.connection.pool import Pool
from backend.database.connection.pools import Pools
from backend.database.connection.wire import Rows
from backend.database.faults import DemandUnmet, StatementRefused, UnknownSpace
from backend.database.isolation import echoed_caller, read_prelude, write_prelude
from backend.database.operations import Operation, demanding
from backend.database.replica import Replica
from backend.database.statements import Bound

A = TypeVar("A")


@dataclass(frozen=True, slots=True)
class Introduction:
    """What makes a caller known to the database, in the transaction of the first write.

    Reads need nobody to be known: of whom the database knows nothing, there is nothing to read. So
    they write nothing, and are answered by a database that takes no writes.

    Attributes:
        statement: Run before the call's own statements.
        took_effect: Called once the transaction has.
    """

    statement: Bound
    took_effect: Callable[[], None]


class Introductions(Protocol):
    """Whoever remembers which callers the database knows."""

    def needed(self, principal: Principal) -> Introduction | None:
        """What introduces `principal`; None when nothing in it would be new."""

    def forget(self, subject: str) -> None:
        """Introduce this user again at the next write."""


class Session:
    """Runs operations as `principal`, whom no statement of a service names.

    Args:
        pool: Where calls go.
        principal: The verified caller.
        introductions: Makes callers known whom the database may not know yet.
        request_id: What the history will know the request by.
        most_tasks: How many tasks the caller may have; None: any number.
        replica: Asked first for what reads many rows; None: there is none.
    """

    __slots__ = ("_introductions", "_most_tasks", "_pool", "_replica", "_request_id", "principal")

    def __init__(  # noqa: PLR0913 - whose, over what and on which terms
        self,
        pool: Pool | Pools,
        principal: Principal,
        introductions: Introductions,
        request_id: str = "",
        most_tasks: int | None = None,
        *,
        replica: Replica | None = None,
    ) -> None:
        self._pool = pool
        self.principal = principal
        self._introductions = introductions
        self._request_id = request_id
        self._most_tasks = most_tasks
        self._replica = replica

    async def run(self, operation: Operation[A]) -> A:
        """Run one operation: atomically, in one round trip, and so each one that it answers with.

        Returns:
            What the operation reads from its rows.

        Raises:
            Problem: The operation's own, or what became of the call. `Unavailable` for a write
                also means that its outcome is unknown.
        """
        rows = None
        if operation.many and self._replica is not None:
            rows = await self._replica.read(self.principal.subject, operation.statements)
        statements = operation.statements + operation.reasons
        if rows is None:
            rows = await self._call(statements, writes=operation.writes)
        try:
            answer = operation.read(rows)
        except UnknownSpace:  # which shows in the rows of what changes nothing
            self._introductions.forget(self.principal.subject)
            answer = operation.read(await self._call(statements, writes=operation.writes))
        return await self.run(answer) if isinstance(answer, Operation) else answer

    async def run_all(
        self, operations: Sequence[Operation[A]], *, atomic: bool
    ) -> list[A] | list[A | Problem]:
        """Run several operations, each of which sees what those before it did.

        One round trip, unless one fails.

        Args:
            operations: What to run, in this order.
            atomic: Whether none shall take effect unless all do.

        Returns:
            The answer of each operation; if not atomic, the problem of one that failed.

        Raises:
            Problem: If atomic, that of the first operation that failed, whose place in
                `operations` is its `position`. Otherwise what became of the whole call.
        """
        if not operations:
            return []
        if atomic:
            return await self._all_or_nothing(operations)
        return await self._each(operations)

    async def _each(
        self, operations: Sequence[Operation[A]], *, after_others: bool = False
    ) -> list[A | Problem]:
        """The answer of each operation, or its problem.

        PostgreSQL takes all back when it refuses one, or when one has to go on before those behind
        it. Then those before it are run once more, and those behind it: a call for each such one,
        and one for those between.

        Args:
            operations: What to run, in this order.
            after_others: Whether others have taken effect, so that the answer is for each.

        Raises:
            Problem: What became of the whole call, if nothing took effect before it.
        """
        if not operations:
            return []
        # Several that go on may do so together; one before another kind of operation may not.
        plain = max((at for at, each in enumerate(operations) if not each.goes_on), default=-1)
        parts = [
            (demanding(each) if each.goes_on and at < plain else each.statements) + each.reasons
            for at, each in enumerate(operations)
        ]
        try:
            rows = await self._call(sum(parts, ()), writes=any(each.writes for each in operations))
        except Problem as problem:
            is_of_all = isinstance(problem, Unavailable | InternalError)
            failed = None if is_of_all else _failed(problem, parts)
            if failed is None:
                if not after_others or isinstance(problem, InternalError):
                    raise
                return [copy(problem) for _ in operations]
            before = await self._each(operations[:failed], after_others=after_others)
            own: list[A | Problem] = [problem]
            if isinstance(problem, DemandUnmet):
                own = await self._each(operations[failed : failed + 1], after_others=True)
            behind = await self._each(operations[failed + 1 :], after_others=True)
            return [*before, *own, *behind]
        answers = [
            _try_to_read(operation, own)
            for operation, own in zip(operations, _shared_out(rows, parts), strict=True)
        ]
        follow = [answer for answer in answers if isinstance(answer, Operation)]
        further = iter(await self._each(follow, after_others=True))
        return [next(further) if isinstance(each, Operation) else each for each in answers]

    async def _all_or_nothing(self, operations: Sequence[Operation[A]]) -> list[A]:
        parts = [demanding(each) for each in operations]
        statements = sum(parts, ())
        writes = any(each.writes for each in operations)
        try:
            rows = await self._call(statements, writes=writes) if statements else []
        except Problem as problem:
            position = _failed(problem, parts)
            if position is None:
                raise
            if isinstance(problem, DemandUnmet):
                return await self._all_or_nothing(await self._instead(operations, position))
            raise _placed(problem, position) from problem.__cause__
        answers = [
            operation.read(own)
            for operation, own in zip(operations, _shared_out(rows, parts), strict=True)
        ]
        assert not any(isinstance(each, Operation) for each in answers)  # noqa: S101 - or it failed
        return cast("list[A]", answers)

    async def _instead(
        self, operations: Sequence[Operation[A]], position: int
    ) -> list[Operation[A]]:
        """What to run instead, all having been taken back because a decisive one gave no row.

        Others behind it may need another operation for the same reason.

        Raises:
            Problem: why there is no row, if nothing is to be run instead.
        """
        parts = [each.reasons for each in operations[position:]]
        statements = sum(parts, ())
        rows = await self._call(statements, writes=False) if statements else []
        instead = list(operations)
        for at, own in enumerate(_shared_out(rows, parts), start=position):
            operation = operations[at]
            if at > position and not operation.reasons:
                continue
            answer = _try_to_read(operation, [*([] for _ in operation.statements), *own])
            if isinstance(answer, Operation):
                instead[at] = answer
            elif at == position:
                instead[at] = _settled(answer, position)
        if instead[position].statements == operations[position].statements:
            raise _placed(Entangled(), position)
        return instead

    async def _call(self, statements: tuple[Bound, ...], *, writes: bool) -> list[Rows]:
        """Run statements as the caller, whom a write introduces first if need be."""
        introduction = self._introductions.needed(self.principal) if writes else None
        try:
            return await self._send(statements, introduction, writes=writes)
        except UnknownSpace:
            # Erased, through another process that did not tell this one: nothing was written.
            self._introductions.forget(self.principal.subject)
            introduction = self._introductions.needed(self.principal)
            return await self._send(statements, introduction, writes=writes)

    async def _send(
        self, statements: tuple[Bound, ...], introduction: Introduction | None, *, writes: bool
    ) -> list[Rows]:
        user = space = self.principal.subject
        prelude = (
            write_prelude(user, space, self._request_id, self._most_tasks)
            if writes
            else read_prelude(user, space)
        )
        before = [prelude, introduction.statement] if introduction else [prelude]
        tag = (user, statements[0].statement.name)
        rows = await self._pool.call([*before, *statements], read_only=not writes, tag=tag)
        if echoed_caller(rows[0]) != (user, space):
            raise self._pool.close_all()
        if introduction:
            introduction.took_effect()
        return rows[len(before) :]


def _failed(problem: Problem, parts: Sequence[tuple[Bound, ...]]) -> int | None:
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


def _shared_out(rows: list[Rows], parts: Sequence[tuple[Bound, ...]]) -> list[list[Rows]]:
    """The rows of each operation's own statements."""
    remaining = iter(rows)
    return [[next(remaining) for _ in statements] for statements in parts]


def _settled(answer: A | Problem, position: int) -> Operation[A]:
    """An operation with nothing to do but to answer."""
    if isinstance(answer, Problem):
        raise _placed(answer, position)
    return Operation((), lambda _rows: answer)


def _placed(problem: Problem, position: int) -> Problem:
    problem.position = position
    return problem


def _try_to_read(operation: Operation[A], rows: list[Rows]) -> A | Operation[A] | Problem:
    try:
        return operation.read(rows)
    except Problem as problem:
        return problem
