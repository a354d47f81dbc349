"""The wires of a pool: made when there is demand, proven, replaced when they break."""

import asyncio
import contextlib
import logging
import random
from collections.abc import Callable
from dataclasses import dataclass, field

import psycopg

from backend.database import faults, urls
from backend.database.connection.failures import FailureLog
from backend.database.connection.wire import Wire, WireOptions, WireState
from backend.database.faults import LOST_PREPARED_STATEMENTS, NoWire, StatementRefused
from backend.database.proof import prove_isolation

_LONGEST_PAUSE = 1.0

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class SupplyOptions:
    """Which wires there are.

    Attributes:
        size: Wires.
        window: Calls in flight on each wire.
        silence: Seconds without a byte after which the server counts as hung.
        idle: Seconds without a call after which a wire is closed; the next call makes a new one.
            Below the five minutes after which Neon suspends a database.
        prepare: Whether to prepare statements; None finds out.
        failures: Where it is told why a wire could not be made; the pools of a worker share it.
    """

    size: int = 4
    window: int = 32
    silence: float = 2.0
    idle: float = 240.0
    prepare: bool | None = None
    failures: FailureLog = field(default_factory=FailureLog)


class Supply:
    """Keeps wires alive.

    Args:
        conninfo: The database, as libpq takes it.
        options: See `SupplyOptions`.
        on_wire: Called with each wire that calls may use from now on.
        on_failure: Called when there is no wire, and none could be made.

    Attributes:
        wires: Those that are ready; the one made last is the last.
        is_reachable: Whether there is a wire, or the latest attempt to make one was no failure.
        made, failed: How many attempts to make a wire have succeeded, and how many not.
        lost: How many wires have broken.
    """

    def __init__(
        self,
        conninfo: str,
        options: SupplyOptions,
        on_wire: Callable[[Wire], None],
        on_failure: Callable[[], None],
    ) -> None:
        # The encoding is ours, whatever the environment, the role or the URL says.
        self._conninfo = urls.complete(conninfo, client_encoding="UTF8")
        self.wires: list[Wire] = []
        self.is_reachable = True
        self.made = self.failed = self.lost = 0
        self._options = options
        self._on_wire = on_wire
        self._on_failure = on_failure
        self._prepare = options.prepare is not False
        self._keepers: list[asyncio.Task[None]] = []
        self._waiters: set[asyncio.Future[None]] = set()
        self._demand = asyncio.Event()
        self._refused: faults.IsolationBroken | None = None

    def stand_by(self) -> None:
        """Get ready to connect when there is a call."""
        self._keepers = [asyncio.create_task(self._keep()) for _ in range(self._options.size)]

    async def start(self) -> None:
        """After `stand_by`: wait until the first wire is ready or has failed.

        Raises:
            IsolationBroken: when the database does not isolate users.
        """
        with contextlib.suppress(NoWire):
            await self.wait()
        if refused := self._refused:
            await self.close()
            raise refused

    async def close(self) -> None:
        """Close every wire; calls in flight fail."""
        for keeper in self._keepers:
            keeper.cancel()
        await asyncio.gather(*self._keepers, return_exceptions=True)
        self.is_reachable = False  # a read that fails now waits for no other wire
        self._give_up()
        self.disconnect()

    def disconnect(self) -> None:
        """Close every wire at once; new ones are made."""
        for wire in list(self.wires):
            wire.close()

    def ask_for_more(self) -> None:
        """Make the wires that are missing, those included that were closed when idle."""
        if len(self.wires) < self._options.size:
            self._demand.set()

    async def newest(self) -> None:
        """Wait for the wire that is being made if one is missing; at least one is there then.

        Raises:
            NoWire: when there is none, and none can be made.
        """
        if len(self.wires) < self._options.size:
            await self.wait()
        while not self.wires:
            await self.wait()

    async def wait(self) -> None:
        """Wait until a wire has been made, or making one has failed.

        Raises:
            NoWire: when it has failed and there is no other wire.
        """
        self._demand.set()
        if not self.is_reachable:
            raise NoWire
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

    def _give_up(self) -> None:
        self._tell_waiters(NoWire())
        self._on_failure()

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
                await wire.settle()
            except StatementRefused as refusal:
                wire.close()
                self.learn(refusal)
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
                self.wires.remove(wire)
                self.lost += wire.state is WireState.CLOSED

        options = WireOptions(
            silence=self._options.silence,
            prepare=prepare,
            on_retire=retire,
            window=self._options.window,
        )
        wire = await Wire.connect(self._conninfo, options)
        return wire, retired

    def _note_failure(self, error: Exception, *, repeated: bool) -> None:
        self.failed += 1
        self._refused = error if isinstance(error, faults.IsolationBroken) else None
        self._options.failures.note(error)
        # Callers wait through a single quick failure: a connection may die young with all others.
        final = repeated or self._refused or isinstance(error, psycopg.errors.ConnectionTimeout)
        if final:
            self.is_reachable = bool(self.wires)
            if self.wires:
                self._tell_waiters()
            else:
                self._give_up()

    async def _offer(self, wire: Wire, retired: asyncio.Event) -> None:
        """Offer `wire` to calls until it retires or has been idle for long."""
        self.made += 1
        self.wires.append(wire)
        self._options.failures.note_success()
        self.is_reachable = True
        self._tell_waiters()
        self._on_wire(wire)
        clock = asyncio.get_running_loop().time
        while not retired.is_set():
            idle_for = clock() - wire.last_used
            if idle_for >= self._options.idle:
                self._demand.clear()
                wire.drain()
                return
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._options.idle - idle_for + 0.01):
                    await retired.wait()

    def learn(self, refusal: StatementRefused) -> None:
        """Stop preparing statements when something between us and PostgreSQL loses them."""
        lost = refusal.sqlstate in LOST_PREPARED_STATEMENTS
        if lost and self._options.prepare is None and self._prepare:
            log.warning("prepared_statements_off", extra={"sqlstate": refusal.sqlstate})
            self._prepare = False
            for wire in list(self.wires):
                wire.drain()
