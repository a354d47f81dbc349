"""`/api/tasks` and `/api/trash`; the same under `/api/{user_id}`."""

import asyncio
import time
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import Path, Query, Request, Response

from backend.core.ids import parse_id
from backend.core.problems import Conflict, HistoryGone, Misplaced, NotFound, TooManyTasks
from backend.dependencies.conditions import ExpectedVersions, Known, MustBeNew, run_if
from backend.dependencies.database import CallerSession
from backend.schemas.task import (
    TaskComplete,
    TaskCreate,
    TaskMove,
    TaskQuery,
    TaskRead,
    TaskUpdate,
    TrashQuery,
)
from backend.services import tasks
from backend.web import answers
from backend.web.refusals import refuses
from backend.web.route import OwnedRoute, StrictRouter
from backend.web.terms import under

router = StrictRouter("tasks", OwnedRoute)

TaskId = Annotated[str, Path(description="The task's UUID.", json_schema_extra={"format": "uuid"})]
_TRASH_SECONDS = 6.0  # less than what proxies and clients wait
_TRASH_PAUSE = 0.02  # between two steps, each about as long, for what others write


# To count, or to search, is to read every task of the user; of a past, its history as well.
@router.get("/api/tasks", response_model=list[TaskRead])
@under(parameter_costs=(("count", 5), ("q", 5), ("as_of", 10)))
@refuses(HistoryGone)
async def list_tasks(
    request: Request, db: CallerSession, known: Known, query: Annotated[TaskQuery, Query()]
) -> Response:
    """List tasks outside the trash, a page at a time. Filters combine freely."""
    found = await db.run(tasks.list_tasks(query, known.states(query.number)))
    return answers.page(request, found, query.following, known)


@router.post("/api/tasks", response_model=TaskRead, status_code=201)
@refuses(Conflict, Misplaced, TooManyTasks)
async def create_task(
    request: Request,
    db: CallerSession,
    task: TaskCreate,
    versions: ExpectedVersions,
    must_be_new: MustBeNew,
) -> Response:
    """Create a task. A client-made `id` makes a retry safe: the second one is a 409."""
    create = tasks.create_task(task, must_be_new=must_be_new)
    task_id, created = await run_if(db, versions, create)
    return answers.created(request, task_id, created)


@router.get("/api/tasks/{task_id}", response_model=TaskRead)
async def get_task(db: CallerSession, task_id: TaskId, known: Known) -> Response:
    """Read one task."""
    return answers.one(await db.run(tasks.get_task(_parse(task_id))), known)


@router.patch("/api/tasks/{task_id}", response_model=TaskRead)
@router.put("/api/tasks/{task_id}", response_model=TaskRead, name="put_task")
@refuses(Misplaced)
async def update_task(
    db: CallerSession, task_id: TaskId, patch: TaskUpdate, versions: ExpectedVersions
) -> Response:
    """Change the members that the body has (RFC 7396); the others stay."""
    return answers.one(await db.run(tasks.update_task(_parse(task_id), patch, versions)))


@router.patch("/api/tasks/{task_id}/complete", response_model=TaskRead)
@router.post("/api/tasks/{task_id}/complete", response_model=TaskRead, name="complete_task_by_post")
async def complete_task(
    db: CallerSession,
    task_id: TaskId,
    versions: ExpectedVersions,
    wish: TaskComplete | None = None,
) -> Response:
    """Set whether the task is done; without a body, toggle it.

    What is open below it is done with it, and open again with it. What is above an open one opens.
    One that recurs goes to its next occurrence, or back to the one that was completed last.
    """
    completed, occurrence = (wish.completed, wish.occurrence) if wish else (None, None)
    completion = tasks.complete_task(
        _parse(task_id), completed=completed, occurrence=occurrence, versions=versions
    )
    return answers.one(await db.run(completion))


@router.patch("/api/tasks/{task_id}/toggle", response_model=TaskRead)
async def toggle_task(db: CallerSession, task_id: TaskId, versions: ExpectedVersions) -> Response:
    """Toggle whether the task is done."""
    return answers.one(
        await db.run(tasks.complete_task(_parse(task_id), completed=None, versions=versions))
    )


@router.post("/api/tasks/{task_id}/move", response_model=TaskRead)
@refuses(Misplaced)
async def move_task(
    db: CallerSession, task_id: TaskId, place: TaskMove, versions: ExpectedVersions
) -> Response:
    """Put the task, with what is below it, beside another one or last in a place."""
    return answers.one(await db.run(tasks.move_task(_parse(task_id), place, versions)))


@router.delete("/api/tasks/{task_id}", status_code=204)
async def delete_task(db: CallerSession, task_id: TaskId, versions: ExpectedVersions) -> Response:
    """Move the task to the trash, with what is below it."""
    await db.run(tasks.delete_task(_parse(task_id), versions))
    return answers.nothing()


@router.post("/api/tasks/{task_id}/restore", response_model=TaskRead)
async def restore_task(db: CallerSession, task_id: TaskId, versions: ExpectedVersions) -> Response:
    """Take the task out of the trash, with what went there with it and is below it.

    One that is not in the trash stays as it is.
    """
    return answers.one(await db.run(tasks.restore_task(_parse(task_id), versions)))


@router.get("/api/trash", response_model=list[TaskRead])
async def list_trash(
    request: Request, db: CallerSession, known: Known, query: Annotated[TrashQuery, Query()]
) -> Response:
    """List the trash, the latest deletion first."""
    found = await db.run(tasks.list_trash(query, known.states(query.number)))
    return answers.page(request, found, query.following, known)


# In steps, so that neither others nor the user's own writes wait for long.
_UNFINISHED: Final[dict[int | str, dict[str, Any]]] = {
    202: {"description": "Not all is gone; the same request goes on with it."}
}


@router.delete("/api/trash", status_code=204, responses=_UNFINISHED)
@under(deadline=_TRASH_SECONDS + 2)
async def empty_trash(db: CallerSession, versions: ExpectedVersions) -> Response:
    """Delete everything in the trash for good. What comes there meanwhile may stay."""
    began = time.monotonic()
    left = await run_if(db, versions, tasks.empty_trash())
    while left and time.monotonic() - began < _TRASH_SECONDS:
        await asyncio.sleep(_TRASH_PAUSE)
        left = await db.run(tasks.empty_trash(left))
    return answers.unfinished(1) if left else answers.nothing()


@router.delete("/api/trash/{task_id}", status_code=204, responses=_UNFINISHED)
@under(deadline=_TRASH_SECONDS + 2)
async def purge_task(db: CallerSession, task_id: TaskId, versions: ExpectedVersions) -> Response:
    """Delete the task in the trash for good, with everything below it."""
    began = time.monotonic()
    is_gone = await db.run(tasks.purge_task(_parse(task_id), versions))
    while not is_gone and time.monotonic() - began < _TRASH_SECONDS:
        await asyncio.sleep(_TRASH_PAUSE)
        is_gone = await db.run(tasks.purge_task(_parse(task_id), versions))
    return answers.nothing() if is_gone else answers.unfinished(1)


def _parse(task_id: str) -> UUID:
    """The id; what is not one names nothing, exactly like an id that does not exist."""
    parsed = parse_id(task_id)
    if parsed is None:
        raise NotFound
    return parsed
