"""`/api/{user_id}/…`: everything of a user, under their id too.

`web/routing.py` knows which routes these are (`Terms.owned`) and finds them under both paths; here
the user in the path is compared with the caller, and taken out of it.

Whatever the path says, the rows are the caller's: so any reading of it that names the caller will
do (docs/decisions/0032-own-path.md).
"""

import re
import unicodedata
from collections.abc import Iterable
from typing import Final
from urllib.parse import unquote

from starlette.types import ASGIApp, Receive, Scope, Send

from backend.core.problems import MissingToken, NotFound, Problem, WrongUser
from backend.web.hints import is_noise
from backend.web.paths import OWNER, Alias

_SLASHES: Final = re.compile("/{2,}")


class OwnPathMiddleware:
    """Lets a path with a user in it through to that user alone.

    Args:
        app: The layer below.
        issuers: The names in `AUTH_ISSUERS`, whose users may leave theirs out.

    Raises:
        MissingToken: when the request carries no token.
        WrongUser: when the path names anybody but the caller, existing or not.
        NotFound: when it names nobody, but has what other interfaces have there, such as `v1`.
    """

    def __init__(self, app: ASGIApp, *, issuers: Iterable[str] = ()) -> None:
        self.app = app
        self._prefixes = tuple(f"{name}:" for name in issuers)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        alias: Alias | None = scope.get("alias")
        if alias is not None and scope["found"].route is not None:
            if scope["principal"] is None:
                raise MissingToken
            subject: str = scope["principal"].subject
            if alias.owner != subject and not self._may_mean(alias.owner, subject):
                raise _refusal(alias, scope)
            scope["path"] = alias.path
        await self.app(scope, receive, send)

    def _may_mean(self, owner: str, subject: str) -> bool:
        """Whether the user in a path is the caller in other words.

        Args:
            owner: As it came, decoded once: a proxy may have encoded it twice, as a client has to
                for `.` and `..`, or decoded it and joined slashes; a client may have composed
                letters otherwise.
            subject: The caller.
        """
        names = {subject}
        if subject.startswith(self._prefixes):  # the main issuer's users have no such subject
            names.add(subject.partition(":")[2])
        names |= {_SLASHES.sub("/", f"/{name}/")[1:-1] for name in names}
        meant = {_composed(name) for name in names}
        return _composed(owner) in meant or _composed(unquote(owner)) in meant


def _composed(text: str) -> str:
    return unicodedata.normalize("NFC", text)


def _refusal(alias: Alias, scope: Scope) -> Problem:
    """What is said to whom the path does not name; the same for everybody whom it might."""
    route = scope.get("root_path", "") + scope["found"].label.replace(OWNER, "", 1)
    if alias.exact and not is_noise(alias.owner):
        return WrongUser(f"The path names another user. What is yours is at `{route}`.")
    return NotFound(f"Did you mean `{route}`?")
