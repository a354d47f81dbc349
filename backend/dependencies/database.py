"""The database, acting as the caller."""

from typing import Annotated

from fastapi import Depends, Request

from backend.database.acting import Acting
from backend.dependencies.auth import CurrentUser


def acting(request: Request, caller: CurrentUser) -> Acting:
    """The database as the caller sees it; introduces callers it has not seen."""
    state = request.app.state
    return Acting(state.pool, caller, state.introductions.needed(caller))


ActingUser = Annotated[Acting, Depends(acting)]
