"""The spaces that rows belong to, and their counters."""

from datetime import datetime

from sqlalchemy import BigInteger, Text, text
from sqlmodel import Field, SQLModel

from backend.models.ownership import Owner, owned_by


class Space(SQLModel, table=True):
    """What rows belong to. Each user has a personal space, whose id is the user's subject."""

    __tablename__ = "spaces"
    __table_args__ = owned_by(Owner.space("id"))

    id: str = Field(
        primary_key=True,
        sa_type=Text(collation="C"),
        sa_column_kwargs={"server_default": text("duly.current_space()")},
    )
    last_version: int = Field(
        sa_type=BigInteger,
        sa_column_kwargs={"server_default": text("0")},
        description="The highest number that a write of this space may have taken; of "
        "`~directory`, the highest one of a space that is gone, behind which new ones begin.",
    )
    task_bound: int = Field(
        sa_type=BigInteger,
        sa_column_kwargs={"server_default": text("0")},
        description="It has no more tasks than this, those in the trash included.",
    )
    history_floor: int = Field(
        sa_type=BigInteger,
        sa_column_kwargs={"server_default": text("0")},
        description="What is known of changes up to this number is gone.",
    )
    history_from: datetime = Field(
        sa_column_kwargs={"server_default": text("'-infinity'")},
        description="From then on all changes are known; the time that goes with the number.",
    )
    erasing_at: datetime | None = Field(
        default=None,
        description="Since when it is being erased; nothing of it can be written any more.",
    )
