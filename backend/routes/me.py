"""`/api/me`: the caller's account here."""

from fastapi import Response

from backend.dependencies.database import AccountSession
from backend.dependencies.resources import Held
from backend.services.erasures import erase_me as erase
from backend.web import answers
from backend.web.route import StrictRouter

router = StrictRouter("me")

_SOON = 3  # seconds


@router.delete(
    "/api/me",
    status_code=204,
    responses={202: {"description": "It goes on by itself; the account is closed from now on."}},
)
async def erase_me(held: Held, db: AccountSession) -> Response:
    """Erase everything that is kept about the caller, for good.

    A large account is closed at once and erased within seconds: 202, and 204 once all is gone.
    """
    subject = db.principal.subject
    is_left = await db.run(erase())
    held.known_users.forget(subject)
    if not is_left:
        return answers.nothing()
    held.eraser.note(subject)
    return answers.unfinished(_SOON)
