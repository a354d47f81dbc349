"""Where the service is reached: what its own links have to begin with."""

from functools import lru_cache
from typing import Final

from starlette.types import Scope

from backend.core.prefix import read_prefix
from backend.rates.addresses import Proxies
from backend.web.fields import header

_REMEMBERED: Final = 64


class Prefix:
    """The prefix of the paths that a client sees: `ROOT_PATH`, or what a trusted proxy says.

    Args:
        own: `ROOT_PATH`; without one, what the server says counts.
        proxies: Those whose `X-Forwarded-Prefix` counts.
    """

    def __init__(self, own: str, proxies: Proxies) -> None:
        self._own = own
        self._proxies = proxies

    def __call__(self, scope: Scope) -> str:
        """The prefix of one request, fit for a URL; nothing for the root."""
        if self._proxies:
            said = header(scope, b"x-forwarded-prefix")
            if said is not None and self._proxies.sent(scope):
                return _read(said)
        return self._own or scope.get("root_path", "")


@lru_cache(_REMEMBERED)
def _read(said: str) -> str:
    """What proxies say, the outermost first; what is no path makes all of it count for nothing."""
    parts = [read_prefix(each) for each in said.split(",")]
    return "" if None in parts else "".join(part for part in parts if part)
