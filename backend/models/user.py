"""The users whom a verified token has named."""

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, Text, text
from sqlmodel import Field, SQLModel


class User(SQLModel, table=True):
    """One subject of the issuer. No foreign key leads to Better Auth's own tables."""

    __tablename__ = "users"
    __table_args__ = (
        CheckConstraint("char_length(subject) between 1 and 255", name="users_subject_length"),
        CheckConstraint("char_length(name) <= 255", name="users_name_length"),
        CheckConstraint("char_length(email) <= 320", name="users_email_length"),
        {"schema": "duly"},
    )

    subject: str = Field(
        primary_key=True,
        sa_type=Text(collation="C"),
        sa_column_kwargs={"server_default": text("duly.current_user_id()")},
    )
    email: str | None = Field(default=None, sa_type=Text)
    name: str | None = Field(default=None, sa_type=Text)
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
