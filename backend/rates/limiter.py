"""The limits of users and of addresses."""

from typing import Protocol, Self

from backend.config import Settings
from backend.core.problems import RateLimited
from backend.core.rates import Limit
from backend.rates.standing import Standing
from backend.rates.windows import ADDRESSES, SlidingWindow

FIELDS = frozenset({b"ratelimit-policy", b"ratelimit"})
"""The header fields that say how somebody stands."""

REFUSED_TOKENS = Limit(60, 60)
"""How many tokens may be refused from one address."""


class _Shared(Protocol):
    """Counters that other instances see; `RedisWindows`."""

    async def take(
        self, who: str, cost: int, *, spend: bool = True, beside: int = 0
    ) -> Standing | None: ...

    async def close(self) -> None: ...


class Limiter:
    """Some limits, by Redis if there is one and it answers, else by memory.

    Args:
        windows: The limits, in memory.
        shared: The same limits, in Redis.
    """

    def __init__(self, windows: list[SlidingWindow], shared: _Shared | None = None) -> None:
        self._windows = windows
        self._shared = shared
        self._only = windows[0] if len(windows) == 1 else None
        limits = [window.limit for window in windows]
        self._names = {limit: f'"per-{limit.seconds}s"' for limit in limits}
        policy = ", ".join(
            f"{name};q={limit.amount};w={limit.seconds}" for limit, name in self._names.items()
        )
        self._policy = (b"ratelimit-policy", policy.encode())

    @classmethod
    def of_users(cls, settings: Settings) -> Self | None:
        """`RATE_LIMIT`; None when it is off."""
        limits = settings.rate_limits
        windows = [SlidingWindow(limit, table) for table, limit in enumerate(limits)]
        return cls(windows, _shared(settings, "user", *limits)) if limits else None

    @classmethod
    def of_addresses(cls, settings: Settings) -> Self | None:
        """For refused tokens; None when limits are off, or addresses cannot be known."""
        if not (settings.rate_limits and settings.trusted_proxies):
            return None
        window = SlidingWindow(REFUSED_TOKENS, ADDRESSES)
        return cls([window], _shared(settings, "address", REFUSED_TOKENS))

    def take_here(self, who: str, cost: int = 1, *, spend: bool = True) -> Standing | None:
        """As `take`, where nobody need be asked; None where Redis must be."""
        if self._shared is not None:
            return None
        standing = self._take(who, cost, spend=spend)
        if standing.wait:
            raise self._refusal(standing)
        return standing

    async def take(
        self, who: str, cost: int = 1, *, spend: bool = True, beside: int = 0
    ) -> Standing:
        """Use something up, if all limits allow it.

        Args:
            who: Whose it is.
            cost: As how many requests it counts.
            spend: Whether to use it up; else this only asks.
            beside: How much was used up for the same request already.

        Returns:
            How they stand with the limit that refuses, or with the one of which least is left.

        Raises:
            RateLimited: when a limit refuses.
        """
        standing = None
        if self._shared is not None:
            standing = await self._shared.take(who, cost, spend=spend, beside=beside)
        if standing is None:
            standing = self._take(who, cost, spend=spend, beside=beside)
        if standing.wait:
            raise self._refusal(standing)
        return standing

    def fields(self, standing: Standing) -> list[tuple[bytes, bytes]]:
        """Header fields of the answer, as ASGI has them (draft-ietf-httpapi-ratelimit-headers)."""
        if standing.remaining is None:
            return [self._policy]
        left = f"{self._names[standing.limit]};r={standing.remaining};t={standing.reset}"
        return [self._policy, (b"ratelimit", left.encode())]

    async def close(self) -> None:
        """Close what is open."""
        if self._shared is not None:
            await self._shared.close()

    def _refusal(self, standing: Standing) -> RateLimited:
        fields = {name.decode(): value.decode() for name, value in self.fields(standing)}
        return RateLimited(headers={"Retry-After": str(standing.wait)} | fields)

    def _take(self, who: str, cost: int, *, spend: bool, beside: int = 0) -> Standing:
        if self._only is not None:
            return self._only.take(who, cost, spend=spend, beside=beside)
        windows = self._windows
        asked = [window.take(who, cost, spend=False, beside=beside) for window in windows]
        refusing = max(asked, key=lambda standing: standing.wait)
        if refusing.wait or not spend:
            return refusing
        taken = [window.take(who, cost, beside=beside) for window in windows]
        return min(taken, key=lambda standing: standing.remaining or 0)


def _shared(settings: Settings, name: str, *limits: Limit) -> _Shared | None:
    if not settings.redis_url:
        return None
    # Imported here: it takes 0.1 s, and most have no Redis.
    from backend.rates.redis import RedisWindows  # noqa: PLC0415

    return RedisWindows(settings.redis_url.get_secret_value(), name, limits)
