"""Whether this worker can serve requests."""

import asyncio
import time

from sqlalchemy import literal, select

from backend.core.problems import Problem
from backend.database.isolation import prelude
from backend.database.pool import Pool
from backend.database.statements import Statement
from backend.schemas.health import Ready
from backend.security.sources import KeySource

_KEEP_SECONDS = 1.0
_PATIENCE_SECONDS = 1.0

_PING = Statement(select(literal(1)))


class Readiness:
    """Asks the database and the key source, at most once a second."""

    def __init__(self, pool: Pool, keys: KeySource) -> None:
        self._pool = pool
        self._keys = keys
        self._lock = asyncio.Lock()
        self._latest: tuple[float, Ready] | None = None

    async def check(self) -> Ready:
        """The state of the moment, or of a second ago."""
        async with self._lock:
            now = time.monotonic()
            if self._latest is None or now - self._latest[0] >= _KEEP_SECONDS:
                self._latest = (now, await self._ask())
            return self._latest[1]

    async def _ask(self) -> Ready:
        database, keys = await self._database_answers(), self._keys.state().ready
        return Ready(ready=database and keys, database=database, keys=keys)

    async def _database_answers(self) -> bool:
        try:
            async with asyncio.timeout(_PATIENCE_SECONDS):
                await self._pool.call([prelude(""), _PING.bind()], read_only=True)
        except (Problem, TimeoutError):
            return False
        return True
