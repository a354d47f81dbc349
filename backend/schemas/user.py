"""The caller, as the token and the database know them."""

from pydantic import BaseModel, ConfigDict, Field

from backend.schemas.scalars import Instant, TimeZone


class Me(BaseModel):
    """Who the token says is calling."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "subject": "Zq1hYtTn3Gk0vX8bC5rW2sD7fJ4mP6aL",
                    "email": "alice@example.com",
                    "name": "Alice",
                    "time_zone": "Europe/Berlin",
                    "expires_at": "2026-01-02T03:19:05.000000+00:00",
                }
            ]
        }
    )

    subject: str = Field(
        description="The user id: the token's `sub`, which is Better Auth's user id; "
        "`name:sub` for an issuer of `AUTH_ISSUERS`."
    )
    email: str | None
    name: str | None
    time_zone: str = Field(description="IANA name.")
    expires_at: Instant = Field(description="When the token stops working.")


class MeUpdate(BaseModel):
    """A merge patch (RFC 7396) of what the caller has chosen."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"time_zone": "Europe/Berlin"}]}
    )

    time_zone: TimeZone = Field(
        default="UTC", description="Where the user's days begin; tasks with a zone keep theirs."
    )


class AccountMerge(BaseModel):
    """Another account of the caller's."""

    model_config = ConfigDict(extra="forbid")

    token: str = Field(
        strict=True,
        max_length=8192,
        description="A valid token of the other account, as its own requests carry it.",
    )
