"""`/api/me`: the caller's account here."""

from fastapi import APIRouter, Request, Response

from backend.dependencies.database import CallerSession
from backend.services import users
from backend.web.route import StrictRoute

router = APIRouter(route_class=StrictRoute, tags=["me"])


async def erase_me(request: Request, db: CallerSession) -> Response:
    """Erase everything that is kept about the caller, at once and for good."""
    await db.run(users.erase_me())
    request.app.state.known_users.forget(db.principal.subject)
    return Response(status_code=204)


router.add_api_route("/api/me", erase_me, methods=["DELETE"], status_code=204)
