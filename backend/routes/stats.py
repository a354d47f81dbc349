"""`/api/stats`; the same under `/api/{user_id}`."""

from fastapi import Response

from backend.dependencies.database import CallerSession
from backend.schemas.stats import Stats
from backend.services import stats
from backend.web import answers
from backend.web.route import OwnedRoute, StrictRouter
from backend.web.terms import under

router = StrictRouter("stats", OwnedRoute)


# It reads every task of the user.
@router.get("/api/stats", response_model=Stats)
@under(cost=5)
async def count_tasks(db: CallerSession) -> Response:
    """Count the user's tasks: open, overdue, due today, completed on each of the last days."""
    return answers.json(await db.run(stats.count_tasks()))
