"""What a stream tells whoever follows the changes of their space, and when it ends."""

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Final, NamedTuple

from backend.core.problems import CursorTooOld, Unavailable
from backend.database.session import Session
from backend.services.changes import Changes, list_changes
from backend.services.counters import find_head
from backend.services.hub import Subscriber

_PAGE: Final = 100  # changes: what of a stream is in memory while its reader is slow
_AGAIN_SECONDS: Final = 1.0
_TOGETHER_SECONDS: Final = 0.02  # what is written meanwhile comes with one question


class Event(NamedTuple):
    """What is told.

    Attributes:
        kind: `change`, `reset`, `end`, or empty: it is only told that the stream is there.
        data: JSON.
        cursor: Where the reader stands, having read it; None: where they stood before.
    """

    kind: str = ""
    data: bytes = b""
    cursor: str | None = None


ALIVE: Final = Event()


class Following:
    """One stream.

    Args:
        db: The database, as the reader sees it.
        subscriber: Knows when there may be changes.
        cursor: What the reader knows already.
        head: How far the space was a moment ago.
        until: When the reader's token has expired, in seconds since the epoch.
        pause: Seconds without a change after which it is told that the stream is there.
    """

    def __init__(  # noqa: PLR0913, PLR0917 - who reads, from where on, until when
        self,
        db: Session,
        subscriber: Subscriber,
        cursor: str,
        head: str,
        until: float,
        pause: float,
    ) -> None:
        self._db = db
        self._subscriber = subscriber
        self._until = until
        self._pause = pause
        self._move(cursor)
        if cursor != head:
            subscriber.wake()

    def _move(self, cursor: str) -> None:
        self._cursor = cursor
        number = int(cursor.partition(".")[0])
        self._subscriber.seen = max(self._subscriber.seen, number)

    async def events(self) -> AsyncIterator[list[Event]]:
        """What is told, as it comes: together what goes out together."""
        yield [Event(cursor=self._cursor)]
        while (reason := self._reason_to_end()) is None:
            left = max(0.0, self._until - time.time())
            if not await self._subscriber.is_woken(min(self._pause, left)):
                yield [ALIVE]
                continue
            more = True
            while more and self._reason_to_end() is None:
                events, more = await self._next_page()
                if events:
                    yield events
            await asyncio.sleep(_TOGETHER_SECONDS)
        yield [_event("end", reason)]

    def _reason_to_end(self) -> str | None:
        expired = "token_expired" if time.time() >= self._until else None
        return self._subscriber.ended or expired

    async def _next_page(self) -> tuple[list[Event], bool]:
        """What comes next, and whether there is more; nothing while there is no database."""
        try:
            return await self._read_page()
        except Unavailable:
            asyncio.get_running_loop().call_later(_AGAIN_SECONDS, self._subscriber.wake)
            return [], False

    async def _read_page(self) -> tuple[list[Event], bool]:
        try:
            found = await self._db.run(list_changes(self._db.principal, self._cursor, _PAGE))
        except CursorTooOld:
            return [await self._reset()], True
        before = self._cursor
        self._move(found.cursor)
        return _changes(found, before), found.more

    async def _reset(self) -> Event:
        """The reader has to begin again; of an account that is gone there is nothing more."""
        head = await self._db.run(find_head())
        if head is None:
            self._subscriber.end("account_erased")
        self._subscriber.seen = 0
        self._move(str(head.version if head else 0))
        return _event("reset", CursorTooOld.code, self._cursor)


def _event(kind: str, reason: str, cursor: str | None = None) -> Event:
    return Event(kind, b'{"reason":"%s"}' % reason.encode(), cursor)


def _changes(found: Changes, before: str) -> list[Event]:
    """One event for each change.

    Each number is a cursor, but not on the pages of whoever begins: there only the last one is.
    """
    begins = before == "0" or "." in before
    events = [
        Event("change", each.body, None if begins else str(each.version)) for each in found.changes
    ]
    if begins:
        events.append(Event(cursor=found.cursor))
    return events
