"""The database, as the caller sees it."""

from typing import Annotated

from fastapi import Depends, Request

from backend.core.problems import (
    BeingErased,
    DeadlineExceeded,
    KeyInUse,
    KeyReused,
    ReadOnly,
    Unavailable,
)
from backend.database.session import Session
from backend.dependencies.auth import CurrentUser
from backend.dependencies.idempotency import journal, key_name
from backend.dependencies.resources import resources
from backend.web.refusals import refuses

# What becomes of a call: `database/faults.py`.
_CALLED = (Unavailable, ReadOnly, DeadlineExceeded)


@refuses(BeingErased, *_CALLED, writes=(KeyInUse, KeyReused))
def session(request: Request, caller: CurrentUser) -> Session:
    """The database as the caller sees it; a write introduces callers it has not seen.

    Raises:
        BeingErased: when the account is being erased.
    """
    held = resources(request)
    held.eraser.is_used = held.tidier.is_used = True
    if caller.subject in held.eraser.marked:
        raise BeingErased
    return Session(
        *(held.pools, caller, held.known_users, request.scope["request_id"], held.most_tasks),
        replica=held.replica,
        journal=journal(request),
        on_write=held.hub.wake,
    )


@refuses(*_CALLED)
def account_session(request: Request, caller: CurrentUser) -> Session:
    """The same, for who erases the account, as often as they like.

    Nothing is kept about who is gone, so a key means nothing here but to be one.
    """
    held = resources(request)
    key_name(request.scope)
    return Session(held.pools, caller, held.known_users, request.scope["request_id"])


AccountSession = Annotated[Session, Depends(account_session)]
CallerSession = Annotated[Session, Depends(session)]
