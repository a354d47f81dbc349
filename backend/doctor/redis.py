"""Checks of the Redis of `REDIS_URL`: as the service asks it, and for what it asks."""

import asyncio

from backend.config import Settings
from backend.core.rates import Limit
from backend.doctor.finding import Finding, ok, warn

_PATIENCE = 3.0  # seconds, where a request waits for a quarter of one
_ONE = Limit(1_000, 60)


def examine_redis(settings: Settings) -> Finding:
    """Check the Redis of the settings, which is set."""
    assert settings.redis_url is not None  # noqa: S101 - the caller has seen to it
    if not settings.rate_limits:
        return warn("redis", "it is not asked, since RATE_LIMIT is off", "Unset REDIS_URL.")
    return asyncio.run(_ask(settings.redis_url.get_secret_value()))


async def _ask(url: str) -> Finding:
    # Imported here, as by the service: most have no Redis.
    from backend.rates.redis import FAULTS, RedisWindows, why  # noqa: PLC0415

    windows = RedisWindows(url, "doctor", [_ONE], patience=_PATIENCE)
    try:
        await windows.count("doctor", 1)
    except FAULTS as error:
        return warn(
            "redis",
            f"cannot be used, so each instance counts for itself: {why(error)}",
            "Check scheme (rediss:// is with TLS), host, port, user and password of REDIS_URL.",
        )
    finally:
        await windows.close()
    return ok("redis", "counts what users send")
