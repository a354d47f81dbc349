"""`/api/lists`; the same under `/api/{user_id}`."""

import asyncio
import time
from typing import Annotated, Any, Final, TypeVar
from uuid import UUID

from fastapi import Path, Query, Request, Response

from backend.core.ids import parse_id
from backend.core.problems import Conflict, InboxProtected, NotFound, TooManyLists
from backend.database.operations import Operation
from backend.database.session import Session
from backend.dependencies.conditions import ExpectedVersions, Known, MustBeNew, run_if
from backend.dependencies.database import CallerSession
from backend.schemas.list import ListCreate, ListMove, ListQuery, ListRead, ListUpdate
from backend.services import lists
from backend.web import answers
from backend.web.refusals import refuses
from backend.web.route import OwnedRoute, StrictRouter
from backend.web.terms import under

router = StrictRouter("lists", OwnedRoute)

A = TypeVar("A")

ListId = Annotated[str, Path(description="The list's UUID.", json_schema_extra={"format": "uuid"})]
_SECONDS: Final = 6.0  # less than what proxies and clients wait
_PAUSE: Final = 0.02  # between two steps, each about as long, for what others write
_UNFINISHED: Final[dict[int | str, dict[str, Any]]] = {
    202: {"description": "Not all is done; the same request goes on with it."}
}


# Counts read every task of the user.
@router.get("/api/lists", response_model=list[ListRead])
@under(cost=2)
async def list_lists(
    request: Request, db: CallerSession, known: Known, query: Annotated[ListQuery, Query()]
) -> Response:
    """List the lists in their order: the inbox, and those that the user has made."""
    found = await db.run(lists.list_lists(query, known.states(query.number)))
    return answers.page(request, found, query.following, known)


@router.post("/api/lists", response_model=ListRead, status_code=201)
@refuses(Conflict, TooManyLists)
async def create_list(
    request: Request,
    db: CallerSession,
    new: ListCreate,
    versions: ExpectedVersions,
    must_be_new: MustBeNew,
) -> Response:
    """Create a list. A client-made `id` makes a retry safe: the second one is a 409."""
    create = lists.create_list(new, must_be_new=must_be_new)
    list_id, created = await run_if(db, versions, create)
    return answers.created(request, list_id, created)


@router.get("/api/lists/{list_id}", response_model=ListRead)
async def get_list(db: CallerSession, list_id: ListId, known: Known) -> Response:
    """Read one list."""
    return answers.one(await db.run(lists.get_list(_parse(list_id))), known)


@router.patch("/api/lists/{list_id}", response_model=ListRead)
@refuses(InboxProtected)
async def update_list(
    db: CallerSession, list_id: ListId, patch: ListUpdate, versions: ExpectedVersions
) -> Response:
    """Change the members that the body has (RFC 7396); the others stay."""
    return answers.one(await db.run(lists.update_list(_parse(list_id), patch, versions)))


@router.post("/api/lists/{list_id}/move", response_model=ListRead)
async def move_list(
    db: CallerSession, list_id: ListId, place: ListMove, versions: ExpectedVersions
) -> Response:
    """Put the list before or behind another one, or last."""
    return answers.one(await db.run(lists.move_list(_parse(list_id), place, versions)))


# In steps, so that neither others nor the user's own writes wait for long.
@router.delete("/api/lists/{list_id}", status_code=204, responses=_UNFINISHED)
@under(deadline=_SECONDS + 2)
@refuses(InboxProtected)
async def delete_list(db: CallerSession, list_id: ListId, versions: ExpectedVersions) -> Response:
    """Move the list to the trash, with the tasks in it."""
    step = lists.delete_list(_parse(list_id), versions)
    return answers.nothing() if await _finished(db, step, step) else answers.unfinished(1)


@router.post("/api/lists/{list_id}/restore", response_model=ListRead, responses=_UNFINISHED)
@under(deadline=_SECONDS + 2)
async def restore_list(db: CallerSession, list_id: ListId, versions: ExpectedVersions) -> Response:
    """Take the list out of the trash, with the tasks that went there with it."""
    parsed = _parse(list_id)
    # The first step changes the version.
    first, later = lists.restore_list(parsed, versions), lists.restore_list(parsed)
    restored = await _finished(db, first, later)
    return answers.one(restored) if restored else answers.unfinished(1)


async def _finished(db: Session, step: Operation[A], later: Operation[A]) -> A:
    """The answer of the step that finishes it, or of the last one that there was time for."""
    ends = time.monotonic() + _SECONDS
    while True:
        answer = await db.run(step)
        if answer or time.monotonic() > ends:
            return answer
        step = later
        await asyncio.sleep(_PAUSE)


def _parse(list_id: str) -> UUID:
    """The id; what is not one names nothing, exactly like an id that does not exist."""
    parsed = parse_id(list_id)
    if parsed is None:
        raise NotFound
    return parsed
