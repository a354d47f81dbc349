"""A few wires for each worker: the one with most room takes the call, broken ones are replaced.

A call is sent twice at most, so the second time it goes to a wire that is most probably good.
"""

import asyncio
import logging
import math
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Final, NamedTuple

from backend.core.problems import Overloaded, Problem, Unavailable
from backend.database import faults
from backend.database.connection.admission import Admission
from backend.database.connection.call import Call, Rows, Tag
from backend.database.connection.costs import Costs
from backend.database.connection.supply import Supply, SupplyOptions
from backend.database.connection.wire import Wire
from backend.database.faults import (
    LOST_PREPARED_STATEMENTS,
    NoWire,
    Preempted,
    StatementRefused,
    TakenBack,
    WireBroken,
    WireLost,
)
from backend.database.statements import Bound

_CROWDED = 4  # calls in flight on the least loaded wire

# How long a call has been in PostgreSQL's hands is counted in turns of the event loop, at least
# `_TICK` seconds apart. So no call looks slow because the loop was late to read its answer.
_TICK: Final = 0.005
_HELD_UP = 2  # ticks after which others take other wires
_SLOW = 4
_LEFT = 6  # and nobody waits any more: it is cancelled
_TOO_SLOW = 8  # for a wire that others wait for: it is cancelled and goes to the slow pool
_POOLED = 4  # through a pooler, which has a queue of its own, all of it takes so many times longer
_REFUSE_EVERY = 8  # ticks

log = logging.getLogger(__name__)


_user = attrgetter("user")


@dataclass(frozen=True, slots=True)
class PoolOptions(SupplyOptions):
    """How a pool behaves, besides which wires it has.

    Attributes:
        first: Calls that a user may have in flight before any is answered; see `Admission`.
        most: Calls that a user may have in flight.
        company: Waiting calls of how many users may share a transaction, and so a commit.
        patience: Seconds after which a waiting call is refused, well before its deadline.
    """

    first: int = 2
    most: int = 32
    company: int = 1
    patience: float = 1.75


class PoolState(NamedTuple):
    """What a pool is doing, and what it has done since its start.

    Attributes:
        connections, most_connections: How many wires are ready, and how many there may be.
        in_flight: How many calls wait for PostgreSQL.
        waiting: How many calls wait for a turn.
        waits, wait_seconds: How many calls have waited for a turn and got it, and how long.
        refusals: How many calls were not sent at all, by reason.
        made, failed: How many attempts to connect have succeeded, and how many not.
        lost: How many connections have broken.
    """

    connections: int
    most_connections: int
    in_flight: int
    waiting: int
    waits: int
    wait_seconds: float
    refusals: Mapping[str, int]
    made: int
    failed: int
    lost: int


class Pool:
    """The wires of one worker.

    Args:
        conninfo: The database, as libpq takes it.
        options: See `PoolOptions`.
        costs: Where to note what is slow.
        slow: Takes what is slow instead of this one; None when nobody does.
    """

    def __init__(
        self,
        conninfo: str,
        options: PoolOptions | None = None,
        costs: Costs | None = None,
        slow: "Pool | None" = None,
    ) -> None:
        self.options = options or PoolOptions()
        self._costs = costs or Costs()
        self._slow = slow
        self._admission = Admission(self.options.first, self.options.most, self._leaves)
        self._repeats: deque[Call] = deque()  # for the wire made last, before all others
        self._waits, self._wait_seconds = 0, 0.0
        self._loop: asyncio.AbstractEventLoop
        self._ticking: asyncio.TimerHandle | None = None
        self._ticks = 0
        self._supply = Supply(conninfo, self.options, self._take_over, self._give_up)
        self._wires = self._supply.wires
        self.disconnect = self._supply.disconnect

    def stand_by(self) -> None:
        """Get ready to connect when there is a call."""
        self._loop = asyncio.get_running_loop()
        self._supply.stand_by()

    async def start(self) -> None:
        """As `stand_by`, and wait until the first wire is ready or has failed.

        Raises:
            IsolationBroken: when the database does not isolate users. An unreachable database
                is no error: calls answer 503 until it is back.
        """
        self.stand_by()
        await self._supply.start()

    async def close(self) -> None:
        """Close every wire; calls in flight fail."""
        await self._supply.close()
        if self._ticking:
            self._ticking.cancel()

    async def call(
        self,
        statements: Sequence[Bound],
        *,
        read_only: bool,
        tag: Tag | None = None,
        is_once: bool = False,
    ) -> list[Rows]:
        """Run `statements` as one atomic call in one round trip.

        A call whose wire broke is sent once more if it only reads, was not sent whole, or refuses
        by itself to be done twice (`is_once`); one that
        PostgreSQL rolled back for a passing reason is sent once more in any case. There is no
        third time, whatever the reasons; one that shared the transaction of a call that failed
        has not had its first yet.

        Returns:
            The rows of each statement, in text format.

        Raises:
            Problem: Conflict, ValidationFailed, Unavailable, … as `faults` has it.
        """
        call = Call(statements, tag)
        self.submit(call)
        try:
            try:
                try:
                    return await call.answered
                except TakenBack:  # which says nothing of this call
                    call = Call(statements, tag)
                    call.goes_alone = True
                    self.submit(call)
                    return await call.answered
            except faults.FAULTS as fault:
                return await self._repeat(call, fault, is_harmless=read_only or is_once)
        except faults.FAULTS as fault:
            raise faults.problem(fault) from fault

    def submit(self, call: Call) -> None:
        """Send `call` when it is its turn; whatever becomes of it, its future tells."""
        if self._ticking is None:
            self._ticking = self._loop.call_later(_TICK, self._tick)
        wire = self._free_wire()
        if wire is not None and self._admission.enter(call):
            self._carry(wire, call)
        elif not (self._wires or self._supply.is_reachable):
            self._supply.ask_for_more()
            self._admission.refusals[NoWire] += 1
            call.answered.set_exception(NoWire())
        else:
            self._admission.wait(call, self._loop.time())
            self._send_waiting()

    def close_all(self) -> Problem:
        """Give up all connections: an answer was somebody else's.

        Returns:
            What to tell the caller, who sees nothing of the answer.
        """
        log.error("answer_of_another_user")
        self.disconnect()
        return Unavailable()

    @property
    def wires(self) -> int:
        """How many wires are ready."""
        return len(self._wires)

    @property
    def in_flight(self) -> int:
        """How many calls wait for PostgreSQL."""
        return sum(wire.in_flight for wire in self._wires)

    def state(self) -> PoolState:
        """A picture of the moment."""
        told = self._admission.refusals
        supply = self._supply
        return PoolState(
            connections=self.wires,
            most_connections=self.options.size,
            in_flight=self.in_flight,
            waiting=self._admission.waiting,
            waits=self._waits,
            wait_seconds=self._wait_seconds,
            refusals={"overloaded": told[Overloaded], "no_connection": told[NoWire]},
            made=supply.made,
            failed=supply.failed,
            lost=supply.lost,
        )

    def _free_wire(self) -> Wire | None:
        """The wire with most room that nothing holds up; None when there is none."""
        free, room = None, 0
        for wire in self._wires:
            if wire.room > room and not wire.is_held_up:
                free, room = wire, wire.room
        if free is None or free.in_flight >= _CROWDED:
            self._supply.ask_for_more()
        return free

    def _carry(self, wire: Wire, *calls: Call) -> None:
        try:
            wire.carry(*calls)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is these callers'
            for call in calls:
                self._admission.end(call)
                call.answered.set_exception(error)

    def _carry_next(self, wire: Wire) -> None:
        """Send those whose turn it is in one transaction; who goes alone has the next one.

        All take the locks of their spaces in one order, or two transactions could wait for each
        other.
        """
        company: list[Call] = []
        alone = None
        while len(company) < self.options.company and (call := self._admission.next()):
            if call.goes_alone or call.user is None or self._costs.fails_often(call.user):
                alone = call
                break
            company.append(call)
        if company:
            self._note_waits(company)
            self._carry(wire, *sorted(company, key=_user))
        if alone is not None:
            self._note_waits([alone])
            self._carry(wire, alone)

    def _note_waits(self, calls: Sequence[Call]) -> None:
        now = self._loop.time()
        self._waits += len(calls)
        for call in calls:
            self._wait_seconds += now - call.waits_since

    def _send_waiting(self) -> None:
        """Fill the room that there is with the calls whose turn it is."""
        while self._repeats and self._wires:
            newest = self._wires[-1]
            if newest.room <= 0 or newest.is_held_up:
                break
            call = self._repeats.popleft()
            self._admission.enter_again(call)
            self._carry(newest, call)
        while self._admission.waiting and (wire := self._free_wire()):
            before = self._admission.waiting
            self._carry_next(wire)
            if self._admission.waiting == before:  # nobody has a turn
                return

    def _leaves(self, call: Call) -> bool:
        """Have the slow pool take a call that has turned out to be slow while it waited."""
        if self._slow is None or call.tag is None or not self._costs.are_high(call.tag):
            return False
        self._slow.submit(call)
        return True

    def _take_over(self, wire: Wire) -> None:
        wire.on_end, wire.on_room = self._admission.end, self._send_waiting
        self._send_waiting()

    def _give_up(self) -> None:
        """There is no wire: tell all who wait for one."""
        self._admission.refuse(math.inf, NoWire)
        while self._repeats:
            call = self._repeats.popleft()
            if not call.answered.done():
                call.answered.set_exception(NoWire())

    async def _repeat(self, call: Call, fault: Exception, *, is_harmless: bool) -> list[Rows]:
        """Send a call once more that failed for a passing reason.

        Raises:
            Exception: `fault` for any other reason; what became of the second try.
        """
        again = Call(call.statements, call.tag)
        again.goes_alone = True  # or others could take it back, and this is its last time
        if isinstance(fault, StatementRefused) and call.company > 1 and call.user:
            self._costs.note_failure(call.user)  # the others had to be sent again
        if isinstance(fault, Preempted):
            if call.company > 1 and call.tag:
                self._costs.note(call.tag)
            (self._slow or self).submit(again)
        elif isinstance(fault, WireLost) and (is_harmless or isinstance(fault, WireBroken)):
            await self._repeat_on_newest(again)
        elif isinstance(fault, StatementRefused) and faults.worth_repeating(fault):
            if fault.sqlstate in LOST_PREPARED_STATEMENTS:
                self._supply.learn(fault)
                await self._repeat_on_newest(again)
            else:
                self.submit(again)
        else:
            raise fault
        return await again.answered

    async def _repeat_on_newest(self, call: Call) -> None:
        """Have the wire take `call` that is being made if one is missing, or was made last.

        What broke a wire, a restart of the server for one, may have broken all others of its time
        without anybody knowing yet.
        """
        await self._supply.newest()
        self._repeats.append(call)
        self._send_waiting()

    def _tick(self) -> None:
        """Look after what takes long: calls in PostgreSQL's hands, and calls that wait."""
        self._ticks += 1
        for wire in list(self._wires):
            if (call := wire.current) is not None:
                wire.ticks += 1
                self._watch(wire, call)
        if self._ticks % _REFUSE_EVERY == 0:
            before = self._loop.time() - self.options.patience
            self._admission.refuse(before, Overloaded if self._wires else NoWire)
        self._send_waiting()
        idle = self._admission.is_idle
        self._ticking = None if idle else self._loop.call_later(_TICK, self._tick)

    def _watch(self, wire: Wire, call: Call) -> None:
        ticks = (wire.ticks - wire.round_trip / _TICK) / (_POOLED if wire.is_pooled else 1)
        if call.company > 1:  # which of them takes long will be seen when it is cancelled
            wire.is_held_up = ticks >= _HELD_UP
            if ticks >= _TOO_SLOW and self._slow:
                wire.cancel()
            return
        if ticks < _HELD_UP:
            return
        wire.is_held_up = True
        if call.answered.done():
            if ticks >= _LEFT:
                wire.cancel()
        elif ticks >= _TOO_SLOW and self._slow and call.tag:
            wire.cancel()
        if ticks >= _SLOW and call.tag and not call.is_slow:
            call.is_slow = True
            self._costs.note(call.tag)
