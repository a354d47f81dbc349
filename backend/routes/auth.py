"""`/api/auth`: what the caller's token says."""

from fastapi import Response

from backend.dependencies.conditions import Known
from backend.dependencies.database import CallerSession
from backend.schemas.user import Me
from backend.services import users
from backend.web import answers
from backend.web.route import StrictRouter

router = StrictRouter("auth")


@router.get("/api/auth/me", response_model=Me)
async def describe_me(db: CallerSession, known: Known) -> Response:
    """Say who the token belongs to and how long it lasts."""
    return answers.one(await db.run(users.describe_me(db.principal)), known)


@router.post("/api/auth/verify", response_model=Me)
async def verify_token(db: CallerSession) -> Response:
    """Say who the token belongs to and how long it lasts."""
    return answers.one(await db.run(users.describe_me(db.principal)))
