"""The pools of a worker: no read waits behind a commit, and nobody waits behind what is slow.

A wire answers in order and a commit waits for the disk, so reads have a pool of their own. Beside
each of the two stands one for what is slow there, which takes one call at a time: others would
wait behind it. The cost of a statement depends on whose rows it meets and is not known beforehand;
what was slow a moment ago, and for whom, predicts it.
"""

import asyncio
from collections.abc import Coroutine, Sequence
from dataclasses import replace

from backend.core.problems import Problem
from backend.database.connection.call import Rows, Tag
from backend.database.connection.costs import Costs
from backend.database.connection.pool import Pool, PoolOptions, PoolState
from backend.database.guard import IsolationGuard
from backend.database.statements import Bound

_COMPANY = 16


class Pools:
    """Like one `Pool`, except that slow calls do not delay others for long.

    Args:
        conninfo: The database, as libpq takes it.
        options: Of the pool for writes, which wait for the disk side by side. The others make half
            as many wires, and those for what is slow only when needed.
    """

    def __init__(self, conninfo: str, options: PoolOptions | None = None) -> None:
        options = options or PoolOptions()
        few = replace(options, size=max(1, options.size // 2))
        slow = replace(few, window=1, first=1, most=1)
        # The lock of a space makes a user's writes serial: a second one would wait on a wire. Those
        # of several users share a commit, as soon as they have to wait for the one before.
        serial = replace(options, first=1, most=1, window=1, company=_COMPANY)
        self._reads = _Pair(conninfo, few, slow)
        self._writes = _Pair(conninfo, serial, slow)
        self._guard = IsolationGuard(self._reads.usual)

    async def start(self) -> None:
        """As `Pool.start`."""
        await asyncio.gather(self._reads.start(), self._writes.start())

    def stand_by(self) -> None:
        """As `Pool.stand_by`."""
        for pair in (self._reads, self._writes):
            pair.stand_by()

    async def close(self) -> None:
        """Close every wire; calls in flight fail."""
        self._guard.close()
        for pair in (self._writes, self._reads):
            await pair.close()

    def call(
        self,
        statements: Sequence[Bound],
        *,
        read_only: bool,
        tag: Tag | None = None,
        is_once: bool = False,
    ) -> Coroutine[None, None, list[Rows]]:
        """As `Pool.call`; a call that was slow a moment ago takes the slow pool."""
        self._guard.let_pass()
        pair = self._reads if read_only else self._writes
        if tag and not read_only:  # whatever they do, they wait for the same lock
            tag = tag[0], b""
        slow = tag and tag[0] in pair.costs.users and pair.costs.are_high(tag)
        pool = pair.slow if slow else pair.usual
        return pool.call(statements, read_only=read_only, tag=tag, is_once=is_once)

    def counts_as_slow(self, tag: Tag) -> bool:
        """Whether reads with this tag take the slow pool."""
        return self._reads.costs.are_high(tag)

    @property
    def isolation_lost(self) -> bool:
        """Whether the latest proof of isolation failed, so that nothing is answered."""
        return self._guard.is_broken

    def states(self) -> dict[str, PoolState]:
        """A picture of the moment, by the names of the pools."""
        return {**self._reads.states("reads"), **self._writes.states("writes")}

    def close_all(self) -> Problem:
        """As `Pool.close_all`, of all pools."""
        self._writes.disconnect()
        self._reads.slow.disconnect()
        return self._reads.usual.close_all()


class _Pair:
    """A pool, and one for what is slow there."""

    def __init__(self, conninfo: str, usual: PoolOptions, slow: PoolOptions) -> None:
        self.costs = Costs()
        self.slow = Pool(conninfo, slow, self.costs)
        self.usual = Pool(conninfo, usual, self.costs, self.slow)

    def stand_by(self) -> None:
        self.slow.stand_by()
        self.usual.stand_by()

    async def start(self) -> None:
        self.slow.stand_by()
        await self.usual.start()

    async def close(self) -> None:
        await self.slow.close()
        await self.usual.close()

    def states(self, name: str) -> dict[str, PoolState]:
        return {name: self.usual.state(), f"slow_{name}": self.slow.state()}

    def disconnect(self) -> None:
        self.slow.disconnect()
        self.usual.disconnect()
