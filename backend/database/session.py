"""The database as one caller sees it."""

from collections.abc import Awaitable, Callable, Collection, Sequence
from copy import copy
from dataclasses import dataclass
from typing import Protocol, TypeVar, cast

from backend.core.principal import Principal
from backend.core.problems import (
    DeadlineExceeded,
    Entangled,
    InternalError,
    KeyInUse,
    Overloaded,
    Problem,
    Unavailable,
)
from backend.database import idempotency
from backend.database.connection.pool import Pool
from backend.database.connection.pools import Pools
from backend.database.connection.wire import Rows
from backend.database.faults import DemandUnmet, DoneBefore, UnknownSpace
from backend.database.idempotency import keeping
from backend.database.isolation import echoed_caller, read_prelude, write_prelude
from backend.database.journal import Journal
from backend.database.operations import Key, Operation, Place, demanding
from backend.database.outcomes import failed, placed, settled, shared_out, try_to_read
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
        journal: Where what is done is kept, so that it is done once; None: it is not.
        on_write: Called with the space of each write that has taken effect.
    """

    __slots__ = (
        *("_introductions", "_journal", "_most_tasks", "_on_write", "_pool", "_replica"),
        *("_request_id", "principal"),
    )

    def __init__(  # noqa: PLR0913 - whose, over what and on which terms
        self,
        pool: Pool | Pools,
        principal: Principal,
        introductions: Introductions,
        request_id: str = "",
        most_tasks: int | None = None,
        *,
        replica: Replica | None = None,
        journal: Journal | None = None,
        on_write: Callable[[str], None] | None = None,
    ) -> None:
        self._pool = pool
        self.principal = principal
        self._introductions = introductions
        self._request_id = request_id
        self._most_tasks = most_tasks
        self._replica = replica
        self._journal = journal
        self._on_write = on_write

    async def run(self, operation: Operation[A]) -> A:
        """Run one operation: atomically, in one round trip, and so each one that it answers with.

        Returns:
            What the operation reads from its rows.

        Raises:
            Problem: The operation's own, or what became of the call. `Unavailable` for a write
                also means that its outcome is unknown.
        """
        if self._journal is None:
            return await self._run(operation)
        kept = self._journal.placed(operation)
        return await self._once(lambda: self._run(kept))

    async def _run(self, operation: Operation[A]) -> A:
        try:
            answer = operation.follow(await self._rows(operation))
        except UnknownSpace:  # which shows in the rows of what changes nothing
            self._introductions.forget(self.principal.subject)
            again = operation.behind()
            answer = again.follow(await self._rows(again))
        return await self._run(answer) if isinstance(answer, Operation) else answer

    async def _rows(self, operation: Operation[A]) -> list[Rows]:
        statements, rows = operation.statements + operation.reasons, None
        if operation.place is not None and self._journal is not None:
            rows = self._journal.kept(operation)
            if rows is None:
                keeping_them = keeping(operation, statements)
                rows = await self._call(keeping_them, [operation.place], writes=operation.writes)
            return rows
        if operation.many and self._replica is not None:
            rows = await self._replica.read(self.principal.subject, operation.statements)
        if rows is None:
            rows = await self._call(statements, writes=operation.writes)
        return rows

    async def _once(self, attempt: Callable[[], Awaitable[A]]) -> A:
        """Try until nobody else does the same at the same time; what was done is not repeated."""
        while True:
            try:
                return await attempt()
            except DoneBefore:
                await self._recall()

    @property
    def repeated(self) -> Collection[str]:
        """The keys of operations whose answers are those of an earlier time."""
        return self._journal.repeated if self._journal else frozenset()

    async def run_all(
        self,
        operations: Sequence[Operation[A]],
        *,
        atomic: bool,
        keys: Sequence[Key | None] | None = None,
    ) -> list[A] | list[A | Problem]:
        """Run several operations, each of which sees what those before it did.

        One round trip, unless one fails.

        Args:
            operations: What to run, in this order.
            atomic: Whether none shall take effect unless all do.
            keys: What each is done once under, beside or instead of a key of the whole request:
                what has been done under its key has the answer of that time.

        Returns:
            The answer of each operation; if not atomic, the problem of one that failed.

        Raises:
            Problem: If atomic, that of the first operation that failed, whose place in
                `operations` is its `position`. Otherwise what became of the whole call.
        """
        if not operations:
            return []
        if keys is not None and self._journal is None:
            self._journal = Journal(None, lambda _: None)
        if self._journal is None:
            return await self._run_all(operations, atomic=atomic)
        pairs = zip(operations, keys or [None] * len(operations), strict=True)
        kept = [self._journal.placed(operation, key) for operation, key in pairs]
        return await self._once(lambda: self._run_all(kept, atomic=atomic))

    async def _run_all(
        self, operations: Sequence[Operation[A]], *, atomic: bool
    ) -> list[A] | list[A | Problem]:
        if self._journal is not None:
            operations = [self._journal.rest(each) for each in operations]
        if atomic:
            return await self._all_or_nothing(operations)
        answers = await self._each(operations)
        if self._journal is not None and self._journal.is_behind:
            await self._call((), self._journal.pending_places, writes=True)
        return answers

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
            keeping(
                each,
                (demanding(each) if each.goes_on and at < plain else each.statements)
                + each.reasons,
            )
            for at, each in enumerate(operations)
        ]
        writes = any(each.writes for each in operations)
        try:
            rows = await self._call(sum(parts, ()), _places(operations), writes=writes)
        except Problem as problem:
            is_of_all = isinstance(problem, Unavailable | InternalError)
            at_fault = None if is_of_all else failed(problem, parts)
            if at_fault is None:
                # With a key, the same request once more goes on where this one has ended.
                is_to_go_on = self._journal is not None
                if not after_others or is_to_go_on or isinstance(problem, InternalError):
                    raise
                return [copy(problem) for _ in operations]
            if self._journal is not None and not isinstance(problem, DemandUnmet):
                self._journal.refused(operations[at_fault], problem)
            before = await self._each(operations[:at_fault], after_others=after_others)
            own: list[A | Problem] = [problem]
            if isinstance(problem, DemandUnmet):
                own = await self._each(operations[at_fault : at_fault + 1], after_others=True)
            behind = await self._each(operations[at_fault + 1 :], after_others=True)
            return [*before, *own, *behind]
        answers = [
            try_to_read(operation, own)
            for operation, own in zip(operations, shared_out(rows, parts), strict=True)
        ]
        follow = [answer for answer in answers if isinstance(answer, Operation)]
        further = iter(await self._each(follow, after_others=True))
        return [next(further) if isinstance(each, Operation) else each for each in answers]

    async def _all_or_nothing(self, operations: Sequence[Operation[A]]) -> list[A]:
        parts = [keeping(each, demanding(each)) for each in operations]
        writes = any(each.writes for each in operations)
        try:
            rows = await self._call(sum(parts, ()), _places(operations), writes=writes)
        except Problem as problem:
            position = failed(problem, parts)
            if position is None:
                raise
            if isinstance(problem, DemandUnmet):
                return await self._all_or_nothing(await self._instead(operations, position))
            raise placed(problem, position) from problem.__cause__
        answers = [
            operation.read(own)
            for operation, own in zip(operations, shared_out(rows, parts), strict=True)
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
        rows = await self._call(statements, writes=False)
        instead = list(operations)
        for at, own in enumerate(shared_out(rows, parts), start=position):
            operation = operations[at]
            if at > position and not operation.reasons:
                continue
            seen = [*([] for _ in operation.statements), *own]
            answer = try_to_read(operation, seen)
            if isinstance(answer, Operation) or at == position:
                self._see(operation, seen)
            if isinstance(answer, Operation):
                instead[at] = answer
            elif at == position:
                instead[at] = settled(answer, position)
        if instead[position].statements == operations[position].statements:
            raise placed(Entangled(), position)
        return instead

    def _see(self, operation: Operation[A], rows: list[Rows]) -> None:
        if self._journal is not None:
            self._journal.seen(operation, rows)

    async def _recall(self) -> None:
        """Learn what has been done under the keys of this request, and forget what is too old."""
        if self._journal is None:
            return
        [rows] = await self._call((idempotency.recall(sorted(self._journal.names)),), writes=False)
        if old := self._journal.learn(rows):
            await self._send((idempotency.forget(old),), writes=True)

    async def _call(
        self, statements: tuple[Bound, ...], places: Sequence[Place] = (), *, writes: bool
    ) -> list[Rows]:
        """Run statements as the caller, whom a write introduces first if need be.

        Args:
            statements: What to run.
            places: Where what they do is kept; somewhere makes it a write.
            writes: Whether any of them changes something.
        """
        if not (statements or places):
            return []
        writes = writes or bool(places)
        try:
            return await self._send(statements, places, writes=writes)
        except UnknownSpace:
            # Erased, through another process that did not tell this one: nothing was written.
            self._introductions.forget(self.principal.subject)
            return await self._send(statements, places, writes=writes)
        except (DeadlineExceeded, Overloaded):
            if places and not await self._is_free(places[0].key):
                raise KeyInUse from None
            raise

    async def _is_free(self, key: Key) -> bool:
        [[(is_free,)]] = await self._call((idempotency.is_free(key),), writes=False)
        return is_free == b"t"

    async def _send(
        self, statements: tuple[Bound, ...], places: Sequence[Place] = (), *, writes: bool
    ) -> list[Rows]:
        user = space = self.principal.subject
        introduction = self._introductions.needed(self.principal) if writes else None
        before = [
            write_prelude(user, space, self._request_id, self._most_tasks)
            if writes
            else read_prelude(user, space)
        ]
        if places and self._journal:
            taken = dict.fromkeys([*places, *self._journal.pending_places])
            before.append(idempotency.claim(list(taken)))
            self._journal.begin()
            if self._journal.pending:
                before.append(idempotency.keep(self._journal.pending))
        if introduction:
            before.append(introduction.statement)
        main = statements[0] if statements else before[-1]
        rows = await self._pool.call(
            [*before, *statements],
            read_only=not writes,
            tag=(user, main.statement.name),
            is_once=bool(places),
        )
        if echoed_caller(rows[0]) != (user, space):
            raise self._pool.close_all()
        if introduction:
            introduction.took_effect()
        if places and self._journal:
            self._journal.done()
        if writes and self._on_write:
            self._on_write(space)
        return rows[len(before) :]


def _places(operations: Sequence[Operation[A]]) -> list[Place]:
    """Where the rows of each are kept, if it has a place."""
    return [each.place for each in operations if each.place]
