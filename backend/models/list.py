"""The lists that tasks are in."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, Computed, Text, text
from sqlmodel import Field, SQLModel

from backend.models.domains import COLOR, RANK, TITLE, UUID7
from backend.models.ownership import SPACE, owned_by


class List(SQLModel, table=True):
    """One list of one space. A space has its inbox from the beginning, made by a trigger."""

    __tablename__ = "lists"
    __table_args__ = owned_by(SPACE)

    space_id: str = Field(
        primary_key=True,
        sa_type=Text(collation="C"),
        foreign_key="duly.spaces.id",
        ondelete="CASCADE",
        sa_column_kwargs={"server_default": text("duly.current_space()")},
        description="Whose list it is; set by the database.",
    )
    id: UUID = Field(
        primary_key=True, sa_type=UUID7, description="UUIDv7; made by the client or the server."
    )
    name: str = Field(sa_type=TITLE)
    color: str | None = Field(default=None, sa_type=COLOR)
    position: str = Field(
        sa_type=RANK,
        sa_column_kwargs={"server_default": text("duly.rank_at(clock_timestamp())")},
        description="Its rank among the lists.",
    )
    archived: bool = Field(sa_column_kwargs={"server_default": text("false")})
    is_inbox: bool = Field(
        sa_column_args=[Computed("id = duly.inbox_of(space_id)", persisted=True)],
        description="Follows from the id; never written.",
    )
    created_at: datetime = Field(sa_column_kwargs={"server_default": text("now()")})
    updated_at: datetime = Field(
        sa_column_kwargs={"server_default": text("now()")},
        description="When it was written last; set by the trigger.",
    )
    deleted_at: datetime | None = Field(default=None, description="Null outside the trash.")
    version: int = Field(
        sa_type=BigInteger,
        sa_column_kwargs={"server_default": text("0")},
        description="The space's number of the write that made this row what it is.",
    )
