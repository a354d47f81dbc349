"""Counts in Redis, which all instances of the service share."""

import asyncio
import logging
import math
import time
from collections.abc import Sequence
from typing import Any, Final

from limits import RateLimitItemPerSecond
from limits.aio.storage import RedisStorage
from limits.aio.strategies import SlidingWindowCounterRateLimiter
from redis.asyncio import BlockingConnectionPool
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from backend.core.rates import Limit
from backend.rates.standing import Standing

_PATIENCE: Final = 0.25
"""Seconds that a request waits for Redis."""
_RETRY_AFTER: Final = 1.0
# The library wants a port in what it reads and does not use: the pool knows the way.
_OF_POOL: Final = "redis://pool:6379"
_CONNECTIONS: Final = 16  # per worker

FAULTS: Final = (RedisError, OSError, TimeoutError)
"""What asking may end with when Redis is not to be had."""

log = logging.getLogger(__name__)


def why(error: BaseException) -> str:
    """What became of an attempt to ask, in a line: a dead host is not a wrong password."""
    said = str(error).strip().partition("\n")[0]
    return f"{type(error).__name__}: {said}" if said else "no answer in time"


class RedisWindows:
    """Limits whose counters are in Redis.

    A Redis that does not answer is asked once a second, by one request, until it does again.

    Args:
        url: `redis://` or `rediss://`.
        name: Comes before the keys.
        limits: How much each key may use up.
        patience: Seconds to wait for an answer.
    """

    def __init__(
        self, url: str, name: str, limits: Sequence[Limit], *, patience: float = _PATIENCE
    ) -> None:
        self._patience = patience
        retry: Retry = Retry(NoBackoff(), 0)
        self._pool = BlockingConnectionPool.from_url(
            url, max_connections=_CONNECTIONS, timeout=patience, retry=retry
        )
        # Its type says that options are text and numbers; it passes them on as they are.
        options: dict[str, Any] = {"connection_pool": self._pool}
        storage = RedisStorage(
            _OF_POOL, implementation="redispy", key_prefix=f"duly:{name}", **options
        )
        self._strategy = SlidingWindowCounterRateLimiter(storage)
        self._items = [
            (limit, RateLimitItemPerSecond(limit.amount, limit.seconds)) for limit in limits
        ]
        self._is_down = False
        self._ask_at = 0.0

    async def take(
        self, who: str, cost: int, *, spend: bool = True, beside: int = 0
    ) -> Standing | None:
        """As `SlidingWindow.take`, for the limit that refuses or the last; None: no Redis."""
        now = asyncio.get_running_loop().time()
        if self._is_down:
            if now < self._ask_at:
                return None
            self._ask_at = now + _RETRY_AFTER
        try:
            standing = await self.count(who, cost, spend=spend, beside=beside)
        except FAULTS as error:
            self._ask_at = now + _RETRY_AFTER
            self._note(down=True, reason=why(error))
            return None
        self._note(down=False)
        return standing

    async def close(self) -> None:
        """Close all connections."""
        await self._pool.disconnect()

    async def count(self, who: str, cost: int, *, spend: bool = True, beside: int = 0) -> Standing:
        """As `take`.

        Raises:
            FAULTS: when Redis is not to be had.
        """
        async with asyncio.timeout(self._patience):
            return await self._ask(who, cost, spend=spend, beside=beside)

    async def _ask(self, who: str, cost: int, *, spend: bool, beside: int) -> Standing:
        ask = self._strategy.hit if spend else self._strategy.test
        for limit, item in self._items:
            if not await ask(item, who, cost=min(cost, limit.amount - beside)):
                reset, remaining = await self._strategy.get_window_stats(item, who)
                wait = max(1, math.ceil(reset - time.time()))
                return Standing(limit, remaining, wait, wait)
        return Standing(self._items[-1][0], None, 0, 0)

    def _note(self, *, down: bool, **known: str) -> None:
        if down != self._is_down:
            self._is_down = down
            if down:
                log.warning("rate_limits_in_memory", extra=known)
            else:
                log.info("rate_limits_in_redis")
