"""The users whom a verified token has named."""

from datetime import datetime

from sqlalchemy import BigInteger, Text, text
from sqlmodel import Field, SQLModel

from backend.models.domains import DISPLAY_NAME, EMAIL, SUBJECT


class User(SQLModel, table=True):
    """One subject of the issuer. No foreign key leads to Better Auth's own tables."""

    __tablename__ = "users"
    __table_args__ = {"schema": "duly"}

    subject: str = Field(
        primary_key=True,
        sa_type=SUBJECT,
        sa_column_kwargs={"server_default": text("duly.current_user_id()")},
        description="The token's subject, which is Better Auth's user id.",
    )
    email: str | None = Field(default=None, sa_type=EMAIL, description="For display.")
    name: str | None = Field(default=None, sa_type=DISPLAY_NAME, description="For display.")
    time_zone: str = Field(sa_type=Text, sa_column_kwargs={"server_default": "UTC"})
    claims_issued_at: int = Field(
        sa_type=BigInteger,
        sa_column_kwargs={"server_default": text("0")},
        description="The `iat` of the token that email and name come from: older tokens lose.",
    )
    last_version: int = Field(
        sa_type=BigInteger,
        sa_column_kwargs={"server_default": text("0")},
        description="The number of the user's latest write.",
    )
    created_at: datetime = Field(sa_column_kwargs={"server_default": text("now()")})
    updated_at: datetime = Field(sa_column_kwargs={"server_default": text("now()")})
