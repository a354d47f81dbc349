"""The database, as the caller sees it."""

from typing import Annotated

from fastapi import Depends, Request

from backend.database.session import Session
from backend.dependencies.auth import CurrentUser
from backend.dependencies.resources import resources


def session(request: Request, caller: CurrentUser) -> Session:
    """The database as the caller sees it; introduces callers it has not seen."""
    held = resources(request)
    return Session(
        held.pools, caller, held.known_users, request.scope["request_id"], held.most_tasks
    )


CallerSession = Annotated[Session, Depends(session)]
