"""`/api/history`, the history of a task, and `/api/undo`; the same under `/api/{user_id}`."""

from typing import Annotated, Final

from fastapi import Path, Query, Request, Response

from backend.core.ids import parse_id
from backend.core.problems import (
    GoneForGood,
    HistoryGone,
    Misplaced,
    NotFound,
    TooManyMatches,
    UndoConflict,
    ValidationFailed,
)
from backend.dependencies.conditions import ExpectedVersions, run_if
from backend.dependencies.database import CallerSession
from backend.schemas.history import HistoryEntry, HistoryQuery, TaskHistoryQuery, Undo, Undone
from backend.services import history
from backend.web import answers
from backend.web.refusals import refuses
from backend.web.route import OwnedRoute, StrictRouter
from backend.web.terms import under

router = StrictRouter("history", OwnedRoute)

TaskId = Annotated[str, Path(description="The task's UUID.", json_schema_extra={"format": "uuid"})]
_SECONDS: Final = 8.0  # for as much as one request may change; less than what clients wait
# To look for few among many is to read all that is kept.
_DEAR = tuple((name, 5) for name in ("actor", "since", "until", "type", "change"))


@router.get("/api/history", response_model=list[HistoryEntry])
@under(parameter_costs=_DEAR)
async def list_history(
    request: Request, db: CallerSession, query: Annotated[HistoryQuery, Query()]
) -> Response:
    """List what became of tasks, lists and settings, the latest change first.

    It is kept for `HISTORY_DAYS`. Of what is gone for good there are the changes, without content.
    """
    found = await db.run(history.list_history(query))
    return answers.page(request, found, query.following)


@router.get("/api/tasks/{task_id}/history", response_model=list[HistoryEntry])
async def list_task_history(
    request: Request,
    db: CallerSession,
    task_id: TaskId,
    query: Annotated[TaskHistoryQuery, Query()],
) -> Response:
    """List what became of one task, be it in the trash, or gone for good."""
    parsed = parse_id(task_id)
    if parsed is None:
        raise NotFound
    found = await db.run(history.list_task_history(parsed, query))
    return answers.page(request, found, query.following)


@router.post("/api/undo", response_model=Undone)
@under(deadline=_SECONDS, cost=10)
@refuses(NotFound, HistoryGone, UndoConflict, GoneForGood, TooManyMatches)
async def undo(db: CallerSession, wish: Undo, versions: ExpectedVersions) -> Response:
    """Undo what one request did, or all that was changed since, all or nothing.

    What was created goes to the trash, what was there before is as it was. Later changes of the
    same fields are in the way, unless you send `force`. What came back to a task or list that is
    in the trash comes to the top of its list, or to the inbox.
    """
    operation = history.undo(wish)
    try:
        undone = await run_if(db, versions, operation)
    except (Misplaced, ValidationFailed) as problem:
        # PostgreSQL refused what was fine once, because of what was changed since.
        said = "; ".join(error["detail"] for error in problem.errors) or problem.detail
        raise UndoConflict(detail=said) from problem
    return answers.model(undone)
