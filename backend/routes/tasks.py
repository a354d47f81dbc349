"""`/api/tasks`, the same under `/api/{user_id}/tasks`, and `/api/trash`."""

from typing import Annotated, Any
from urllib.parse import quote
from uuid import UUID

from fastapi import APIRouter, Path, Query, Request, Response

from backend.core.ids import parse_id
from backend.core.problems import NotFound
from backend.dependencies.conditions import ExpectedVersions, KnownVersions, etag
from backend.dependencies.database import CallerSession
from backend.schemas.task import (
    PageQuery,
    TaskComplete,
    TaskCreate,
    TaskQuery,
    TaskRead,
    TaskUpdate,
    TrashQuery,
)
from backend.services import tasks
from backend.services.tasks import Page, Representation
from backend.web.route import OwnedRoute

TaskId = Annotated[str, Path(description="The task's UUID.", json_schema_extra={"format": "uuid"})]


async def list_tasks(
    request: Request, db: CallerSession, query: Annotated[TaskQuery, Query()]
) -> Response:
    """List tasks outside the trash, a page at a time."""
    return _page(request, await db.run(tasks.list_tasks(query)), query)


async def create_task(request: Request, db: CallerSession, task: TaskCreate) -> Response:
    """Create a task. A client-made `id` makes a retry safe: the second one is a 409."""
    task_id, created = await db.run(tasks.create_task(task))
    return _task(created, status=201, Location=f"{_path(request)}/{task_id}")


async def get_task(db: CallerSession, task_id: TaskId, known: KnownVersions) -> Response:
    """Read one task."""
    task = await db.run(tasks.get_task(_parse(task_id)))
    tag = etag(task.version)
    if tag in known or "*" in known:
        return Response(status_code=304, headers={"ETag": tag})
    return _task(task)


async def update_task(
    db: CallerSession, task_id: TaskId, patch: TaskUpdate, versions: ExpectedVersions
) -> Response:
    """Change the members that the body has (RFC 7396); the others stay."""
    return _task(await db.run(tasks.update_task(_parse(task_id), patch, versions)))


async def complete_task(
    db: CallerSession,
    task_id: TaskId,
    versions: ExpectedVersions,
    wish: TaskComplete | None = None,
) -> Response:
    """Set whether the task is done; without a body, toggle it."""
    completed = wish.completed if wish else None
    return _task(
        await db.run(tasks.complete_task(_parse(task_id), completed=completed, versions=versions))
    )


async def toggle_task(db: CallerSession, task_id: TaskId, versions: ExpectedVersions) -> Response:
    """Toggle whether the task is done."""
    return _task(
        await db.run(tasks.complete_task(_parse(task_id), completed=None, versions=versions))
    )


async def delete_task(db: CallerSession, task_id: TaskId, versions: ExpectedVersions) -> Response:
    """Move the task to the trash."""
    await db.run(tasks.delete_task(_parse(task_id), versions))
    return Response(status_code=204)


async def restore_task(db: CallerSession, task_id: TaskId, versions: ExpectedVersions) -> Response:
    """Take the task out of the trash; one that is not in it stays as it is."""
    return _task(await db.run(tasks.restore_task(_parse(task_id), versions)))


async def list_trash(
    request: Request, db: CallerSession, query: Annotated[TrashQuery, Query()]
) -> Response:
    """List the trash, the latest deletion first."""
    return _page(request, await db.run(tasks.list_trash(query)), query)


async def empty_trash(db: CallerSession) -> Response:
    """Delete everything in the trash for good."""
    await db.run(tasks.empty_trash())
    return Response(status_code=204)


def _task(task: Representation, status: int = 200, **fields: str) -> Response:
    headers = {"ETag": etag(task.version), **fields}
    return Response(task.body, status, headers, media_type="application/json")


def _page(request: Request, page: Page, query: PageQuery) -> Response:
    answer = Response(page.body, media_type="application/json")
    if page.cursor:
        following = query.following(page.cursor)
        answer.headers["Link"] = f'<{_path(request)}?{following}>; rel="next"'
    if page.total is not None:
        answer.headers["Total-Count"] = str(page.total)
    return answer


def _path(request: Request) -> str:
    """The path of the request as the client wrote it, fit for a header field."""
    alias = request.scope.get("alias")
    path = quote(request.scope["path"]) if alias is None else alias.shown
    return quote(request.scope.get("root_path", "")) + path


def _parse(task_id: str) -> UUID:
    """The id; what is not one names nothing, exactly like an id that does not exist."""
    parsed = parse_id(task_id)
    if parsed is None:
        raise NotFound
    return parsed


_ONE = TaskRead
_MANY = list[TaskRead]
_UNCHANGED: dict[int | str, dict[str, Any]] = {
    304: {"description": "The client's copy is current."}
}
# Operation, path below the prefix, method, endpoint, status, model of the answer.
_ROUTES: list[tuple[str, str, str, Any, int, Any]] = [
    ("list_tasks", "", "GET", list_tasks, 200, _MANY),
    ("create_task", "", "POST", create_task, 201, _ONE),
    ("get_task", "/{task_id}", "GET", get_task, 200, _ONE),
    ("update_task", "/{task_id}", "PATCH", update_task, 200, _ONE),
    ("put_task", "/{task_id}", "PUT", update_task, 200, _ONE),
    ("delete_task", "/{task_id}", "DELETE", delete_task, 204, None),
    ("complete_task", "/{task_id}/complete", "PATCH", complete_task, 200, _ONE),
    ("complete_task_by_post", "/{task_id}/complete", "POST", complete_task, 200, _ONE),
    ("toggle_task", "/{task_id}/toggle", "PATCH", toggle_task, 200, _ONE),
    ("restore_task", "/{task_id}/restore", "POST", restore_task, 200, _ONE),
]

router = APIRouter(route_class=OwnedRoute, tags=["tasks"])
for operation, path, method, endpoint, status, model in _ROUTES:
    router.add_api_route(
        "/api/tasks" + path,
        endpoint,
        methods=[method],
        name=operation,
        status_code=status,
        response_model=model,
        responses=_UNCHANGED if endpoint is get_task else None,
    )
router.add_api_route("/api/trash", list_trash, methods=["GET"], response_model=_MANY)
router.add_api_route("/api/trash", empty_trash, methods=["DELETE"], status_code=204)
