"""Requires a user."""

from typing import Annotated

from fastapi import Depends, Path, Request

from backend.core.principal import Principal
from backend.core.problems import MissingToken, WrongUser


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


def require_own_path(
    caller: CurrentUser,
    user_id: Annotated[
        str,
        Path(
            description="The caller's own id: the token's subject; `name:subject` for an issuer "
            "of `AUTH_ISSUERS`. `GET /api/auth/me` tells it as `subject`."
        ),
    ],
) -> None:
    """Check that a path with a user in it names the caller.

    Raises:
        WrongUser: when it names anybody else, existing or not.
    """
    if user_id != caller.subject:
        raise WrongUser
