"""Which problems a route may answer with: what the OpenAPI document says of its errors.

Functions say what they raise, endpoints and dependencies alike, with `refuses`; what the layers
raise follows from the terms of the route. Tests compare it with what is answered.
"""

from collections.abc import Callable, Iterator
from typing import Any, Final, TypeVar

from fastapi.dependencies.models import Dependant

from backend.core.problems import (
    BodyTooLarge,
    DeadlineExceeded,
    HeadersTooLarge,
    InternalError,
    InvalidJson,
    InvalidToken,
    KeysUnavailable,
    MalformedRequest,
    NotAcceptable,
    NotFound,
    Overloaded,
    Problem,
    RateLimited,
    RequestTimeout,
    UnsupportedMediaType,
    UrlTooLong,
    ValidationFailed,
    WrongUser,
)
from backend.web.route import StrictRoute
from backend.web.terms import Credentials

Kinds = tuple[type[Problem], ...]
Function = TypeVar("Function", bound=Callable[..., Any])

# Not those of no route: another method, a preflight, the page of development.
_ANY: Final[Kinds] = (
    *(MalformedRequest, UrlTooLong, HeadersTooLarge, BodyTooLarge, RequestTimeout),
    *(ValidationFailed, Overloaded, InternalError),
)
_BY_TERMS: Final[tuple[tuple[Callable[[StrictRoute], bool], Kinds], ...]] = (
    (lambda route: bool(route.param_convertors), (NotFound,)),
    (lambda route: route.writes, (InvalidJson, UnsupportedMediaType)),
    (lambda route: route.terms.offers is not None, (NotAcceptable,)),
    (lambda route: route.terms.deadline is not None, (DeadlineExceeded,)),
    (lambda route: route.terms.owned, (WrongUser,)),
    (
        lambda route: route.terms.credentials is not Credentials.NONE,
        (InvalidToken, KeysUnavailable, RateLimited),
    ),
)


def refuses(*kinds: type[Problem], writes: Kinds = ()) -> Callable[[Function], Function]:
    """Declare what an endpoint or a dependency raises, by itself or by what it calls.

    Args:
        kinds: In any request.
        writes: Only where the route writes.
    """

    def declare(function: Function) -> Function:
        vars(function)["refuses"] = (kinds, writes)
        return function

    return declare


def problems_of(route: StrictRoute) -> dict[str, int]:
    """The codes that a route may answer with, in their order, and the status of each."""
    kinds = {*_ANY, *_declared(route.dependant, writes=route.writes)}
    for is_so, follows in _BY_TERMS:
        if is_so(route):
            kinds.update(follows)
    return {kind.code: kind.status for kind in sorted(kinds, key=lambda kind: kind.code)}


def _declared(dependant: Dependant, *, writes: bool) -> Iterator[type[Problem]]:
    """What an endpoint and its dependencies declare."""
    always, in_writes = getattr(dependant.call, "refuses", ((), ()))
    yield from always
    if writes:
        yield from in_writes
    for each in dependant.dependencies:
        yield from _declared(each, writes=writes)
