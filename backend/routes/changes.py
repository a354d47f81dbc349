"""`/api/changes`; the same under `/api/{user_id}`."""

from typing import Annotated

from fastapi import Query, Response

from backend.core.problems import CursorTooOld
from backend.dependencies.database import CallerSession
from backend.schemas.change import Changes, ChangesQuery
from backend.services.changes import list_changes as changes_since
from backend.web import answers
from backend.web.refusals import refuses
from backend.web.route import OwnedRoute, StrictRouter

router = StrictRouter("changes", OwnedRoute)


@router.get("/api/changes", response_model=Changes)
@refuses(CursorTooOld)
async def list_changes(db: CallerSession, query: Annotated[ChangesQuery, Query()]) -> Response:
    """List what has changed since a cursor: tasks, lists and settings, each as it is now.

    Without `since` it begins with all there is, the trash included. Ask again with the `cursor` of
    each answer, at once while there is `more`. A 410 says to begin again.
    """
    found = await db.run(changes_since(db.principal, query.since, query.limit))
    return answers.json(b"{%s}" % found.body)
