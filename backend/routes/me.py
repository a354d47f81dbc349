"""`/api/me`: the caller's account here."""

from fastapi import Response

from backend.dependencies.database import CallerSession
from backend.dependencies.resources import Held
from backend.services import users
from backend.web import answers
from backend.web.route import StrictRouter

router = StrictRouter("me")


@router.delete("/api/me", status_code=204)
async def erase_me(held: Held, db: CallerSession) -> Response:
    """Erase everything that is kept about the caller, at once and for good."""
    await db.run(users.erase_me())
    held.known_users.forget(db.principal.subject)
    return answers.nothing()
