"""Three pools: no read waits behind a commit, and nobody waits behind what is known to be slow.

A wire answers in order and a commit waits for the disk, so reads have a pool of their own. What is
slow has one too. The cost of a statement depends on whose rows it meets and is not known
beforehand; the time that PostgreSQL took the last time predicts it.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import replace

from backend.core.problems import Problem
from backend.database.connection.pool import Pool, PoolOptions
from backend.database.connection.wire import Rows, Tag
from backend.database.guard import IsolationGuard
from backend.database.statements import Bound

_SLOW = 0.2  # seconds
_REMEMBERED = 10_000


class Pools:
    """Like one `Pool`, except that slow calls delay others once at most.

    Args:
        conninfo: The database, as libpq takes it.
        options: Of the pool for writes, which wait for the disk side by side. The pool for reads
            makes half as many wires, and so does the slow one, only when needed.
    """

    def __init__(self, conninfo: str, options: PoolOptions | None = None) -> None:
        options = options or PoolOptions()
        few = replace(options, size=max(1, options.size // 2))
        self._reads = Pool(conninfo, few, self._learn)
        self._writes = Pool(conninfo, options, self._learn)
        self._slow = Pool(conninfo, few, self._learn)
        self._guard = IsolationGuard(self._reads)
        self._known_slow: OrderedDict[Tag, None] = OrderedDict()

    async def start(self) -> None:
        """As `Pool.start`."""
        self._slow.stand_by()
        await asyncio.gather(self._reads.start(), self._writes.start())

    async def close(self) -> None:
        """Close every wire; calls in flight fail."""
        self._guard.close()
        for pool in (self._slow, self._writes, self._reads):
            await pool.close()

    async def call(
        self, statements: Sequence[Bound], *, read_only: bool, tag: Tag | None = None
    ) -> list[Rows]:
        """As `Pool.call`; a call whose tag was slow the last time takes the slow pool."""
        self._guard.let_pass()
        pool = self._reads if read_only else self._writes
        if tag in self._known_slow:
            pool = self._slow
        return await pool.call(statements, read_only=read_only, tag=tag)

    def close_all(self) -> Problem:
        """As `Pool.close_all`, of all pools."""
        self._slow.disconnect()
        self._writes.disconnect()
        return self._reads.close_all()

    def _learn(self, tag: Tag, seconds: float) -> None:
        if seconds > _SLOW:
            self._known_slow[tag] = None
            if len(self._known_slow) > _REMEMBERED:
                self._known_slow.popitem(last=False)
        elif tag in self._known_slow:
            del self._known_slow[tag]
