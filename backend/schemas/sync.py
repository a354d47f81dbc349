"""What a client did while it was away, and what it is told of what others did."""

from typing import Annotated, Any, Final, Literal, Self
from uuid import UUID

from pydantic import UUID7, BaseModel, ConfigDict, Field, JsonValue, model_validator
from pydantic_core import PydanticCustomError

from backend.schemas.batch import MOST_OPERATIONS, refuse_crowds
from backend.schemas.change import Changes, Cursor
from backend.schemas.list import ListCreate, ListMove, ListRead, ListUpdate
from backend.schemas.problem import ProblemDocument
from backend.schemas.task import AS_UUID, TaskComplete, TaskCreate, TaskMove, TaskRead, TaskUpdate
from backend.schemas.user import Me, MeUpdate

_ID: Final = "01a2047c-ebaa-79f4-a0e0-dcd48e275a9e"
_UUID: Final = "5f1d8f0e-6f0a-4f52-9d0e-0f6f9a1f2b3c"
_LARGEST_VERSION: Final = 10**18


def _example(kind: str, shape: ConfigDict | None = None, **members: JsonValue) -> ConfigDict:
    """A command's example, beside what else the document says of its shape."""
    said: Any = (shape or {}).get("json_schema_extra", {})
    return ConfigDict(
        extra="forbid",
        json_schema_extra={**said, "examples": [{"uuid": _UUID, "type": kind, **members}]},
    )


class _Command(BaseModel):
    model_config = ConfigDict(extra="forbid")

    uuid: str = Field(
        pattern="^[!-~]{1,200}$",
        description="Names the command: whatever comes under this name again is not done again.",
        examples=[_UUID],
    )
    base_version: int | None = Field(
        default=None,
        strict=True,
        ge=0,
        le=_LARGEST_VERSION,
        description="The version that the client saw. It refuses nothing: what others have changed"
        " since then stays, but for the members that this command has as well.",
    )


class _OfOne(_Command):
    id: UUID = Field(examples=[_ID])


class TaskCreateCommand(TaskCreate, _Command):
    """Create a task with an id of the client's."""

    model_config = _example("task.create", TaskCreate.model_config, id=_ID, title="Buy milk")

    type: Literal["task.create"]
    id: Annotated[UUID7, AS_UUID]


class TaskUpdateCommand(TaskUpdate, _OfOne):
    """Change the members that it has; send those alone that the user has changed."""

    model_config = _example(
        "task.update", TaskUpdate.model_config, id=_ID, title="Buy oat milk", base_version=41
    )

    type: Literal["task.update"]


class TaskCompleteCommand(TaskComplete, _OfOne):
    """Set whether a task is done; of one that recurs, whether an occurrence is: name it."""

    model_config = _example("task.complete", id=_ID, occurrence="2026-03-01")

    type: Literal["task.complete"]
    completed: bool = Field(default=True, strict=True, description="Without it: true.")


class TaskMoveCommand(TaskMove, _OfOne):
    """Put a task beside another one, or last in a list or below a parent."""

    model_config = _example("task.move", TaskMove.model_config, id=_ID, list_id=None)

    type: Literal["task.move"]


class TaskDeleteCommand(_OfOne):
    """Move a task to the trash; no error if it is there already."""

    model_config = _example("task.delete", id=_ID)

    type: Literal["task.delete"]


class TaskRestoreCommand(_OfOne):
    """Take a task out of the trash."""

    model_config = _example("task.restore", id=_ID)

    type: Literal["task.restore"]


class ListCreateCommand(ListCreate, _Command):
    """Create a list with an id of the client's."""

    model_config = _example("list.create", id=_ID, name="Groceries")

    type: Literal["list.create"]
    id: Annotated[UUID7, AS_UUID]


class ListUpdateCommand(ListUpdate, _OfOne):
    """Change the members that it has."""

    model_config = _example("list.update", id=_ID, color="#3366ff")

    type: Literal["list.update"]


class ListMoveCommand(ListMove, _OfOne):
    """Put a list before or behind another one, or last."""

    model_config = _example("list.move", id=_ID)

    type: Literal["list.move"]


class ListDeleteCommand(_OfOne):
    """Move a list to the trash, with the tasks in it; no error if it is there already."""

    model_config = _example("list.delete", id=_ID)

    type: Literal["list.delete"]


class ListRestoreCommand(_OfOne):
    """Take a list out of the trash, with the tasks that went there with it."""

    model_config = _example("list.restore", id=_ID)

    type: Literal["list.restore"]


class SettingsUpdateCommand(MeUpdate, _Command):
    """Change what the user has chosen."""

    model_config = _example("settings.update", time_zone="Europe/Berlin")

    type: Literal["settings.update"]


SyncCommand = Annotated[
    TaskCreateCommand
    | TaskUpdateCommand
    | TaskCompleteCommand
    | TaskMoveCommand
    | TaskDeleteCommand
    | TaskRestoreCommand
    | ListCreateCommand
    | ListUpdateCommand
    | ListMoveCommand
    | ListDeleteCommand
    | ListRestoreCommand
    | SettingsUpdateCommand,
    Field(discriminator="type"),
]


class Sync(BaseModel):
    """Commands, done in this order, and since when the client wants to know of changes."""

    model_config = ConfigDict(extra="forbid")

    since: Cursor | None = Field(
        default=None, description="The `cursor` of the latest answer. Without it: all there is."
    )
    commands: list[SyncCommand] = Field(
        default=[],
        max_length=MOST_OPERATIONS,
        description="Each sees what those before it did, and may use ids that they made.",
    )

    refuse_crowds = model_validator(mode="before")(refuse_crowds)

    @model_validator(mode="after")
    def _each_has_a_name(self) -> Self:
        if len({each.uuid for each in self.commands}) < len(self.commands):
            raise PydanticCustomError("repeated_uuid", "Each command needs a uuid of its own.")
        return self

    @property
    def cost(self) -> int:
        """As how many requests it counts."""
        return max(1, len(self.commands))


class SyncResult(BaseModel):
    """What became of a command, as its own request would have been answered."""

    uuid: str
    status: int = Field(examples=[200])
    body: TaskRead | ListRead | Me | None = Field(description="Null for 204, and for a problem.")
    problem: ProblemDocument | None = Field(
        description="Why it was not done, with pointers into the whole request."
    )
    replayed: bool = Field(
        description="Whether it had been done before: then this is the answer of that time."
    )


class SyncAnswer(Changes):
    """What became of the commands, in their order, and what has changed, theirs included."""

    results: list[SyncResult]
