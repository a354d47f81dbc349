"""What has changed, as clients follow it."""

from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, RootModel

from backend.schemas.list import ListRead
from backend.schemas.scalars import DecimalInt
from backend.schemas.task import TaskRead
from backend.schemas.user import Me

MOST_CHANGES: Final = 1_000
"""How many changes an answer has at most."""

Cursor = Annotated[str, Field(pattern=r"^[0-9]{1,18}(\.[0-9]{1,18})?$")]
"""Where somebody stands: opaque to clients."""


class _OneChange(BaseModel):
    id: str = Field(examples=["01a2047c-ebaa-79f4-a0e0-dcd48e275a9e"])
    version: int = Field(description="The user's number of the change; they come in this order.")
    deleted: bool = Field(
        description="Whether it is gone for good; what is in the trash has a `deleted_at` instead."
    )


class TaskChange(_OneChange):
    """A task has changed, or is new."""

    type: Literal["task"]
    data: TaskRead | None = Field(description="As it is now; null for what is gone for good.")


class ListChange(_OneChange):
    """A list has changed, or is new. Its counts are those of now: they change without it."""

    type: Literal["list"]
    data: ListRead | None = Field(description="As it is now; null for what is gone for good.")


class SettingsChange(_OneChange):
    """The user has chosen something. The id is the user's."""

    type: Literal["settings"]
    data: Me | None = Field(description="What `PATCH /api/me` answers.")


class Change(
    RootModel[Annotated[TaskChange | ListChange | SettingsChange, Field(discriminator="type")],]
):
    """The latest state of something that has changed."""


class Changes(BaseModel):
    """What has changed since a cursor, in the order of the changes, each thing once."""

    changes: list[Change]
    cursor: str = Field(description="`since` of the next request; opaque.", examples=["1042"])
    more: bool = Field(description="Whether to ask again at once: there is more already.")


class ChangesQuery(BaseModel):
    """Since when, and how many."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    since: Cursor | None = Field(
        default=None,
        description="The `cursor` of the latest answer. Without it, or with 0: all there is.",
    )
    limit: DecimalInt = Field(
        default=200,
        ge=1,
        le=MOST_CHANGES,
        description="Changes at most; an answer also ends at 512 KiB.",
    )
