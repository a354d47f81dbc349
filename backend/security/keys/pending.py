"""The requests whose token names a key that is not known, until a fetch has looked for it."""

import asyncio
from collections.abc import Container
from typing import Final

_AT_ONCE: Final = 4

_Requests = dict[asyncio.Future[bool], str]


class PendingRequests:
    """Requests move from *waiting* (for a fetch to begin) to *asked* (it is under way).

    A fetch brings the whole set, whatever the names are: so there is no list of names that made-up
    ones could fill, and as many wait as there are connections.
    """

    def __init__(self) -> None:
        self._waiting: _Requests = {}
        self._asked: _Requests = {}

    @property
    def waiting(self) -> bool:
        """Whether anybody waits for a fetch to begin."""
        return bool(self._waiting)

    async def wait(self, kid: str, seconds: float) -> bool:
        """Wait that long for a fetch that begins from now on; its end, or a find, ends the waiting.

        Returns:
            Whether the name was looked for: False if that fetch failed or came too late.
        """
        request: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._waiting[request] = kid
        try:
            async with asyncio.timeout(seconds):
                return await request
        except TimeoutError:
            return False
        finally:
            self._forget(request)  # nobody who has left causes a fetch

    def ask(self) -> None:
        """A fetch begins, for all who wait now."""
        self._asked, self._waiting = self._waiting, {}

    async def answer(self, known: Container[str | None]) -> bool:
        """The fetch has ended well: let go on who asked for it, and who waits for what it found.

        Those whose key was found go first. The others, of whom a flood makes thousands, come a few
        at a time, so that other requests have their turns between them.

        Returns:
            Whether it was fruitless: it was asked for, and found nothing of what was named.
        """
        missing = [request for request, kid in self._asked.items() if kid not in known]
        fruitless = len(missing) == len(self._asked) > 0
        found = [one for one, kid in (self._asked | self._waiting).items() if kid in known]
        self._settle(found, looked_for=True)
        for start in range(0, len(missing), _AT_ONCE):
            self._settle(missing[start : start + _AT_ONCE], looked_for=True)
            await asyncio.sleep(0)
        return fruitless

    def give_up(self) -> bool:
        """The fetch has failed: nobody's name was looked for.

        Returns:
            Whether it was asked for.
        """
        asked = bool(self._asked)
        self._settle([*self._asked, *self._waiting], looked_for=False)
        return asked

    def _settle(self, requests: list[asyncio.Future[bool]], *, looked_for: bool) -> None:
        for request in requests:
            self._forget(request)
            if not request.done():
                request.set_result(looked_for)

    def _forget(self, request: asyncio.Future[bool]) -> None:
        self._waiting.pop(request, None)
        self._asked.pop(request, None)
