"""`/api/tags`; the same under `/api/{user_id}`. Names in paths are percent-encoded, slashes too."""

import asyncio
import time
from collections.abc import Callable
from typing import Annotated, Any
from unicodedata import normalize

from fastapi import Depends, Path, Request, Response

from backend.core.problems import NotFound
from backend.database.operations import Operation
from backend.dependencies.conditions import ExpectedVersions, Known, run_if
from backend.dependencies.database import CallerSession
from backend.schemas.tag import TagRead, TagUpdate
from backend.services import tags
from backend.web import answers
from backend.web.route import OwnedRoute, StrictRouter
from backend.web.terms import under

router = StrictRouter("tags", OwnedRoute)


def _read_name(name: Annotated[str, Path(description="The tag, percent-encoded.")]) -> str:
    """The name as tags are kept.

    Raises:
        NotFound: for what no tag can be called.
    """
    if "\0" in name:
        raise NotFound
    return normalize("NFC", name)


TagName = Annotated[str, Depends(_read_name)]
_SECONDS = 6.0  # less than what proxies and clients wait
_PAUSE = 0.02  # between two steps, for what others write
_UNFINISHED: dict[int | str, dict[str, Any]] = {
    202: {"description": "Some tasks are left; the same request goes on with them."}
}


# To list them is to read every task of the user.
@router.get("/api/tags", response_model=list[TagRead])
@under(cost=5)
async def list_tags(request: Request, db: CallerSession, known: Known) -> Response:
    """List the tags of the tasks outside the trash, and how many have each."""
    found = await db.run(tags.list_tags(known.states(tags.ASKED)))
    return answers.page(request, found, str, known)


@router.patch("/api/tags/{name}", response_model=TagRead, responses=_UNFINISHED)
@under(deadline=_SECONDS + 2, cost=10)
async def rename_tag(
    db: CallerSession, name: TagName, tag: TagUpdate, versions: ExpectedVersions
) -> Response:
    """Rename the tag in all tasks, those in the trash too. A name that exists merges the two."""
    if tag.name == name:
        return answers.model(await run_if(db, versions, tags.count_tag(name)))
    changed = await _everywhere(db, versions, lambda: tags.rename_tag(name, tag.name))
    if changed is None:
        return answers.unfinished(1)
    return answers.model(TagRead(name=tag.name, count=changed.remaining))


@router.delete("/api/tags/{name}", status_code=204, responses=_UNFINISHED)
@under(deadline=_SECONDS + 2, cost=10)
async def delete_tag(db: CallerSession, name: TagName, versions: ExpectedVersions) -> Response:
    """Take the tag from all tasks, those in the trash too."""
    if await _everywhere(db, versions, lambda: tags.delete_tag(name)) is None:
        return answers.unfinished(1)
    return answers.nothing()


async def _everywhere(
    db: CallerSession, versions: ExpectedVersions, change: Callable[[], Operation[tags.Change]]
) -> tags.Change | None:
    """Change all tasks in steps, so that the user's other writes need not wait for long.

    Returns:
        The last step; None when the time was over before.

    Raises:
        NotFound: when no task had the tag.
    """
    began = time.monotonic()
    changed = await run_if(db, versions, change())
    if not changed.tasks:
        raise NotFound
    while changed.tasks >= tags.BATCH:
        if time.monotonic() - began > _SECONDS:
            return None
        await asyncio.sleep(_PAUSE)
        changed = await db.run(change())
    return changed
