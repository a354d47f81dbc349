"""No request takes longer than the deadline of its route, and no body longer than it may."""

import asyncio
import math

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from backend.core.problems import DeadlineExceeded, RequestTimeout


class DeadlineMiddleware:
    """Cancels a request that is not done in time; waiting is all that requests do.

    The deadline begins anew when the whole body is there: how long that takes is the client's
    doing, and has bounds of its own.

    Args:
        app: The layer below.
        body_idle: Seconds without a byte of a body that is coming.
        body_total: Seconds for all of a body.
    """

    def __init__(self, app: ASGIApp, *, body_idle: float, body_total: float) -> None:
        self.app = app
        self._pieces = _Watch(body_idle)
        self._bodies = _Watch(body_total)
        # Before Python 3.12, asking for the loop costs a system call.
        self._loop: asyncio.AbstractEventLoop | None = None
        self._deadlines: dict[float | None, _Watch] = {}  # one of each length that some route has

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        task = asyncio.current_task(self._loop) or asyncio.current_task()
        if scope["type"] != "http" or task is None:
            await self.app(scope, receive, send)
            return
        self._loop = task.get_loop()
        seconds = scope["found"].terms.deadline
        deadline = self._deadlines.get(seconds) or self._new(seconds)
        deadline.begin(task)
        try:
            await self.app(scope, self._watched(receive, deadline, task), send)
        except asyncio.CancelledError:
            # As `asyncio.timeout` has it: unless somebody else has cancelled the task too.
            if deadline.is_over(task) and task.uncancel() == 0:
                raise DeadlineExceeded(f"There was no answer within {seconds:g} s.") from None
            slow = self._pieces.is_over(task) or self._bodies.is_over(task)
            if slow and task.uncancel() == 0:
                raise RequestTimeout from None
            raise
        finally:
            deadline.end(task)

    def _new(self, seconds: float | None) -> "_Watch":
        return self._deadlines.setdefault(seconds, _Watch(seconds))

    def _watched(self, receive: Receive, deadline: "_Watch", task: asyncio.Task[None]) -> Receive:
        """Takes the body from the client, whose time it is until all of it has come."""
        whole = False

        async def watched() -> Message:
            nonlocal whole
            if whole:
                return await receive()
            deadline.end(task)
            self._bodies.begin(task)
            self._pieces.begin(task)
            whole = True  # unless it is said that more is to come
            try:
                message = await receive()
                whole = not message.get("more_body", False)
            finally:
                self._pieces.end(task)
                if whole:
                    self._bodies.end(task)
            deadline.begin(task)
            return message

        return watched


class _Watch:
    """The requests that have the same time.

    The oldest of them is always due first, and one timer serves for all: `asyncio.timeout` makes
    and cancels one for each request, which costs a tenth of it at 1 000 connections
    (docs/performance.md).

    Args:
        seconds: How long they have; None for ever.
    """

    def __init__(self, seconds: float | None) -> None:
        self._seconds = math.inf if seconds is None else seconds
        self._watching = seconds is None
        self._due: dict[asyncio.Task[None], float] = {}  # in the order of arrival
        self._over: set[asyncio.Task[None]] = set()

    def begin(self, task: asyncio.Task[None]) -> None:
        """Give the request its time, unless that runs already."""
        loop = task.get_loop()
        self._due.setdefault(task, loop.time() + self._seconds)
        if not self._watching:
            self._watching = True
            loop.call_later(self._seconds, self._watch, loop)

    def end(self, task: asyncio.Task[None]) -> None:
        """Stop the time of the request."""
        self._due.pop(task, None)

    def is_over(self, task: asyncio.Task[None]) -> bool:
        """Whether its time has ended the request; to be asked once, when something has."""
        over = task in self._over
        self._over.discard(task)
        return over

    def _watch(self, loop: asyncio.AbstractEventLoop) -> None:
        """Cancel what is due, and come back when the next one is."""
        for task, due in list(self._due.items()):
            if due > loop.time():
                loop.call_at(due, self._watch, loop)
                return
            del self._due[task]
            self._over.add(task)
            task.cancel()
        self._watching = False
