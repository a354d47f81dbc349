"""What became of tasks, lists and settings, and how it is undone, on the wire."""

import re
from typing import Annotated, Final, Literal, Self

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    JsonValue,
    StringConstraints,
    model_validator,
)
from pydantic_core import PydanticCustomError

from backend.schemas.scalars import DecimalInt, Instant, Moment, Storable
from backend.schemas.task import PageQuery

_DIGITS: Final = re.compile("[0-9]{1,18}")

Actor = Annotated[str, StringConstraints(max_length=1_000), Storable]
Kind = Literal["task", "list", "settings"]
_VALUES = "By the names and in the forms of answers; null of what is gone for good, or was created."


class HistoryEntry(BaseModel):
    """One change of one task, list, or of the settings."""

    # PostgreSQL makes this object: its members are these fields, in their order, and all of them.
    model_config = ConfigDict(json_schema_serialization_defaults_required=True)

    version: int = Field(description="The user's number of it, which what it changed had then.")
    type: Kind
    id: str = Field(
        description="Which task or list; of the settings, the user id.",
        examples=["01a2047c-ebaa-79f4-a0e0-dcd48e275a9e"],
    )
    change: Literal["created", "updated", "deleted"] = Field(
        description="`deleted`: gone for good; to go to the trash is `updated`."
    )
    operation: int = Field(description="Alike for all that took effect together.")
    at: Instant
    actor: str | None = Field(description="The user id of who did it; null: an administrator.")
    request_id: str | None = Field(description="The `X-Request-Id` of the request that did it.")
    before: dict[str, JsonValue] | None = Field(description=f"What changed, as it was. {_VALUES}")
    after: dict[str, JsonValue] | None = Field(description="The same, as it became.")


class TaskHistoryQuery(PageQuery):
    """Which changes of a task to list."""

    limit: DecimalInt = Field(
        default=100, ge=1, le=200, description="Changes at most; a page also ends at 512 KiB."
    )
    actor: Actor | None = Field(default=None, description="Only by this user.")
    since: Moment | None = Field(default=None, description="Only then or later.")
    until: Moment | None = Field(default=None, description="Only before.")
    change: Literal["created", "updated", "deleted"] | None = None


class HistoryQuery(TaskHistoryQuery):
    """Which changes to list."""

    type: Kind | None = Field(default=None, description="Only of tasks, lists or the settings.")


def _read_version(value: object) -> object:
    return int(value) if isinstance(value, str) and _DIGITS.fullmatch(value) else value


Version = Annotated[int, BeforeValidator(_read_version), Field(strict=True, ge=0, le=10**18)]
Since = Annotated[Version | Moment, Field(union_mode="left_to_right")]


class Undo(BaseModel):
    """What to undo: what one request did, or all that was changed since.

    What is undone is as all other changes: it has a version, and can be undone.
    """

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"version": 7}, {"since": "2026-03-01T09:00:00Z", "type": "task"}]
        },
    )

    version: Version | None = Field(
        default=None,
        description="The number of a change: undoes all that the same request did, in all "
        "transactions that it took.",
    )
    since: Since | None = Field(
        default=None,
        description="Instead: all changes with a larger number, or from this time on.",
    )
    actor: Actor | None = Field(default=None, description="Of these, only those by this user.")
    type: Kind | None = Field(default=None, description="Only those of tasks, lists or settings.")
    force: bool = Field(
        default=False,
        strict=True,
        description="Also what has been changed again since, and what is left of what is gone.",
    )

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if (self.version is None) == (self.since is None):
            raise PydanticCustomError("undo", "Name `version` or `since`.")
        if self.since is None and (self.actor or self.type):
            raise PydanticCustomError("undo", "`actor` and `type` go with `since`.")
        return self


class Undone(BaseModel):
    """What was undone. `GET /api/changes` has it as it has all changes."""

    undone: int = Field(
        description="How many tasks, lists and settings were changed; what follows above and below "
        "a task is not counted."
    )
    version: int | None = Field(
        description="Names the undo, to be undone as well; null: all was as it had been."
    )
