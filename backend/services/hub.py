"""Tells the streams of a process that what they follow may have changed.

A write that this process ran wakes the streams of its user at once. What others wrote shows in the
counters of the spaces, which are asked for together, and only while there are streams: a database
that sleeps may sleep. A counter says all that could be missed, so nothing else has to be sent
between processes (docs/decisions/0045-events.md).
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from typing import Final, Self

from backend.config import Settings
from backend.core.lifecycle import closing
from backend.core.problems import Overloaded, Problem, TooManyStreams
from backend.database.connection.pools import Pools
from backend.services.counters import changed_spaces

MOST_OF_USER: Final = 20
"""Streams of one user in one process: browsers have six connections to a host."""

_LOOK_SECONDS: Final = 0.1
_LOOK_SECONDS_EACH: Final = 0.0001  # for each space: PostgreSQL takes 6 us to look at one
_BLIND_SECONDS: Final = 2.0

log = logging.getLogger(__name__)


class Subscriber:
    """One stream.

    Args:
        space: Whose changes it follows.

    Attributes:
        seen: The number up to which it knows of changes, or knows that there may be some.
        ended: Why it is to end; None: it is not.
    """

    __slots__ = ("_news", "ended", "seen", "space")

    def __init__(self, space: str) -> None:
        self.space = space
        self.seen = 0
        self.ended: str | None = None
        self._news = asyncio.Event()

    def wake(self) -> None:
        """There may be changes, or it is to end."""
        self._news.set()

    def end(self, reason: str) -> None:
        """Let it end."""
        self.ended = reason
        self._news.set()

    async def is_woken(self, seconds: float) -> bool:
        """Wait for news, for so many seconds at most; whether there were any."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._news.wait()
        woken = self._news.is_set()
        self._news.clear()
        return woken


@dataclass(frozen=True, slots=True)
class HubOptions:
    """On which terms there are streams.

    Attributes:
        most: How many there may be.
        pause: Seconds without a change after which one is told that it is there.
        grace: Seconds after its expiry for which a token is good.
    """

    most: int
    pause: float
    grace: int

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """Those that the settings describe."""
        return cls(settings.max_event_streams, settings.event_heartbeat, settings.auth_leeway)


class Hub:
    """The streams of this process.

    Args:
        pool: Where the counters are asked for.
        options: See `HubOptions`.

    Attributes:
        options: The same.
        streams: How many there are.
    """

    def __init__(self, pool: Pools, options: HubOptions) -> None:
        self._pool = pool
        self.options = options
        self.streams = 0
        self._spaces: dict[str, set[Subscriber]] = {}
        self._watching: asyncio.Task[None] | None = None

    @asynccontextmanager
    async def kept(self) -> AsyncIterator[None]:
        """Watch, if there is somebody to watch for, as long as the context lasts."""
        try:
            yield
        finally:
            self._end_all("draining")
            if self._watching is not None:
                self._watching.cancel()
                await asyncio.wait([self._watching])

    @contextmanager
    def subscribed(self, space: str) -> Iterator[Subscriber]:
        """A stream, as long as the context lasts.

        Raises:
            TooManyStreams: when the user has as many as they may have.
            Overloaded: when the process has.
        """
        own = self._spaces.get(space, set())
        if len(own) >= MOST_OF_USER:
            raise TooManyStreams
        if self.streams >= self.options.most:
            raise Overloaded("There are too many streams.")
        subscriber = Subscriber(space)
        self._spaces.setdefault(space, own).add(subscriber)
        self.streams += 1
        if not self.is_watching:
            self._watching = asyncio.create_task(self._watch(), name="events")
        try:
            yield subscriber
        finally:
            self.streams -= 1
            own.discard(subscriber)
            if not own:
                self._spaces.pop(space, None)

    @property
    def is_watching(self) -> bool:
        """Whether the counters are asked for."""
        return self._watching is not None and not self._watching.done()

    def wake(self, space: str) -> None:
        """Something of this space was written here."""
        for subscriber in self._spaces.get(space, ()):
            subscriber.wake()

    async def _watch(self) -> None:
        is_blind = False
        while self._spaces:
            await asyncio.sleep(_LOOK_SECONDS + _LOOK_SECONDS_EACH * len(self._spaces))
            if closing.is_set():
                self._end_all("draining")
            try:
                await self._look()
                is_blind = False
            except Problem as problem:
                if not is_blind:
                    log.warning("events_blind", extra={"problem": problem.code})
                is_blind = True
                await asyncio.sleep(_BLIND_SECONDS)
                self._wake_all()

    async def _look(self) -> None:
        """Tell the streams whose spaces have gone on further than they know."""
        known = {
            space: min(each.seen for each in subscribers)
            for space, subscribers in self._spaces.items()
        }
        for space, version in (await changed_spaces(self._pool, known)).items():
            for subscriber in self._spaces.get(space, ()):
                if version is None:
                    subscriber.end("account_erased")
                elif subscriber.seen < version:
                    subscriber.seen = version
                    subscriber.wake()

    def _wake_all(self) -> None:
        """Let each stream look for itself: nobody knows which have something to find."""
        for space in self._spaces:
            self.wake(space)

    def _end_all(self, reason: str) -> None:
        for subscribers in self._spaces.values():
            for subscriber in subscribers:
                subscriber.end(reason)
