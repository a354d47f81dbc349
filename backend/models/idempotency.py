"""What requests with an `Idempotency-Key` were answered from."""

from datetime import datetime

from sqlalchemy import SmallInteger, Text, text
from sqlmodel import Field, SQLModel

from backend.models.ownership import Owner, owned_by


class KeptRows(SQLModel, table=True):
    """The rows of one statement, in the transaction of the work; kept for a day."""

    __tablename__ = "idempotency"
    __table_args__ = owned_by(Owner.user("user_id"))

    user_id: str = Field(
        primary_key=True,
        sa_type=Text(collation="C"),
        sa_column_kwargs={"server_default": text("duly.current_user_id()")},
        description="Who sent the key.",
    )
    key: str = Field(primary_key=True, sa_type=Text(collation="C"))
    operation: int = Field(
        primary_key=True, sa_type=SmallInteger, description="Which one of the request, from 0."
    )
    step: int = Field(
        primary_key=True, sa_type=SmallInteger, description="Which of its statements, from 0."
    )
    fingerprint: str = Field(sa_type=Text(collation="C"), description="Of the whole request.")
    request_id: str = Field(
        sa_type=Text,
        sa_column_kwargs={"server_default": text("current_setting('app.request_id', true)")},
        description="Of the request that did it.",
    )
    refusal: str | None = Field(
        default=None, sa_type=Text, description="The SQLSTATE by which PostgreSQL refused it."
    )
    rows: str = Field(sa_type=Text, description="Record literals, one behind the other.")
    at: datetime = Field(sa_column_kwargs={"server_default": text("now()")})
