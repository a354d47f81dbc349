"""The directory of all spaces."""

from datetime import datetime

from sqlalchemy import Index, Text, text
from sqlmodel import Field, SQLModel

from backend.models.ownership import SPACE, owned_by


class DirectoryEntry(SQLModel, table=True):
    """A space that there is, entered by a trigger. All of these are in one space, `~directory`."""

    __tablename__ = "directory"
    __table_args__ = (
        Index("directory_by_turn", "space_id", "tidied_at"),
        owned_by(SPACE),
    )

    space_id: str = Field(
        primary_key=True,
        sa_type=Text(collation="C"),
        sa_column_kwargs={"server_default": text("duly.current_space()")},
        description="`~directory`, as which nobody can sign in.",
    )
    space: str = Field(
        primary_key=True, sa_type=Text(collation="C"), description="The id of the space."
    )
    tidied_at: datetime = Field(
        sa_column_kwargs={"server_default": text("now()")},
        description="When it was last somebody's turn to tidy it.",
    )
