"""Requires a user."""

from typing import Annotated

from fastapi import Depends, Request

from backend.core.principal import Principal
from backend.core.problems import MissingToken
from backend.web.refusals import refuses


@refuses(MissingToken)
def current_user(request: Request) -> Principal:
    """The verified caller.

    Raises:
        MissingToken: when the request carries no token.
    """
    principal: Principal | None = request.scope["principal"]
    if principal is None:
        raise MissingToken
    return principal


CurrentUser = Annotated[Principal, Depends(current_user)]
