"""Paths that name a user: `/api/{user_id}/tasks` for `/api/tasks`, however they were sent.

A user id is opaque text. Within a path it is percent-encoded, and that does not always arrive: some
proxies decode `%2F`, some join slashes that follow each other.
"""

from collections.abc import Iterator
from typing import Final, NamedTuple
from urllib.parse import quote, unquote

from starlette.types import Scope

OWNED_PREFIX: Final = "/api"
OWNER: Final = "/{user_id}"

# Whoever resolves a URL takes these away, encoded or not (RFC 3986, section 5.2.4; WHATWG URL).
_TWICE_ENCODED: Final = {".": "%252E", "..": "%252E%252E"}


class Alias(NamedTuple):
    """A path under a user's id: `/api/{user_id}/tasks` for `/api/tasks`.

    Attributes:
        owner: The user id, decoded once.
        path: The path without it, decoded.
        exact: Whether it is a single segment, as it is sent; else it had slashes, which a proxy
            may have decoded.
        sent: The path as it was sent, if that is known.
    """

    owner: str
    path: str
    exact: bool = True
    sent: str = ""

    @property
    def shown(self) -> str:
        """The path with the user in it, fit for a URL."""
        owner = _TWICE_ENCODED.get(self.owner) or quote(self.owner, safe="")
        return f"{OWNED_PREFIX}/{owner}{quote(self.path.removeprefix(OWNED_PREFIX))}"


def sent_path(scope: Scope) -> str:
    """The path of a request as it was sent."""
    raw: bytes = scope.get("raw_path") or quote(scope["path"]).encode()
    return raw.decode("latin-1")


def exact_alias(sent: str) -> Alias | None:
    """The user and the path that a path under `/api/` may consist of, taken as it was sent."""
    owner, _, rest = sent.removeprefix(f"{OWNED_PREFIX}/").partition("/")
    if not owner or not rest:
        return None
    path = f"{OWNED_PREFIX}/{unquote(rest.removesuffix('/'))}"
    return Alias(unquote(owner), path, sent=f"{OWNED_PREFIX}/{rest}")


def decoded_aliases(path: str, deepest: int) -> Iterator[Alias]:
    """The same with a user id of several segments, whose slashes have been decoded.

    Args:
        path: Decoded, and without a slash at its end.
        deepest: How many segments the path without the user may have below `/api`.
    """
    segments = path.removeprefix(f"{OWNED_PREFIX}/").split("/")
    for place in range(max(2, len(segments) - deepest), len(segments)):
        rest = "/".join([OWNED_PREFIX, *segments[place:]])
        yield Alias("/".join(segments[:place]), rest, exact=False)
