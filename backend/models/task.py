"""The tasks."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, Computed, Index, Text, text
from sqlmodel import Field, SQLModel

from backend.models.domains import DESCRIPTION, TITLE, UUID7
from backend.models.ownership import SPACE, owned_by


class Task(SQLModel, table=True):
    """One task of one space.

    `space_id`, `version` and `updated_at` are set by the database on every write.
    """

    __tablename__ = "tasks"
    __table_args__ = (
        Index(
            "tasks_newest",
            "space_id",
            text("created_at desc"),
            text("id desc"),
            postgresql_where=text("deleted_at is null"),
        ),
        Index(
            "tasks_by_title",
            "space_id",
            "title_key",
            "id",
            postgresql_where=text("deleted_at is null"),
        ),
        owned_by(SPACE),
    )

    space_id: str = Field(
        primary_key=True,
        sa_type=Text(collation="C"),
        foreign_key="duly.spaces.id",
        ondelete="CASCADE",
        sa_column_kwargs={"server_default": text("duly.current_space()")},
        description="Whose task it is; set by the database.",
    )
    id: UUID = Field(
        primary_key=True, sa_type=UUID7, description="UUIDv7; made by the client or the server."
    )
    title: str = Field(sa_type=TITLE)
    title_key: str = Field(
        sa_type=Text(collation="C"),
        description="What titles sort by, without case and accents; set by a trigger.",
    )
    description: str | None = Field(default=None, sa_type=DESCRIPTION)
    completed: bool = Field(
        sa_column_args=[Computed("completed_at is not null", persisted=True)],
        description="Follows from `completed_at`; never written.",
    )
    completed_at: datetime | None = Field(default=None, description="Null while open.")
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
