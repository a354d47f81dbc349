"""A few wires for each worker: the least loaded takes the call, broken ones are replaced.

A call is sent twice at most, so the second time it goes to a wire that is most probably good.
"""

import asyncio
import contextlib
import logging
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from operator import attrgetter

import psycopg

from backend.core.problems import Overloaded, Problem, Unavailable
from backend.database import faults
from backend.database.connection.wire import Rows, Tag, Wire, WireOptions, WireState
from backend.database.faults import (
    LOST_PREPARED_STATEMENTS,
    NoWire,
    StatementRefused,
    WireBroken,
    WireLost,
)
from backend.database.proof import prove_isolation
from backend.database.statements import Bound

_LONGEST_PAUSE = 1.0
_CROWDED = 4  # calls in flight on the least loaded wire
_CONNECT_TIMEOUT = 10  # seconds; a sleeping Neon database takes about one to wake

log = logging.getLogger(__name__)
_load = attrgetter("in_flight")


@dataclass(frozen=True, slots=True)
class PoolOptions:
    """How a pool behaves.

    Attributes:
        size: Wires.
        depth: Calls in flight on each wire, and callers waiting for a wire; more are refused.
        silence: Seconds without a byte after which the server counts as hung.
        idle: Seconds without a call after which a wire is closed; the next call makes a new one.
            Below the five minutes after which Neon suspends a database.
        prepare: Whether to prepare statements; None finds out.
    """

    size: int = 4
    depth: int = 512
    silence: float = 2.0
    idle: float = 240.0
    prepare: bool | None = None


class Pool:
    """The wires of one worker.

    Args:
        conninfo: The database, as libpq takes it.
        options: See `PoolOptions`.
        on_answer: Told how long PostgreSQL took for each call with a tag, in seconds.
    """

    def __init__(
        self,
        conninfo: str,
        options: PoolOptions | None = None,
        on_answer: Callable[[Tag, float], None] = lambda _tag, _seconds: None,
    ) -> None:
        self._conninfo = psycopg.conninfo.make_conninfo(
            conninfo,
            connect_timeout=_CONNECT_TIMEOUT,
            client_encoding="UTF8",  # whatever the environment, the role or the URL says
        )
        self.options = options or PoolOptions()
        self._on_answer = on_answer
        self._prepare = self.options.prepare is not False
        self._wires: list[Wire] = []  # the one made last is the last
        self._keepers: list[asyncio.Task[None]] = []
        self._waiters: set[asyncio.Future[None]] = set()
        self._demand = asyncio.Event()
        self._reachable = True
        self._refused: faults.IsolationBroken | None = None

    def stand_by(self) -> None:
        """Get ready to connect when there is a call."""
        self._keepers = [asyncio.create_task(self._keep()) for _ in range(self.options.size)]

    async def start(self) -> None:
        """Start connecting, and wait until the first wire is ready or has failed.

        Raises:
            IsolationBroken: when the database does not isolate users. An unreachable database
                is no error: calls answer 503 until it is back.
        """
        self.stand_by()
        with contextlib.suppress(NoWire):
            await self._wait_for_wire()
        if refused := self._refused:
            await self.close()
            raise refused

    async def close(self) -> None:
        """Close every wire; calls in flight fail."""
        for keeper in self._keepers:
            keeper.cancel()
        await asyncio.gather(*self._keepers, return_exceptions=True)
        self._reachable = False  # a read that fails now waits for no other wire
        self._tell_waiters(NoWire())
        self.disconnect()

    async def call(
        self, statements: Sequence[Bound], *, read_only: bool, tag: Tag | None = None
    ) -> list[Rows]:
        """Run `statements` as one atomic call in one round trip.

        A call whose wire broke is sent once more if it only reads or was not sent whole; one that
        PostgreSQL rolled back for a passing reason is sent once more in any case. There is no
        third time, whatever the reasons.

        Returns:
            The rows of each statement, in text format.

        Raises:
            Problem: Conflict, ValidationFailed, Unavailable, … as `faults` has it.
        """
        try:
            wire = await self._free_wire()
            try:
                return await wire.send(statements, tag)
            except WireLost as loss:
                if not read_only and not isinstance(loss, WireBroken):
                    raise
            except StatementRefused as refusal:
                self._learn(refusal)
                if not faults.worth_repeating(refusal):
                    raise
            usable = wire.state is WireState.READY
            wire = await (self._free_wire() if usable else self._newest_wire())
            return await wire.send(statements, tag)
        except faults.FAULTS as fault:
            raise faults.problem(fault) from fault

    def close_all(self) -> Problem:
        """Give up all connections: an answer was somebody else's.

        Returns:
            What to tell the caller, who sees nothing of the answer.
        """
        log.error("answer_of_another_user")
        self.disconnect()
        return Unavailable()

    def disconnect(self) -> None:
        """Close every wire at once; new ones are made."""
        for wire in list(self._wires):
            wire.close()

    @property
    def wires(self) -> int:
        """How many wires are ready."""
        return len(self._wires)

    @property
    def in_flight(self) -> int:
        """How many calls wait for PostgreSQL."""
        return sum(wire.in_flight for wire in self._wires)

    async def _free_wire(self) -> Wire:
        """The least loaded wire, and rather one that nothing holds up."""
        while not self._wires:
            await self._wait_for_wire()
        wire = min(self._wires, key=_load)
        if wire.is_held_up:
            self._demand.set()
            free = [other for other in self._wires if not other.is_held_up]
            wire = min(free, key=_load, default=wire)
        if wire.in_flight >= _CROWDED:
            self._demand.set()  # wires that were closed when idle are wanted again
        return wire

    async def _newest_wire(self) -> Wire:
        """The wire that is being made if one is missing, or the one that was made last.

        What broke a wire, a restart of the server for one, may have broken all others of its time
        without anybody knowing yet.
        """
        if len(self._wires) < self.options.size:
            await self._wait_for_wire()
        while not self._wires:
            await self._wait_for_wire()
        return self._wires[-1]

    async def _wait_for_wire(self) -> None:
        """Wait until a wire has been made, or making one has failed.

        Raises:
            NoWire: when it has failed and there is no other wire.
        """
        self._demand.set()
        if not self._reachable:
            raise NoWire
        if len(self._waiters) >= self.options.depth:
            raise Overloaded
        waiter = asyncio.get_running_loop().create_future()
        self._waiters.add(waiter)
        try:
            await waiter
        finally:
            self._waiters.discard(waiter)

    def _tell_waiters(self, failure: Exception | None = None) -> None:
        for waiter in self._waiters:
            if waiter.done():
                continue
            if failure:
                waiter.set_exception(failure)
            else:
                waiter.set_result(None)

    async def _keep(self) -> None:
        """Keep one wire alive: connect, wait until it retires, connect again."""
        pause = 0.0
        while True:
            await self._demand.wait()
            try:
                wire, retired = await self._connect()
            except Exception as error:  # noqa: BLE001 - whatever it was, a wire is still wanted
                self._note_failure(error, repeated=pause > 0)
                pause = min(_LONGEST_PAUSE, pause * 2 or 0.05)
                await asyncio.sleep(pause * random.uniform(0.5, 1.0))  # noqa: S311 - jitter
                continue
            pause = 0.0
            await self._offer(wire, retired)

    async def _connect(self) -> tuple[Wire, asyncio.Event]:
        """A wire that is proven safe, and what says that it has retired."""
        while True:
            prepare = self._prepare
            wire, retired = await self._connect_as(prepare=prepare)
            try:
                await prove_isolation(wire)
            except StatementRefused as refusal:
                wire.close()
                self._learn(refusal)
                if prepare == self._prepare:
                    raise
            except BaseException:
                wire.close()
                raise
            if prepare == self._prepare:
                return wire, retired
            wire.close()  # in the meantime something has lost prepared statements

    async def _connect_as(self, *, prepare: bool) -> tuple[Wire, asyncio.Event]:
        retired = asyncio.Event()

        def retire() -> None:
            retired.set()
            with contextlib.suppress(ValueError):  # it had not been offered yet
                self._wires.remove(wire)

        options = WireOptions(
            self.options.silence, self.options.depth, prepare, retire, self._on_answer
        )
        wire = await Wire.connect(self._conninfo, options)
        return wire, retired

    def _note_failure(self, error: Exception, *, repeated: bool) -> None:
        self._refused = error if isinstance(error, faults.IsolationBroken) else None
        sqlstate = getattr(error, "sqlstate", None)
        known = {"error": type(error).__name__, "sqlstate": sqlstate}
        log.warning("database_connection_failed", extra=known)
        # Callers wait through a single quick failure: a connection may die young with all others.
        final = repeated or self._refused or isinstance(error, psycopg.errors.ConnectionTimeout)
        if final:
            self._reachable = bool(self._wires)
            self._tell_waiters(None if self._wires else NoWire())

    async def _offer(self, wire: Wire, retired: asyncio.Event) -> None:
        """Offer `wire` to calls until it retires or has been idle for long."""
        self._wires.append(wire)
        self._reachable = True
        self._tell_waiters()
        clock = asyncio.get_running_loop().time
        while not retired.is_set():
            idle_for = clock() - wire.last_used
            if idle_for >= self.options.idle:
                self._demand.clear()
                wire.drain()
                return
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self.options.idle - idle_for + 0.01):
                    await retired.wait()

    def _learn(self, refusal: StatementRefused) -> None:
        """Stop preparing statements when something between us and PostgreSQL loses them."""
        lost = refusal.sqlstate in LOST_PREPARED_STATEMENTS
        if lost and self.options.prepare is None and self._prepare:
            log.warning("prepared_statements_off", extra={"sqlstate": refusal.sqlstate})
            self._prepare = False
            for wire in list(self._wires):
                wire.drain()
