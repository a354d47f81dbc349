"""The current user from the bearer token, by python-jose."""

from typing import Annotated

from fastapi import Depends, HTTPException, status
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from jose import JWTError, jwt

from benchmarks.literal.config import settings

_bearer = HTTPBearer()


def get_current_user(
    credentials: Annotated[HTTPAuthorizationCredentials, Depends(_bearer)],
) -> str:
    """The subject of a token signed with the shared secret."""
    unauthorized = HTTPException(
        status.HTTP_401_UNAUTHORIZED,
        "Could not validate credentials",
        headers={"WWW-Authenticate": "Bearer"},
    )
    try:
        claims = jwt.decode(
            credentials.credentials,
            settings.better_auth_secret,
            algorithms=["HS256"],
            options={"verify_aud": False},
        )
    except JWTError as error:
        raise unauthorized from error
    subject = claims.get("sub")
    if not isinstance(subject, str):
        raise unauthorized
    return subject


CurrentUser = Annotated[str, Depends(get_current_user)]
