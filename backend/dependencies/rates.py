"""What a request counts for the limit of its user, where only its body says how much."""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Annotated

from fastapi import Depends, Request

from backend.dependencies.auth import CurrentUser
from backend.dependencies.resources import Held
from backend.rates.limiter import FIELDS


def counter(request: Request, held: Held, caller: CurrentUser) -> Callable[[int], Awaitable[None]]:
    """Counts a request anew: it has counted by the terms of its route when it came.

    What it gives takes the cost, and raises:
        RateLimited: when less is left.
    """
    return partial(_count, request, held, caller)


async def _count(request: Request, held: Held, caller: CurrentUser, cost: int) -> None:
    limiter = held.limiter
    counted: int = request.scope["found"].terms.cost
    if limiter is None or cost <= counted:
        return
    fields = request.scope["fields"]
    fields[:] = [each for each in fields if each[0] not in FIELDS]
    standing = await limiter.take(caller.subject, cost - counted, beside=counted)
    fields += limiter.fields(standing)


Counted = Annotated[Callable[[int], Awaitable[None]], Depends(counter)]
