"""`/api/me`: the caller's account here."""

import asyncio
import time
from collections.abc import Callable
from functools import partial

from fastapi import Response

from backend.core.principal import Principal
from backend.core.problems import BeingErased, InvalidToken, TooManyTasks, ValidationFailed
from backend.database.operations import Operation
from backend.database.session import Session
from backend.dependencies.conditions import ExpectedVersions, run_if
from backend.dependencies.database import AccountSession, CallerSession
from backend.dependencies.resources import Held
from backend.schemas.user import AccountMerge, Me, MeUpdate
from backend.services import users
from backend.services.erasures import erase_me as erase
from backend.services.merges import Merge, merge_from
from backend.web import answers
from backend.web.refusals import refuses
from backend.web.route import StrictRouter
from backend.web.terms import under

router = StrictRouter("me")

_SOON = 3  # seconds
_MERGE_SECONDS = 6.0  # less than what proxies and clients wait
_MERGE_PAUSE = 0.02  # between two steps, for what others write


@router.patch("/api/me", response_model=Me)
async def update_me(db: CallerSession, patch: MeUpdate, versions: ExpectedVersions) -> Response:
    """Change what the caller has chosen: the time zone."""
    update = users.update_me(db.principal, patch)
    return answers.one(await run_if(db, versions, update, expect=_expect(db)))


@router.delete(
    "/api/me",
    status_code=204,
    responses={202: {"description": "It goes on by itself; the account is closed from now on."}},
)
async def erase_me(held: Held, db: AccountSession, versions: ExpectedVersions) -> Response:
    """Erase everything that is kept about the caller, for good.

    A large account is closed at once and erased within seconds: 202, and 204 once all is gone.
    """
    subject = db.principal.subject
    is_left = await run_if(db, versions, erase(), expect=_expect(db))
    held.known_users.forget(subject)
    if not is_left:
        return answers.nothing()
    held.eraser.note(subject)
    return answers.unfinished(_SOON)


# In steps, so that neither account's own writes wait for long.
@router.post(
    "/api/me/merge",
    status_code=204,
    responses={202: {"description": "Not all has come over; the same request goes on with it."}},
)
@under(deadline=_MERGE_SECONDS + 2, cost=10)
@refuses(TooManyTasks)
async def merge_into_me(
    held: Held, db: CallerSession, account: AccountMerge, versions: ExpectedVersions
) -> Response:
    """Take all lists and tasks of another account over, which is closed then.

    For a person who has come to have another user id: an anonymous one who signed up, two sign-ins
    that were linked, another issuer. Both tokens are needed, the caller's in the header, the other
    one in the body. Tasks keep their ids and times; of two tasks with one id the one that comes
    gets a new id, unless they say the same. What would stand too deep comes beside what it was a
    part of. The time zone comes along if the caller has chosen none. Once more does no harm.
    """
    other = await _other(held, account.token)
    expect = _expect(db)
    if other.subject == db.principal.subject:
        if versions is not None:
            await db.run(expect(versions))
        return answers.nothing()
    ends = time.monotonic() + _MERGE_SECONDS
    merge = merge_from(other)
    while (standing := await run_if(db, versions, merge, expect=expect)) is not Merge.DONE:
        if standing is Merge.BEING_ERASED:
            raise BeingErased
        if time.monotonic() > ends:
            return answers.unfinished(1)
        await asyncio.sleep(_MERGE_PAUSE)
    held.known_users.forget(other.subject)
    return answers.nothing()


def _expect(db: Session) -> Callable[[tuple[int, ...]], Operation[None]]:
    return partial(users.expect_me, db.principal)


async def _other(held: Held, token: str) -> Principal:
    """Whose token it is.

    Raises:
        ValidationFailed: when it is not valid. Not 401, on which a client signs its user out.
        BeingErased: when that account is being erased.
    """
    try:
        other = await held.verifier.verify(token)
    except InvalidToken as refused:
        raise ValidationFailed(
            errors=[{"pointer": "/body/token", "code": refused.code, "detail": refused.detail}]
        ) from None
    if other.subject in held.eraser.marked:
        raise BeingErased
    return other
