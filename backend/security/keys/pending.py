"""The names of keys that are not known, and the requests that wait for them."""

import asyncio
from collections import OrderedDict, deque
from collections.abc import Callable, Container
from typing import Final

MOST_WAITING: Final = 64
MOST_UNKNOWN: Final = 1024
UNKNOWN_SECONDS: Final = 10.0


class FetchBudget:
    """At most `most` charges in any `seconds`.

    Args:
        most: How many charges.
        seconds: The length of the sliding window.
        monotonic: A clock that does not jump, seconds.
    """

    def __init__(self, most: int, seconds: float, monotonic: Callable[[], float]) -> None:
        self._charges: deque[float] = deque(maxlen=most)
        self._seconds = seconds
        self._now = monotonic

    def free_at(self) -> float:
        """When the next charge is allowed, on the monotonic clock; may be in the past."""
        full = len(self._charges) == self._charges.maxlen
        return self._charges[0] + self._seconds if full else self._now()

    def charge(self) -> None:
        """Take note of a fruitless fetch."""
        self._charges.append(self._now())


class Wanted:
    """One name, and how many requests wait for it."""

    def __init__(self) -> None:
        self.requests = 0
        self._settled: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    @property
    def settled(self) -> bool:
        """Whether waiting is over."""
        return self._settled.done()

    def settle(self) -> None:
        """Let all who wait go on."""
        if not self.settled:
            self._settled.set_result(None)

    async def wait(self, seconds: float) -> None:
        """Wait until it is settled, or that long."""
        await asyncio.wait([self._settled], timeout=seconds)


class PendingKeys:
    """Names between their first sight and the end of a fetch that looked for them.

    Each moves from *waiting* (for a fetch to begin) to *asked* (a fetch is under way); one that was
    not found is remembered as *unknown* for a while. All three are bounded.
    """

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._now = monotonic
        self._waiting: OrderedDict[str, Wanted] = OrderedDict()
        self._asked: dict[str, Wanted] = {}
        self._unknown: OrderedDict[str, float] = OrderedDict()

    @property
    def waiting(self) -> bool:
        """Whether any name waits for a fetch to begin."""
        return bool(self._waiting)

    @property
    def company(self) -> bool:
        """Whether several requests wait for the same name: made-up names come alone."""
        return any(wanted.requests > 1 for wanted in self._waiting.values())

    def is_unknown(self, kid: str) -> bool:
        """Whether the name was looked for lately and not found."""
        return self._now() < self._unknown.get(kid, 0.0)

    def enter(self, kid: str) -> Wanted:
        """Let one more request wait for the name. The oldest name gives way if there are many."""
        wanted = self._asked.get(kid) or self._waiting.get(kid)
        if wanted is None:
            if len(self._waiting) >= MOST_WAITING:
                self._waiting.popitem(last=False)[1].settle()
            wanted = self._waiting[kid] = Wanted()
        wanted.requests += 1
        return wanted

    def leave(self, kid: str, wanted: Wanted) -> None:
        """One request less; a name that nobody waits for any more causes no fetch."""
        wanted.requests -= 1
        if not wanted.requests and self._waiting.get(kid) is wanted:
            del self._waiting[kid]

    def ask(self) -> None:
        """A fetch begins: it looks for every name that waits now."""
        self._asked, self._waiting = dict(self._waiting), OrderedDict()

    def answer(self, known: Container[str | None]) -> bool:
        """The fetch has ended well: settle what it looked for, and what it happened to find.

        Returns:
            Whether it was fruitless: names were asked for, and none of them is known now.
        """
        missing = [kid for kid in self._asked if kid not in known]
        fruitless = bool(missing) and len(missing) == len(self._asked)
        for kid in missing:
            self._remember_unknown(kid)
        found = [kid for kid in self._waiting if kid in known]
        self._settle([*self._asked.values(), *(self._waiting.pop(kid) for kid in found)])
        self._asked = {}
        return fruitless

    def give_up(self) -> bool:
        """The fetch has failed: settle everything, and remember nothing.

        Returns:
            Whether names were asked for.
        """
        asked = bool(self._asked)
        self._settle([*self._asked.values(), *self._waiting.values()])
        self._asked, self._waiting = {}, OrderedDict()
        return asked

    def _remember_unknown(self, kid: str) -> None:
        self._unknown[kid] = self._now() + UNKNOWN_SECONDS
        self._unknown.move_to_end(kid)
        if len(self._unknown) > MOST_UNKNOWN:
            self._unknown.popitem(last=False)

    @staticmethod
    def _settle(names: list[Wanted]) -> None:
        for wanted in names:
            wanted.settle()
