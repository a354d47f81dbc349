"""`/api/sync`; the same under `/api/{user_id}`."""

from typing import Any, Final

from fastapi import Request, Response

from backend.core.problems import CursorTooOld, Problem
from backend.database.session import Session
from backend.dependencies.database import CallerSession
from backend.dependencies.rates import Counted
from backend.schemas.change import ChangesQuery
from backend.schemas.sync import Sync, SyncAnswer, SyncCommand
from backend.services.changes import Changes, list_changes
from backend.services.sync import IN_STEPS, key_of, run_command, were_done
from backend.web import answers
from backend.web.refusals import refuses
from backend.web.route import OwnedRoute, StrictRouter
from backend.web.terms import under

router = StrictRouter("changes", OwnedRoute)

_LARGEST: Final = 1_048_576  # bytes: a hundred tasks of ten thousand characters each
_SECONDS: Final = 8.0  # for a call each, when many fail; less than what proxies and clients wait
_LIMIT: Final[int] = ChangesQuery.model_fields["limit"].default


@router.post("/api/sync", response_model=SyncAnswer)
@under(largest_body=_LARGEST, deadline=_SECONDS)
@refuses(CursorTooOld)  # of each command its result says it
async def sync(request: Request, db: CallerSession, wish: Sync, count: Counted) -> Response:
    """Do what a client did while it was away, and list what has changed, that included.

    Commands are each answered as a request of their own would be, in their order; one that fails
    leaves the others alone. One whose `uuid` was done before is not done again, within 24 hours,
    and answered as then: so send all again whenever an answer was lost. For rate limits each counts
    as a request. A 410 is about `since` alone: what the commands did is done.
    """
    await count(wish.cost)
    found, changes = await _run(db, wish)
    if isinstance(changes, Problem):
        raise changes
    all_ = zip(wish.commands, found, were_done(wish.commands, db.repeated), strict=True)
    results = [
        _result(place, command, answer, replayed=replayed)
        for place, (command, answer, replayed) in enumerate(all_)
    ]
    return answers.synced(request, results, changes.body)


async def _run(db: Session, wish: Sync) -> tuple[list[Any], Changes | Problem]:
    """What became of the commands, and the changes, which come in the call of the last of them."""
    since = list_changes(db.principal, wish.since, _LIMIT)
    operations = [run_command(db.principal, each) for each in wish.commands]
    keys = [key_of(each) for each in wish.commands]
    found: list[Any] = []
    begin = 0
    for end, each in enumerate(wish.commands, start=1):
        if each.type in IN_STEPS:  # all of which come before what is behind
            found += await db.run_all(operations[begin:end], atomic=False, keys=keys[begin:end])
            begin = end
    last = [*operations[begin:], since]
    found += await db.run_all(last, atomic=False, keys=[*keys[begin:], None])
    return found[:-1], found[-1]


def _result(
    place: int, command: SyncCommand, answer: Any, *, replayed: bool
) -> answers.NamedResult:
    if isinstance(answer, Problem):
        answer.position = place
        answer.move(f"/commands/{place}")
        status: int = answer.status
    elif command.type.endswith(".create"):
        status, answer = 201, answer[1]
    elif command.type.endswith(".delete"):
        status, answer = 204, None
    else:
        status = 200
    return answers.NamedResult(command.uuid, status, answer, replayed)
