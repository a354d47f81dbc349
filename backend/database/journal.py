"""What has been done under the idempotency keys of one request, as far as is known here."""

from collections.abc import Callable
from typing import Any, Final, TypeVar

from backend.core.problems import InternalError, KeyReused, Problem, Unavailable
from backend.database import faults
from backend.database.connection.call import Rows
from backend.database.faults import StatementRefused
from backend.database.idempotency import Record, literals, recalled, rows_of
from backend.database.operations import Key, Operation, Place

A = TypeVar("A")

Told = Callable[[str | None], None]
"""Told when the request is answered from what was kept: the id of the one that did it, or None when
there was more to do."""

_UNDECIDED: Final = (Unavailable, InternalError)


class Journal:
    """The places of a request's operations, and what is kept there.

    Args:
        key: Makes the key of the whole request; None: only operations that bring one have a place.
        told: See `Told`.

    Attributes:
        names: The keys that were used.
        repeated: Those under which all had been done before.
        pending: What the next call is to keep besides its own rows.
    """

    __slots__ = (
        "_count",
        "_has_effect",
        "_kept",
        "_key",
        "_make_key",
        "_told",
        "names",
        "pending",
        "repeated",
    )

    def __init__(self, key: Callable[[], Key] | None, told: Told) -> None:
        self._make_key = key
        self._key: Key | None = None
        self._told = told
        self._count = 0
        self._kept: dict[tuple[str, int], dict[int, Record]] = {}
        self._has_effect = False
        self.names: set[str] = set()
        self.repeated: set[str] = set()
        self.pending: list[Record] = []

    def placed(self, operation: Operation[A], key: Key | None = None) -> Operation[A]:
        """The operation with a place: under its own key, or the next one under the request's."""
        if key is not None:
            self.names.add(key.name)
            return operation._replace(place=Place(key))
        if self._make_key is None:
            return operation
        if self._key is None:
            self._key = self._make_key()
            self.names.add(self._key.name)
        self._count += 1
        return operation._replace(place=Place(self._key, self._count - 1))

    def learn(self, rows: Rows) -> list[str]:
        """Take in what `recall` has found.

        Returns:
            The keys whose time is over: nothing is known of them.
        """
        self._kept, self.pending = {}, []
        old = set[str]()
        for record, is_young in map(recalled, rows):
            key, operation, step = record.place
            if is_young:
                self._kept.setdefault((key.name, operation), {})[step] = record
            else:
                old.add(key.name)
        return sorted(old)

    def kept(self, operation: Operation[Any]) -> list[Rows] | None:
        """The rows that an operation gave; None when it is still to be done.

        Raises:
            KeyReused: when another request has used its key.
            Problem: what PostgreSQL refused it for.
        """
        place = operation.place
        found = place and self._kept.get((place.key.name, place.operation))
        if not (place and found):
            return None
        if any(each.place.key.fingerprint != place.key.fingerprint for each in found.values()):
            raise KeyReused
        done = found.get(place.step)
        if done is None:
            return None
        self._has_effect = True
        if place.key is self._key:
            self._told(done.request_id)
        if done.refusal:
            raise faults.problem(StatementRefused(done.refusal, "as before"))
        read = range(place.step, operation.steps + place.step)
        rows = [rows_of(found[step].rows) if step in found else [] for step in read]
        return [*([] for _ in range(operation.unread)), *rows]

    def rest(self, operation: Operation[A]) -> Operation[A]:
        """What is left of an operation: nothing but its answer, if all of its rows are kept."""
        answer: A | Operation[A] | Problem = operation
        while isinstance(answer, Operation):
            try:
                rows = self.kept(answer)
                if rows is None:
                    return answer
                answer = answer.follow(rows)
            except Problem as problem:
                if isinstance(problem, KeyReused) and self._key is not None:
                    raise
                answer = problem
        if operation.place:
            self.repeated.add(operation.place.key.name)
        return Operation((), _giving(answer))

    def refused(self, operation: Operation[Any], problem: Problem) -> None:
        """An operation of several was refused: the others' call keeps that."""
        place, refusal = operation.place, problem.__cause__
        if isinstance(refusal, StatementRefused) and not isinstance(problem, _UNDECIDED) and place:
            self.pending.append(Record(place, refusal.sqlstate))

    def seen(self, operation: Operation[Any], rows: list[Rows]) -> None:
        """An operation goes on from rows that nothing has kept: the next call keeps them."""
        if place := operation.place:
            self.pending += [
                Record(place._replace(step=step), None, literals(each))
                for step, each in enumerate(rows, start=place.step)
                if each or step == place.step
            ]

    def begin(self) -> None:
        """A call is sent: what comes is no answer of an earlier request, or not that alone."""
        self._told(None)

    def done(self) -> None:
        """A call has kept what it did, and what was pending."""
        self.pending = []
        self._has_effect = True

    @property
    def pending_places(self) -> list[Place]:
        """Where it will be kept."""
        return [each.place for each in self.pending]

    @property
    def is_behind(self) -> bool:
        """Whether something is left to be kept of a request that had an effect."""
        return self._has_effect and bool(self.pending)


def _giving(answer: A | Problem) -> Callable[[list[Rows]], A]:
    def give(_rows: list[Rows]) -> A:
        if isinstance(answer, Problem):
            raise answer
        return answer

    return give
