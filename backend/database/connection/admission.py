"""Who may send next: calls wait in a queue of their user, and the users take turns.

Nobody has to wait while a wire has room and no turn is due, so then there is no queue. A user has a
few turns in the line at most, so one who asks much waits behind their own calls, and everybody else
is served in the order of arrival.
"""

from collections import Counter, deque
from collections.abc import Callable
from typing import Final

from backend.core.problems import Overloaded
from backend.database.connection.call import Call

_TURNS = 8  # of one user in the line; with one, whoever asks six things at once waits six rounds
_WAITING = 1_000  # calls of one user; more are refused, at the same pace as what waited too long


_NOTHING: Final[deque[Call]] = deque()  # what waits of nearly all users


class _Queue:
    """One user's calls, those in flight and those that wait."""

    __slots__ = ("allowed", "calls", "in_flight", "turns")

    def __init__(self, allowed: int) -> None:
        self.allowed = allowed
        self.calls = _NOTHING
        self.in_flight = 0
        self.turns = 0


class Admission:
    """The queues of one pool.

    Args:
        first: Calls that a user may have in flight before any was answered: what they cost is not
            known yet. Each answer allows one more. What the program asks on its own account, for
            no user, is not bounded.
        most: Calls that a user may have in flight at most.
        leaves: Asked for each call that has waited, when its turn comes: whether it has been taken
            elsewhere.

    Attributes:
        waiting: How many calls wait for a turn.
        refusals: How many were told that they wait in vain, by what they were told.
    """

    def __init__(self, first: int, most: int, leaves: Callable[[Call], bool]) -> None:
        self.waiting = 0
        self.refusals: Counter[type[Exception]] = Counter()
        self._first = first
        self._most = most
        self._leaves = leaves
        self._queues: dict[str | None, _Queue] = {}  # of users with calls, in flight or waiting
        self._turns: deque[_Queue] = deque()  # those that may send one of their waiting calls
        self._refused: deque[Call] = deque()

    @property
    def is_idle(self) -> bool:
        """Whether no call is in flight or waits."""
        return not (self._queues or self._refused)

    def enter(self, call: Call) -> bool:
        """Whether `call` may be sent at once; it counts as in flight then, until `end`."""
        if self._turns:
            return False
        queue = self._queues.get(call.user) or self._queue(call)
        if queue.in_flight >= queue.allowed:
            return False
        queue.in_flight += 1
        return True

    def enter_again(self, call: Call) -> None:
        """Count `call` as in flight: a repeat, which has had its turn."""
        self._queue(call).in_flight += 1

    def wait(self, call: Call, now: float) -> None:
        """Let `call` wait for a turn of its user; `now` is the event loop's time in seconds."""
        call.waits_since = call.waits_since or now
        queue = self._queue(call)
        if call.user is not None and len(queue.calls) >= _WAITING:
            self._refused.append(call)
            return
        if not queue.calls:
            queue.calls = deque()
        queue.calls.append(call)
        self.waiting += 1
        self._give_turn(queue)

    def next(self) -> Call | None:
        """The call whose turn it is, in flight from then on; who has left is skipped."""
        while self._turns:
            queue = self._turns.popleft()
            queue.turns -= 1
            while queue.calls:
                call = queue.calls.popleft()
                self.waiting -= 1
                if call.answered.done() or self._leaves(call):
                    continue
                queue.in_flight += 1
                self._give_turn(queue)
                return call
        return None

    def end(self, call: Call) -> None:
        """`call` is no longer in flight."""
        queue = self._queues[call.user]
        queue.in_flight -= 1
        if queue.allowed < self._most:
            queue.allowed += 1
        if queue.calls:
            self._give_turn(queue)
        elif not queue.in_flight:
            del self._queues[call.user]

    def refuse(self, before: float, reason: type[Exception] = Overloaded) -> None:
        """Tell those that have waited since `before`, and forget those that have left.

        With users taking turns, who waits longest is who asks most. The wait sets the pace: a
        client that comes back at once when it is refused cannot fill the event loop with refusals.
        """
        for user, queue in list(self._queues.items()):
            self.waiting -= self._tell(queue.calls, before, reason)
            if not queue.calls and not queue.in_flight:
                del self._queues[user]
        self._tell(self._refused, before, reason)

    def _tell(self, calls: deque[Call], before: float, reason: type[Exception]) -> int:
        """Take those out that have waited since `before` or were left, and say how many."""
        count = len(calls)
        while calls and (calls[0].waits_since <= before or calls[0].answered.done()):
            call = calls.popleft()
            if not call.answered.done():
                self.refusals[reason] += 1
                call.answered.set_exception(reason())
        return count - len(calls)

    def _queue(self, call: Call) -> _Queue:
        user = call.user
        queue = self._queues.get(user)
        if queue is None:
            allowed = 1_000_000_000 if user is None else self._first
            queue = self._queues[user] = _Queue(allowed)
        return queue

    def _give_turn(self, queue: _Queue) -> None:
        turns = queue.turns
        if turns < len(queue.calls) and turns < _TURNS and turns + queue.in_flight < queue.allowed:
            queue.turns += 1
            self._turns.append(queue)
