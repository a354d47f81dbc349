"""`/api/events`; the same under `/api/{user_id}`."""

from collections.abc import AsyncGenerator, Iterator
from contextlib import contextmanager
from typing import Annotated, Final

from fastapi import Header, Query, Response
from pydantic import TypeAdapter, ValidationError

from backend.core.problems import TooManyStreams, ValidationFailed
from backend.database.session import Session
from backend.dependencies.database import CallerSession
from backend.dependencies.resources import Held
from backend.schemas.change import Cursor
from backend.schemas.events import EventsQuery
from backend.services.counters import find_head
from backend.services.following import Following
from backend.web.event_stream import EVENT_STREAM, EventStream, message, opening
from backend.web.refusals import refuses
from backend.web.route import OwnedRoute, StrictRouter
from backend.web.terms import under

router = StrictRouter("changes", OwnedRoute)

_CURSOR: Final = TypeAdapter[str](Cursor)


# It ends with the token, or when the process stops.
@router.get("/api/events", response_description="Messages as they come; each change is a `Change`.")
@under(offers=EVENT_STREAM, deadline=None)
@refuses(TooManyStreams)
async def follow_changes(
    held: Held,
    db: CallerSession,
    query: Annotated[EventsQuery, Query()],
    last_event_id: Annotated[str | None, Header()] = None,
) -> Response:
    """Follow what changes, as it changes: tasks, lists and settings, each as it is now.

    A stream of messages (Server-Sent Events) from now on, or from the cursor that `Last-Event-ID`
    or `since` gives. `change` has a `Change`, its `id` is the cursor behind it. `reset`: what has
    changed since the cursor is not known any more; read all of `/api/changes` again, the stream
    goes on. `end` says why the stream ends: `token_expired`, `draining` or `account_erased`. A
    comment comes when nothing else does.
    """
    known = _read(last_event_id) or query.since
    found = await db.run(find_head())
    head = str(found.version if found else 0)
    return EventStream(_opened(held, db, known or head, head))


def _read(last_event_id: str | None) -> str | None:
    """The cursor in the header field, if any.

    Raises:
        ValidationFailed: when it is none.
    """
    if not last_event_id:
        return None
    try:
        return _CURSOR.validate_python(last_event_id)
    except ValidationError:
        raise ValidationFailed(
            errors=[
                {
                    "pointer": "/header/last-event-id",
                    "code": "malformed",
                    "detail": "Send the `id` of the latest message, as it came.",
                }
            ]
        ) from None


@contextmanager
def _opened(
    held: Held, db: Session, cursor: str, head: str
) -> Iterator[AsyncGenerator[bytes, None]]:
    principal = db.principal
    with held.hub.subscribed(principal.subject) as subscriber:
        options = held.hub.options
        until = principal.expires_at + options.grace
        following = Following(db, subscriber, cursor, head, until, options.pause)
        yield _messages(following, options.pause)


async def _messages(following: Following, pause: float) -> AsyncGenerator[bytes, None]:
    yield opening(pause)
    async for events in following.events():
        yield b"".join(message(*each) for each in events)
