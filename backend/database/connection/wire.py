"""The wire: one libpq connection in pipeline mode, carrying many calls at once.

A call is a list of statements and one sync. Between two syncs lies one implicit transaction
(PostgreSQL manual, "Pipeline mode" of libpq and "Extended query" of the protocol), so each call
is atomic and alone: an error fails only its own call, and `set_config(…, true)` inside a call
ends with it. PostgreSQL answers calls in the order in which they were sent; the wire hands each
answer to the future of its call. A caller that stops waiting does not disturb the others.

Calls may share a transaction (`carry`): one commit, one wait for the disk, for all of them. Each
has its own prelude, which sets again whatever the one before has set.

A call that begins or ends a transaction of its own, or changes the session, would change what the
calls behind it mean: theirs would be rolled back with it, or run as somebody else. The wire closes
as soon as it sees one, and neither that call nor those behind it count as done.

    connect ──► READY ──► DRAINING ──► CLOSED
                  └──── any failure ─────┘
"""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import islice

import psycopg
from psycopg import pq

from backend.database.connection.call import Call, Rows, Tag
from backend.database.connection.libpq import queue_sync
from backend.database.connection.prepared import PreparedStatements
from backend.database.faults import (
    LOST_PREPARED_STATEMENTS,
    QUERY_CANCELED,
    Preempted,
    TakenBack,
    WireBroken,
    WireLost,
)
from backend.database.statements import Bound, Statement

__all__ = ["Rows", "Tag", "Wire", "WireOptions", "WireState"]

_PREPARED = 256  # statements; of lists of tasks they take 12 MB of the server's memory

# Writes of a space are serial by a lock, behind which they must see what the others have written.
_READ_COMMITTED = Statement(
    "SELECT set_config('default_transaction_isolation', 'read committed', false)"
).bind()
_SYNC = pq.ExecStatus.PIPELINE_SYNC
# ACTIVE is what libpq says while other calls are in flight, whatever the transaction's status.
_IN_ORDER = (pq.TransactionStatus.IDLE, pq.TransactionStatus.ACTIVE)


class WireState(Enum):
    """The states of a wire's life."""

    READY = "ready"
    DRAINING = "draining"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class WireOptions:
    """How a wire behaves.

    Attributes:
        silence: Seconds without a byte, while calls wait, after which the server counts as hung.
        prepare: Whether statements are prepared on first use, the latest 256 of them.
        on_retire: Called once, when the wire takes no more calls for whatever reason.
        window: How many transactions should be in flight at once, which whoever sends them looks
            to.
    """

    silence: float
    prepare: bool
    on_retire: Callable[[], None]
    window: int = 32


class Wire:
    """One connection, made by `connect` and of no more use once it is no longer READY.

    Attributes:
        state: Where in its life the wire is.
        last_used: When the latest call was sent, by the event loop's clock, in seconds.
        room: How many more transactions the window has room for.
        is_held_up: Whether calls should rather go elsewhere: they would wait here, behind a call
            that takes long or is being cancelled.
        is_pooled: Whether a transaction pooler is in between.
        round_trip: Seconds to PostgreSQL and back.
        on_end: Called with each call that has been answered or lost.
        on_room: Called when the wire can take calls again.
        ticks: How often somebody has found the wire with the same call in PostgreSQL's hands.
    """

    def __init__(self, connection: psycopg.AsyncConnection, options: WireOptions) -> None:
        self.state = WireState.READY
        self._options = options
        self._loop = asyncio.get_running_loop()
        self.last_used = self._heard = self._loop.time()
        self.room = options.window
        self.is_held_up = False
        self.is_pooled = False
        self.round_trip = 0.0
        self.on_end: Callable[[Call], None] = lambda _call: None
        self.on_room: Callable[[], None] = lambda: None
        self.ticks = 0
        self._calls: deque[Call] = deque()  # sent, in this order
        self._cancelling: asyncio.Task[None] | None = None
        self._cancelled_at = -1.0
        self._prepared = PreparedStatements(_PREPARED if options.prepare else 0)
        self._flushing = False
        self._watch: asyncio.TimerHandle | None = None
        self._connection = connection  # it warns when it goes before the connection is closed
        self._pgconn = connection.pgconn
        self._pgconn.nonblocking = 1
        self._pgconn.enter_pipeline_mode()
        self._socket = self._pgconn.socket
        self._loop.add_reader(self._socket, self._receive)

    @classmethod
    async def connect(cls, conninfo: str, options: WireOptions) -> "Wire":
        """A wire to the database that `conninfo` (a libpq connection string) names.

        Raises:
            psycopg.OperationalError: when the server refuses or cannot be reached.
        """
        return cls(await psycopg.AsyncConnection.connect(conninfo, autocommit=True), options)

    @property
    def in_flight(self) -> int:
        """How many calls wait for their answers."""
        return len(self._calls)

    @property
    def current(self) -> Call | None:
        """The call in PostgreSQL's hands."""
        return self._calls[0] if self._calls else None

    @property
    def backend_pid(self) -> int:
        """The server's process, as whoever answered the connection says."""
        return self._pgconn.backend_pid

    def send(
        self, statements: Sequence[Bound], tag: Tag | None = None
    ) -> asyncio.Future[list[Rows]]:
        """Send one call.

        Args:
            statements: What to run, in this order.
            tag: What `on_answer` shall know the call by.

        Returns:
            A future of the rows of each statement, in text format. It fails with
            `StatementRefused` or `WireLost`.

        Raises:
            WireBroken: when the wire is of no use; the call had no effect.
        """
        call = Call(statements, tag)
        self.carry(call)
        return call.answered

    def carry(self, *calls: Call) -> None:
        """As `send`; the answers go to the futures of `calls`, which have one transaction.

        If one fails, PostgreSQL takes back all of them; the others fail as `TakenBack`.
        """
        if self.state is not WireState.READY:
            raise WireBroken(f"the wire is {self.state.value}")
        try:
            for call in calls:
                call.send(self._pgconn, self._prepared, first=call is calls[0])
            queue_sync(self._pgconn)
        except BaseException as error:
            # Without its sync, what was sent would become part of the next call: as this user.
            self._close(f"sending failed: {error}")
            if isinstance(error, psycopg.Error):
                raise WireBroken(str(error)) from error
            raise
        self._calls.extend(calls)
        self.room -= 1
        self.last_used = self._loop.time()
        for call in calls:
            call.sent_at, call.company = self.last_used, len(calls)
        if not self._flushing:  # at the end of this turn of the loop, with all its calls
            self._flushing = True
            self._loop.call_soon(self._flush)
        if self._watch is None:
            self._watch = self._loop.call_later(self._options.silence, self._check_silence)

    def send_one_at_a_time(self) -> None:
        """From now on there is room for a call only when the one before is answered.

        A transaction pooler may hand a connection on when it has seen one answer, and a part of
        the next call with it: its users then get each other's answers (seen with PgBouncer 1.18).
        """
        self.is_pooled = True
        self.room = 1 - len(self._calls)

    def cancel(self) -> None:
        """Have PostgreSQL cancel the call in its hands.

        It does not say which call it means, so nothing is sent until it is over. A call behind it
        that was hit instead fails as `Preempted`.
        """
        if self._cancelling is None:
            self.is_held_up = True
            self._cancelled_at = self._loop.time()
            self._cancelling = self._loop.create_task(self._cancel(self._calls[0]))

    async def _cancel(self, call: Call) -> None:
        try:
            # Until the server has closed the connection that asks for it: the signal is sent.
            await self._connection.cancel_safe(timeout=self._options.silence)
        except (psycopg.Error, OSError):
            self.drain()  # it may still come, whenever
        self._cancelling = None
        self.ticks = 0
        if self.current is not call and self.state is WireState.READY:
            self.is_held_up = False
            self.on_room()

    async def settle(self) -> None:
        """Make the session as calls expect it, and take the time of a round trip.

        Through a pooler there is no session that could be set; there the database has to be so
        (`duly doctor` looks at it).
        """
        sent = self._loop.time()
        await self.send([] if self.is_pooled else [_READ_COMMITTED])
        self.round_trip = self._loop.time() - sent

    def drain(self) -> None:
        """Take no more calls, and close as soon as those in flight are answered."""
        if self.state is WireState.READY:
            self.state = WireState.DRAINING
            self._options.on_retire()
            if not self._calls:
                self._close("drained")

    def close(self) -> None:
        """Close at once; calls in flight fail with `WireLost`."""
        self._close("closed")

    def _flush(self) -> None:
        self._flushing = False
        if self.state is WireState.CLOSED:
            return
        try:
            unsent = self._pgconn.flush()
        except psycopg.Error as error:
            self._close(f"sending failed: {error}")
            return
        if unsent:
            self._loop.add_writer(self._socket, self._resume_writing)

    def _resume_writing(self) -> None:
        self._loop.remove_writer(self._socket)
        self._flush()

    def _receive(self) -> None:
        """Read what has come and hand out every answer that is complete."""
        pgconn = self._pgconn
        self._heard = self._loop.time()
        before = len(self._calls)
        try:
            pgconn.consume_input()
            while self._calls and not pgconn.is_busy():
                result = pgconn.get_result()
                if result is None:
                    if pgconn.status == pq.ConnStatus.BAD:
                        raise psycopg.OperationalError("libpq has lost the thread")
                elif result.status == _SYNC:
                    self._finish()
                else:
                    call = self._calls[0]
                    if call.company > 1:
                        call = self._awaiting(call)
                    call.take(result, self._prepared)
        except psycopg.Error as error:
            self._close(f"receiving failed: {error}")
            return
        if not self._calls and self.state is WireState.DRAINING:
            self._close("drained")
        elif len(self._calls) < before and not self.is_held_up:
            self.on_room()

    def _awaiting(self, first: Call) -> Call:
        """The call of the transaction that begins with `first` whose result is next."""
        for call in islice(self._calls, first.company):
            if not call.is_answered:
                return call
        return first

    def _finish(self) -> None:
        """Answer the calls of the first transaction, which is over."""
        if self._pgconn.transaction_status not in _IN_ORDER:
            raise psycopg.OperationalError("the transaction has not ended with its calls")
        first = self._calls[0]
        company = [first] if first.company == 1 else list(islice(self._calls, first.company))
        failed, answers = False, []
        for call in company:
            failed = failed or call.fault is not None
        for call in company:
            answers.append((call, [] if failed else call.rows))  # noqa: PERF401 - most often one
        self.room += 1
        self.ticks = 0
        self.is_held_up = self._cancelling is not None
        for call, rows in answers:
            self._calls.popleft()
            self.on_end(call)
            if call.answered.done():  # nobody waits any more
                continue
            if failed:
                self._fail(call)
            else:
                call.answered.set_result(rows)

    def _fail(self, call: Call) -> None:
        fault = call.fault
        if fault is None:
            call.answered.set_exception(TakenBack())
            return
        if fault.sqlstate in LOST_PREPARED_STATEMENTS:
            self.drain()  # its successor prepares afresh
        elif fault.sqlstate == QUERY_CANCELED and call.sent_at <= self._cancelled_at:
            fault = Preempted(fault.sqlstate, str(fault), fault.from_end)
        call.answered.set_exception(fault)

    def _check_silence(self) -> None:
        self._watch = None
        if not self._calls:
            return
        waiting_since = max(self._calls[0].sent_at, self._heard)
        patience = waiting_since + self._options.silence - self._loop.time()
        if patience <= 0:
            self._close("the server is silent")
        else:
            self._watch = self._loop.call_later(patience, self._check_silence)

    def _close(self, reason: str) -> None:
        if self.state is WireState.CLOSED:
            return
        was_ready = self.state is WireState.READY
        self.state = WireState.CLOSED
        if self._watch is not None:
            self._watch.cancel()
        if self._cancelling is not None:
            self._cancelling.cancel()
        self._loop.remove_reader(self._socket)
        self._loop.remove_writer(self._socket)
        self._pgconn.finish()
        while self._calls:
            call = self._calls.popleft()
            if not call.answered.done():
                # Even after an error: a pooler's does not say what became of the call.
                call.answered.set_exception(WireLost(reason))
            self.on_end(call)
        if was_ready:
            self._options.on_retire()
