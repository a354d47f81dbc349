"""No request takes longer than the deadline of its route."""

import asyncio

from starlette.types import ASGIApp, Receive, Scope, Send

from backend.core.problems import DeadlineExceeded


class DeadlineMiddleware:
    """Cancels a request that is not done in time; waiting is all that requests do."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self._watches: dict[float, _Watch] = {}  # one of each length that some route has

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        task = asyncio.current_task()
        seconds = scope["found"].terms.deadline if scope["type"] == "http" else None
        if seconds is None or task is None:
            await self.app(scope, receive, send)
            return
        watch = self._watches.get(seconds) or self._watches.setdefault(seconds, _Watch(seconds))
        watch.begin(task)
        try:
            await self.app(scope, receive, send)
        except asyncio.CancelledError:
            # As `asyncio.timeout` has it: unless somebody else has cancelled the task too.
            if task in watch.overdue and task.uncancel() == 0:
                raise DeadlineExceeded(f"There was no answer within {seconds:g} s.") from None
            raise
        finally:
            watch.due.pop(task, None)
            watch.overdue.discard(task)


class _Watch:
    """The requests that have the same time.

    The oldest of them is always due first, and one timer serves for all: `asyncio.timeout` makes
    and cancels one for each request, which costs a tenth of it at 1 000 connections
    (docs/performance.md).
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._watching = False
        self.due: dict[asyncio.Task[None], float] = {}  # in the order of arrival
        self.overdue: set[asyncio.Task[None]] = set()

    def begin(self, task: asyncio.Task[None]) -> None:
        loop = task.get_loop()
        self.due[task] = loop.time() + self._seconds
        if not self._watching:
            self._watching = True
            loop.call_later(self._seconds, self._watch, loop)

    def _watch(self, loop: asyncio.AbstractEventLoop) -> None:
        """Cancel what is due, and come back when the next one is."""
        for task, due in list(self.due.items()):
            if due > loop.time():
                loop.call_at(due, self._watch, loop)
                return
            del self.due[task]
            self.overdue.add(task)
            task.cancel()
        self._watching = False
