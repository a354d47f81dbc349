"""What is not counted with requests: looked at once a second, and when this worker is scraped."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Final

from prometheus_client import Counter

from backend.observability.metrics import forget_dead_workers

_SAMPLE_SECONDS: Final = 1.0

log = logging.getLogger(__name__)

Sample = Callable[[], None]
"""Writes one state of the moment down as metrics."""


class Total:
    """A counter of Prometheus that follows a count which is kept elsewhere, and only grows.

    Whoever counts does so in plain numbers: Prometheus' client takes a lock for each increment.
    """

    def __init__(self, counter: Counter) -> None:
        self._counter = counter
        self._told: dict[tuple[str, ...], float] = {}

    def follow(self, count: float, *labels: str) -> None:
        """Bring the series with these labels up to `count`."""
        self._counter.labels(*labels).inc(count - self._told.get(labels, 0.0))
        self._told[labels] = count


class Sampler:
    """Writes states down every second.

    A scrape may be answered by another worker, or another process, which cannot ask for them.

    Args:
        samples: What to call.
    """

    def __init__(self, *samples: Sample) -> None:
        self._samples = samples

    def sample(self) -> None:
        """Write down the states of the moment."""
        for each in self._samples:
            each()

    @asynccontextmanager
    async def kept(self) -> AsyncIterator[None]:
        """Sample for as long as the context lasts. A worker that died before is forgotten."""
        forget_dead_workers()
        self.sample()
        keeper = asyncio.create_task(self._keep(), name="metrics")
        try:
            yield
        finally:
            keeper.cancel()
            await asyncio.wait([keeper])

    async def _keep(self) -> None:
        while True:
            await asyncio.sleep(_SAMPLE_SECONDS)
            try:
                self.sample()
            except Exception:  # a full disk, for one: it is told, and tried again
                log.exception("bug")
