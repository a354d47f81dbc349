"""The caller, as the token and the database know them."""

from datetime import datetime

from pydantic import BaseModel, Field


class Me(BaseModel):
    """Who the token says is calling."""

    subject: str = Field(
        description="The user id: the token's `sub`, which is Better Auth's user id; "
        "`name:sub` for an issuer of `AUTH_ISSUERS`."
    )
    email: str | None
    name: str | None
    time_zone: str = Field(description="IANA name.")
    expires_at: datetime = Field(description="When the token stops working.")
