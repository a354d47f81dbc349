"""Two pools: what is known to be slow has wires of its own, where nobody else waits behind it.

What a statement costs depends on whose rows it meets, so nothing says it beforehand: the time that
PostgreSQL took the last time does.
"""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import replace

from backend.core.problems import Problem
from backend.database.pool import Pool, PoolOptions
from backend.database.statements import Bound
from backend.database.wire import Rows, Tag

_SLOW = 0.2  # seconds
_REMEMBERED = 10_000


class Lanes:
    """As one `Pool`, whose calls hold each other up once at most.

    Args:
        conninfo: The database, as libpq takes it.
        options: Of the usual lane; the slow one makes half as many wires, and only when needed.
    """

    def __init__(self, conninfo: str, options: PoolOptions | None = None) -> None:
        options = options or PoolOptions()
        few = replace(options, size=max(1, options.size // 2))
        self._usual = Pool(conninfo, options, self._learn)
        self._slow = Pool(conninfo, few, self._learn)
        self._known_slow: OrderedDict[Tag, None] = OrderedDict()

    async def start(self) -> None:
        """As `Pool.start`."""
        await self._usual.start()
        self._slow.stand_by()

    async def close(self) -> None:
        """Close every wire; calls in flight fail."""
        await self._slow.close()
        await self._usual.close()

    async def call(
        self, statements: Sequence[Bound], *, read_only: bool, tag: Tag | None = None
    ) -> list[Rows]:
        """As `Pool.call`; a call whose tag was slow the last time takes the slow lane."""
        pool = self._slow if tag in self._known_slow else self._usual
        return await pool.call(statements, read_only=read_only, tag=tag)

    def distrust(self) -> Problem:
        """As `Pool.distrust`, of both lanes."""
        self._slow.hang_up()
        return self._usual.distrust()

    def _learn(self, tag: Tag, seconds: float) -> None:
        if seconds > _SLOW:
            self._known_slow[tag] = None
            if len(self._known_slow) > _REMEMBERED:
                self._known_slow.popitem(last=False)
        elif tag in self._known_slow:
            del self._known_slow[tag]
