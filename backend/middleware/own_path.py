"""`/api/{user_id}/…`: everything of a user, under their id too.

`web/routing.py` knows which routes these are (`Terms.owned`) and finds them under both paths; here
the user in the path is compared with the caller, and taken out of it.
"""

from starlette.types import ASGIApp, Receive, Scope, Send

from backend.core.problems import MissingToken, WrongUser


class OwnPathMiddleware:
    """Lets a path with a user in it through to that user alone.

    Raises:
        MissingToken: when the request carries no token.
        WrongUser: when the path names anybody but the caller, existing or not.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        alias = scope.get("alias")
        if alias is not None and scope["found"].route is not None:
            if scope["principal"] is None:
                raise MissingToken
            if scope["principal"].subject != alias.owner:
                raise WrongUser
            scope["path"] = alias.path
        await self.app(scope, receive, send)
