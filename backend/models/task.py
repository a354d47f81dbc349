"""The tasks."""

from datetime import date, datetime, time
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Computed, ForeignKeyConstraint, Index, Text, text
from sqlalchemy.dialects.postgresql import JSONB, TIME, TIMESTAMP, TSVECTOR
from sqlmodel import Field, SQLModel

from backend.models.domains import (
    DESCRIPTION,
    PRIORITY,
    RANK,
    RECURRENCE,
    RECURRENCE_FROM,
    TAGS,
    TIME_ZONE,
    TITLE,
    UUID7,
)
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
        Index(
            "tasks_in_list",
            *("space_id", "list_id", "position", "id"),
            postgresql_where=text("deleted_at is null"),
        ),
        Index(
            "tasks_by_due",
            *("space_id", "due_key", "id"),
            postgresql_where=text("deleted_at is null and due_key is not null"),
        ),
        Index(
            "tasks_by_priority",
            *("space_id", "priority", "id"),
            postgresql_where=text("deleted_at is null and priority > 0"),
        ),
        Index(
            "tasks_below",
            *("space_id", "parent_id"),
            postgresql_where=text("parent_id is not null"),
        ),
        ForeignKeyConstraint(
            ["space_id", "list_id"],
            ["duly.lists.space_id", "duly.lists.id"],
            name="tasks_list_id_fkey",
            ondelete="CASCADE",
        ),
        ForeignKeyConstraint(
            ["space_id", "parent_id"],
            ["duly.tasks.space_id", "duly.tasks.id"],
            name="tasks_parent_id_fkey",
            ondelete="CASCADE",
        ),
        owned_by(SPACE),
    )

    space_id: str = Field(
        primary_key=True,
        sa_type=Text(collation="C"),
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
    list_id: UUID = Field(description="Its list; without one, its parent's or the inbox.")
    parent_id: UUID | None = Field(default=None, description="The task that it is a part of.")
    position: str = Field(
        sa_type=RANK,
        sa_column_kwargs={"server_default": text("duly.rank_at(clock_timestamp())")},
        description="Its rank among the tasks of its list that have the same parent.",
    )
    tags: list[str] = Field(sa_type=TAGS, sa_column_kwargs={"server_default": text("'{}'")})
    priority: int = Field(
        sa_type=PRIORITY,
        sa_column_kwargs={"server_default": text("0")},
        description="From 0, none, to 4, urgent.",
    )
    due_date: date | None = Field(default=None)
    due_time: time | None = Field(default=None, sa_type=TIME(precision=0))
    due_time_zone: str | None = Field(
        default=None, sa_type=TIME_ZONE, description="Null: wherever its user is."
    )
    due_key: datetime | None = Field(
        default=None,
        sa_type=TIMESTAMP(),
        description="What sorts by date and time, a day at its end; set by a trigger.",
    )
    recurrence: str | None = Field(default=None, sa_type=RECURRENCE)
    recurrence_anchor: datetime | None = Field(
        default=None,
        sa_type=TIMESTAMP(precision=0),
        description="When it was due first, which the recurrence counts from.",
    )
    recurrence_from: str = Field(
        sa_type=RECURRENCE_FROM, sa_column_kwargs={"server_default": text("'due'")}
    )
    stepped_from: dict[str, Any] | None = Field(
        default=None,
        sa_type=JSONB,
        description="What the latest completion of an occurrence changed, as it was before.",
    )
    words: str = Field(
        sa_type=TSVECTOR, description="What a search looks through; set by a trigger."
    )
    completed: bool = Field(
        sa_column_args=[Computed("completed_at is not null", persisted=True)],
        description="Follows from `completed_at`; never written.",
    )
    completed_at: datetime | None = Field(default=None, description="Null while open.")
    completed_with: UUID | None = Field(
        default=None,
        description="The task whose completion completed it, if at the same time; null: its own.",
    )
    created_at: datetime = Field(sa_column_kwargs={"server_default": text("now()")})
    updated_at: datetime = Field(
        sa_column_kwargs={"server_default": text("now()")},
        description="When it was written last; set by the trigger.",
    )
    deleted_at: datetime | None = Field(default=None, description="Null outside the trash.")
    trashed_with: UUID | None = Field(
        default=None, description="The task or list that took it to the trash; null: its own way."
    )
    version: int = Field(
        sa_type=BigInteger,
        sa_column_kwargs={"server_default": text("0")},
        description="The space's number of the write that made this row what it is.",
    )
