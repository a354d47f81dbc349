"""No request takes longer than the deadline of its route, and no body longer than it may."""

import asyncio

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
        self._deadlines: dict[float, _Watch] = {}  # one of each length that some route has

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        task = asyncio.current_task()
        if scope["type"] != "http" or task is None:
            await self.app(scope, receive, send)
            return
        seconds = scope["found"].terms.deadline
        deadline = self._deadline(seconds)
        deadline.begin(task)
        try:
            await self.app(scope, self._watched(receive, deadline, task), send)
        except asyncio.CancelledError:
            # As `asyncio.timeout` has it: unless somebody else has cancelled the task too.
            if task in deadline.overdue and task.uncancel() == 0:
                raise DeadlineExceeded(f"There was no answer within {seconds:g} s.") from None
            slow = task in self._pieces.overdue or task in self._bodies.overdue
            if slow and task.uncancel() == 0:
                raise RequestTimeout(headers={"Connection": "close"}) from None
            raise
        finally:
            for watch in (deadline, self._pieces, self._bodies):
                watch.forget(task)

    def _deadline(self, seconds: float | None) -> "_Watch":
        length = float("inf") if seconds is None else seconds
        return self._deadlines.get(length) or self._deadlines.setdefault(length, _Watch(length))

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
            message = await receive()
            self._pieces.end(task)
            whole = not message.get("more_body", False)
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
        seconds: How long they have; infinite for those that have no deadline.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._watching = seconds == float("inf")
        self._due: dict[asyncio.Task[None], float] = {}  # in the order of arrival
        self.overdue: set[asyncio.Task[None]] = set()

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

    def forget(self, task: asyncio.Task[None]) -> None:
        """Know no more of the request."""
        self._due.pop(task, None)
        self.overdue.discard(task)

    def _watch(self, loop: asyncio.AbstractEventLoop) -> None:
        """Cancel what is due, and come back when the next one is."""
        for task, due in list(self._due.items()):
            if due > loop.time():
                loop.call_at(due, self._watch, loop)
                return
            del self._due[task]
            self.overdue.add(task)
            task.cancel()
        self._watching = False
