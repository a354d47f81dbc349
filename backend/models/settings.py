"""What a space's user has chosen."""

from datetime import datetime

from sqlalchemy import BigInteger, Text, text
from sqlmodel import Field, SQLModel

from backend.models.domains import TIME_ZONE
from backend.models.ownership import SPACE, owned_by


class SpaceSettings(SQLModel, table=True):
    """The choices of one space. There is no row as long as all of them are the default."""

    __tablename__ = "settings"
    __table_args__ = owned_by(SPACE)

    space_id: str = Field(
        primary_key=True,
        sa_type=Text(collation="C"),
        foreign_key="duly.spaces.id",
        ondelete="CASCADE",
        sa_column_kwargs={"server_default": text("duly.current_space()")},
    )
    time_zone: str = Field(
        sa_type=TIME_ZONE,
        sa_column_kwargs={"server_default": text("'UTC'")},
        description="IANA name: where days begin, and when times without a zone are.",
    )
    created_at: datetime = Field(sa_column_kwargs={"server_default": text("now()")})
    updated_at: datetime = Field(sa_column_kwargs={"server_default": text("now()")})
    version: int = Field(sa_type=BigInteger, sa_column_kwargs={"server_default": text("0")})
