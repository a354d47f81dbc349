"""Lists as clients send and receive them."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import UUID7, BaseModel, ConfigDict, Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from backend.schemas.scalars import AsVersion, DecimalInt, Instant
from backend.schemas.task import AS_UUID, NO_OTHER_UUID, TWO_NEIGHBOURS, PageQuery, Title

MAX_LISTS = 500
"""How many a user may make, the inbox and those in the trash included."""

Color = Annotated[str, StringConstraints(strict=True, pattern="^#[0-9A-Fa-f]{6}$", to_lower=True)]


class ListFields(BaseModel):
    """What a client may set of a list, and reads back.

    The defaults are those of a new list.
    """

    name: Title = Field(
        default="",
        description="Without the blanks around it; something of it must be visible.",
        examples=["Groceries"],
    )
    color: Color | None = Field(
        default=None, description="In any case; answered in lower case.", examples=["#3366ff"]
    )
    archived: bool = Field(default=False, strict=True)


class _Input(BaseModel):
    model_config = ConfigDict(extra="forbid")


class ListCreate(_Input, ListFields):
    """A new list, which comes last."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"name": "Groceries"}], "not": NO_OTHER_UUID}
    )

    id: Annotated[UUID7, AS_UUID] | None = Field(
        default=None,
        description="A UUIDv7 of the client's own, so that a retry cannot make a second list.",
    )
    name: Title


class ListUpdate(_Input, ListFields):
    """A merge patch (RFC 7396): what is absent stays, null clears."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"color": "#3366ff"}]})


class ListMove(_Input):
    """Where a list goes; without either, it comes last."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"before": "01a2047c-ebaa-79f4-a0e0-dcd48e275a9e"}, {}],
            "not": TWO_NEIGHBOURS,
        }
    )

    before: UUID | None = Field(default=None, description="The list that it comes before.")
    after: UUID | None = Field(default=None, description="The list that it comes behind.")

    @model_validator(mode="after")
    def _one_place(self) -> "ListMove":
        if self.before is not None and self.after is not None:
            raise PydanticCustomError("two_places", "Say `before` or `after`, not both.")
        return self


class ListRead(ListFields):
    """A list."""

    # PostgreSQL makes this object: its members are these fields, in their order, and all of them.
    model_config = ConfigDict(json_schema_serialization_defaults_required=True)

    id: UUID = Field(examples=["01a2047c-ebaa-79f4-a0e0-dcd48e275a9e"])
    user_id: str = Field(
        description="The caller's user id: the token's subject.", examples=["alice"]
    )
    position: str = Field(description="Sorts it, as text, among the user's lists.")
    is_inbox: bool = Field(
        description="Whether tasks are in it that name no list. There is one such list, always."
    )
    open_count: int = Field(description="Tasks that are to be done, those below others included.")
    completed_count: int = Field(description="Tasks that are done; in the trash none counts.")
    created_at: Instant
    updated_at: Instant
    deleted_at: Instant | None = Field(description="When it went to the trash.")
    version: Annotated[int, AsVersion] = Field(
        description="The user's number of the latest write to the list itself, 0 for none."
    )


class ListQuery(PageQuery):
    """Which lists."""

    limit: DecimalInt = Field(
        default=MAX_LISTS,
        ge=1,
        le=MAX_LISTS,
        description="Lists at most; a page also ends at 512 KiB.",
    )
    archived: Literal["true", "false", "all"] | None = Field(
        default=None,
        description="Only those that are, or are not; default: `false`, and `all` in the trash.",
    )
    trashed: Literal["true", "false"] = Field(
        default="false", description="`true`: those in the trash, instead of the others."
    )
