"""The database, acting as the caller."""

from typing import Annotated

from fastapi import Depends, Request

from backend.database.session import Session
from backend.dependencies.auth import CurrentUser


def acting(request: Request, caller: CurrentUser) -> Session:
    """The database as the caller sees it; introduces callers it has not seen."""
    state = request.app.state
    return Session(state.pool, caller, state.known_users.needed(caller))


CallerSession = Annotated[Session, Depends(acting)]
