"""The tasks."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Computed, Index, Text, text
from sqlmodel import Field, SQLModel


class Task(SQLModel, table=True):
    """One task of one user.

    `user_id`, `version` and `updated_at` are set by the database on every write.
    """

    __tablename__ = "tasks"
    __table_args__ = (
        CheckConstraint("id::text ~ '^.{14}7.{4}[89ab]'", name="tasks_id_is_uuid7"),
        CheckConstraint(
            "char_length(title) <= 500 and btrim(title, U&'"
            "\\0009\\000A\\000B\\000C\\000D\\0020\\0085\\00A0\\1680\\2000\\2001\\2002\\2003"
            "\\2004\\2005\\2006\\2007\\2008\\2009\\200A\\2028\\2029\\202F\\205F\\3000') <> ''",
            name="tasks_title_length",
        ),
        CheckConstraint("char_length(description) <= 16384", name="tasks_description_length"),
        Index(
            "tasks_newest",
            "user_id",
            text("created_at desc"),
            text("id desc"),
            postgresql_where=text("deleted_at is null"),
        ),
        {"schema": "duly"},
    )

    user_id: str = Field(
        primary_key=True,
        sa_type=Text(collation="C"),
        foreign_key="duly.users.subject",
        ondelete="CASCADE",
        sa_column_kwargs={"server_default": text("duly.current_user_id()")},
    )
    id: UUID = Field(primary_key=True)
    title: str = Field(sa_type=Text)
    description: str | None = Field(default=None, sa_type=Text)
    completed: bool = Field(
        sa_column_args=[Computed("completed_at is not null", persisted=True)],
        description="Follows from `completed_at`; never written.",
    )
    completed_at: datetime | None = None
    created_at: datetime = Field(sa_column_kwargs={"server_default": text("now()")})
    updated_at: datetime = Field(sa_column_kwargs={"server_default": text("now()")})
    deleted_at: datetime | None = None
    version: int = Field(
        sa_type=BigInteger,
        sa_column_kwargs={"server_default": text("0")},
        description="The user's number of the write that made this row what it is.",
    )
