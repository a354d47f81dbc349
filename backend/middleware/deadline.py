"""No request takes longer than the deadline."""

import asyncio

from starlette.types import ASGIApp, Receive, Scope, Send

from backend.core.problems import DeadlineExceeded

DEADLINE = 2.0  # seconds


class DeadlineMiddleware:
    """Cancels a request that is not done in time; waiting is all that requests do.

    All have the same time, so the oldest is always due first, and one timer serves for all:
    `asyncio.timeout` makes and cancels one for each request, which costs a tenth of it at 1 000
    connections (docs/performance.md).
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self._due: dict[asyncio.Task[None], float] = {}  # in the order of arrival
        self._overdue: set[asyncio.Task[None]] = set()
        self._watching = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        task = asyncio.current_task()
        if scope["type"] != "http" or task is None:
            await self.app(scope, receive, send)
            return
        loop = task.get_loop()
        self._due[task] = loop.time() + DEADLINE
        if not self._watching:
            self._watching = True
            loop.call_later(DEADLINE, self._watch, loop)
        try:
            await self.app(scope, receive, send)
        except asyncio.CancelledError:
            # As `asyncio.timeout` has it: unless somebody else has cancelled the task too.
            if task in self._overdue and task.uncancel() == 0:
                raise DeadlineExceeded from None
            raise
        finally:
            self._due.pop(task, None)
            self._overdue.discard(task)

    def _watch(self, loop: asyncio.AbstractEventLoop) -> None:
        """Cancel what is due, and come back when the next one is."""
        for task, due in list(self._due.items()):
            if due > loop.time():
                loop.call_at(due, self._watch, loop)
                return
            del self._due[task]
            self._overdue.add(task)
            task.cancel()
        self._watching = False
