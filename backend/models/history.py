"""What became of lists, tasks and settings."""

from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import BigInteger, Column, Index, Text, inspect, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

from backend.models.ownership import SPACE, owned_by

_NOT_KEPT: Final = frozenset(
    {
        # What says which row it is, and what the database says of it.
        *("space_id", "id", "version", "created_at", "updated_at"),
        # What follows from other columns.
        *("title_key", "words", "due_key", "completed", "is_inbox"),
    }
)


def kept_columns(model: type[SQLModel]) -> list[Column[Any]]:
    """The columns of which the history keeps what they were, as `owned.record` was told."""
    return [each for each in inspect(model).local_table.c if each.name not in _NOT_KEPT]


class Change(SQLModel, table=True):
    """One change of one row, written by triggers in the transaction that made it.

    The row need not be there any more, nor the space: erasing an account deletes these by itself.
    """

    __tablename__ = "history"
    __table_args__ = (
        Index("history_of_entity", "space_id", "entity_id", "version"),
        owned_by(SPACE),
    )

    space_id: str = Field(
        primary_key=True,
        sa_type=Text(collation="C"),
        sa_column_kwargs={"server_default": text("duly.current_space()")},
    )
    version: int = Field(
        primary_key=True,
        sa_type=BigInteger,
        description="The number of the write, which the row had after it.",
    )
    type: str = Field(sa_type=Text, description="`task`, `list` or `settings`.")
    entity_id: UUID = Field(description="Which one; of settings there is one, whose id is nil.")
    operation: int = Field(
        sa_type=BigInteger, description="The first number of the same transaction."
    )
    change: str = Field(
        sa_type=Text, description="`created`, `updated` or `deleted`: gone for good."
    )
    before: dict[str, Any] | None = Field(
        default=None,
        sa_type=JSONB,
        description="The columns that changed, as they were; null if none were there, or no more.",
    )
    after: dict[str, Any] | None = Field(
        default=None, sa_type=JSONB, description="The same columns, as they are."
    )
    at: datetime = Field(
        sa_column_kwargs={"server_default": text("clock_timestamp()")},
        description="Taken behind the space's lock, so never earlier than that of a lower version.",
    )
    actor: str | None = Field(default=None, sa_type=Text, description="The user who acted.")
    request_id: str | None = Field(
        default=None, sa_type=Text, description="The request's id, as in the log."
    )
