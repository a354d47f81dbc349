"""The users whom a verified token has named."""

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, Text, text
from sqlmodel import Field, SQLModel

from backend.models.domains import DISPLAY_NAME, EMAIL
from backend.models.ownership import Owner, owned_by


class User(SQLModel, table=True):
    """One subject of the issuer. No foreign key leads to Better Auth's own tables."""

    __tablename__ = "users"
    __table_args__ = (
        CheckConstraint("char_length(subject) between 1 and 255", name="users_subject_length"),
        owned_by(Owner.user("subject")),
    )

    subject: str = Field(
        primary_key=True,
        sa_type=Text(collation="C"),
        sa_column_kwargs={"server_default": text("duly.current_user_id()")},
        description="The token's subject, which is Better Auth's user id.",
    )
    email: str | None = Field(default=None, sa_type=EMAIL, description="For display.")
    name: str | None = Field(default=None, sa_type=DISPLAY_NAME, description="For display.")
    claims_issued_at: int = Field(
        sa_type=BigInteger,
        sa_column_kwargs={"server_default": text("0")},
        description="The `iat` of the token that email and name come from: older tokens lose.",
    )
    created_at: datetime = Field(sa_column_kwargs={"server_default": text("now()")})
    updated_at: datetime = Field(sa_column_kwargs={"server_default": text("now()")})
