"""`/api/auth`: what the caller's token says."""

from fastapi import APIRouter, Response

from backend.dependencies.database import CallerSession
from backend.schemas.user import Me
from backend.services import users
from backend.web.route import StrictRoute

router = APIRouter(route_class=StrictRoute, tags=["auth"])


async def describe_me(db: CallerSession) -> Response:
    """Say who the token belongs to and how long it lasts."""
    me = await db.run(users.describe_me(db.principal))
    return Response(me.model_dump_json(), media_type="application/json")


router.add_api_route("/api/auth/me", describe_me, methods=["GET"], response_model=Me)
router.add_api_route(
    "/api/auth/verify", describe_me, methods=["POST"], name="verify_token", response_model=Me
)
