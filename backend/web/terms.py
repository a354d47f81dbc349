"""On what terms a route is used: what the layers must know before they act on a request.

The defaults are those of JSON over REST. A route says what it needs otherwise, with `under` or on
its class; a prefix says it for what has no route of ours (docs/decisions/0017-terms-of-a-route.md).
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import Enum
from functools import lru_cache
from typing import Any, Final, TypedDict, TypeVar, Unpack
from urllib.parse import parse_qsl

from backend.core.limits import MAX_BODY

JSON = "application/json"

_REMEMBERED_QUERIES: Final = 256  # clients repeat themselves

Endpoint = TypeVar("Endpoint", bound=Callable[..., Any])


class Credentials(Enum):
    """Where the token comes from (RFC 9110, section 11.6).

    Attributes:
        scheme: Of the `Authorization` field, in lower case.
        challenge: The `WWW-Authenticate` field of a 401.
    """

    BEARER = ("bearer", 'Bearer error="invalid_token"')
    """`Authorization: Bearer TOKEN` (RFC 6750)."""
    BASIC = ("basic", 'Basic realm="Duly", charset="UTF-8"')
    """`Authorization: Basic …` (RFC 7617): the password is the token, the user name is ignored."""
    NONE = ("", "")
    """Nobody is asked, and a token that comes is not looked at."""

    def __init__(self, scheme: str, challenge: str) -> None:
        self.scheme = scheme
        self.challenge = challenge


@dataclass(frozen=True, slots=True)
class Terms:
    """The terms of one route.

    Attributes:
        deadline: Seconds until the request is cancelled with 503; None: never.
        largest_body: Bytes of body; 413 above, and no more is taken from the client.
        takes: The media type of bodies; `application/json` means `application/…+json` too.
        offers: The media type of answers, 406 for who takes none such; None: not negotiated.
        credentials: Whether and where a token is looked for.
        owned: Whether the path holds a user's things, and so answers under their id as well.
        cost: As how many requests it counts for the limit of its user.
        parameter_costs: The same for a query with one of these parameters.
    """

    deadline: float | None = 2.0
    largest_body: int = MAX_BODY
    takes: str = JSON
    offers: str | None = JSON
    credentials: Credentials = Credentials.BEARER
    owned: bool = False
    cost: int = 1
    parameter_costs: tuple[tuple[str, int], ...] = ()

    def __post_init__(self) -> None:
        """Refuse terms that contradict each other."""
        if self.owned and self.credentials is Credentials.NONE:
            raise ValueError("what belongs to a user needs credentials")

    def cost_of(self, query: bytes) -> int:
        """The cost of a request with this query string, which need not be one."""
        if not (query and self.parameter_costs):
            return self.cost
        return _dearest(query, self.parameter_costs) or self.cost


@lru_cache(_REMEMBERED_QUERIES)
def _dearest(query: bytes, costs: tuple[tuple[str, int], ...]) -> int:
    """The cost of the dearest parameter that a query has; 0 when it has none of them."""
    given = dict(parse_qsl(query.decode("latin-1"), keep_blank_values=True))
    return max((cost for name, cost in costs if name in given), default=0)


PUBLIC = Terms(credentials=Credentials.NONE)


class Changes(TypedDict, total=False):
    """Terms that an endpoint may have of its own; see `Terms`."""

    deadline: float | None
    largest_body: int
    takes: str
    offers: str | None
    credentials: Credentials
    cost: int
    parameter_costs: tuple[tuple[str, int], ...]


def under(**changes: Unpack[Changes]) -> Callable[[Endpoint], Endpoint]:
    """Declare what differs for an endpoint from the terms of its router; below `@router.get(…)`.

    Raises:
        TypeError: above it, where the route would not see it any more.
    """

    def declare(endpoint: Endpoint) -> Endpoint:
        if "terms" in vars(endpoint):
            raise TypeError(f"{endpoint.__qualname__}(): put one `@under` below `@router…`.")
        vars(endpoint)["terms"] = changes
        return endpoint

    return declare


def terms_of(endpoint: Callable[..., Any], default: Terms) -> Terms:
    """The terms of an endpoint's routes: those of the router, changed by `under`."""
    return replace(default, **vars(endpoint).setdefault("terms", {}))
