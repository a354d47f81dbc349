"""The accounts that are being erased."""

from datetime import datetime

from sqlalchemy import BigInteger, Text, text
from sqlmodel import Field, SQLModel

from backend.models.ownership import SPACE, owned_by


class Erasure(SQLModel, table=True):
    """An account of which something is left. All of these are in one space, `~erasures`."""

    __tablename__ = "erasures"
    __table_args__ = owned_by(SPACE)

    space_id: str = Field(
        primary_key=True,
        sa_type=Text(collation="C"),
        foreign_key="duly.spaces.id",
        ondelete="CASCADE",
        sa_column_kwargs={"server_default": text("duly.current_space()")},
        description="`~erasures`, as which nobody can sign in.",
    )
    subject: str = Field(
        primary_key=True, sa_type=Text(collation="C"), description="Whose account it is."
    )
    claimed_until: datetime = Field(
        sa_column_kwargs={"server_default": text("clock_timestamp() + interval '3 s'")},
        description="Until then no other worker works on it; at first none, until all know of it.",
    )
    created_at: datetime = Field(sa_column_kwargs={"server_default": text("now()")})
    updated_at: datetime = Field(sa_column_kwargs={"server_default": text("now()")})
    version: int = Field(sa_type=BigInteger, sa_column_kwargs={"server_default": text("0")})
