"""Many tasks in one request: as operations, or as one change of all that a filter finds."""

from itertools import islice
from typing import Annotated, Any, Final, Literal, Self
from uuid import UUID

from pydantic import (
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    JsonValue,
    RootModel,
    Tag,
    model_validator,
)
from pydantic.config import JsonDict
from pydantic_core import PydanticCustomError

from backend.schemas.due import refusal
from backend.schemas.problem import ProblemDocument
from backend.schemas.scalars import AsVersion
from backend.schemas.task import (
    TWO_NEIGHBOURS,
    TWO_WAYS,
    TaskComplete,
    TaskCreate,
    TaskFilter,
    TaskMove,
    TaskRead,
    TaskUpdate,
)

MOST_OPERATIONS: Final = 100
MOST_CHANGED: Final = 10_000
"""Tasks that one request changes: within the time that a statement may take."""

_MOST_IDS: Final = 1_000
_MOST_MEMBERS: Final = 50
_ID: Final = "01a2047c-ebaa-79f4-a0e0-dcd48e275a9e"
_LARGEST_VERSION: Final = 10**18


class _Input(BaseModel):
    model_config = ConfigDict(extra="forbid")


def _example(rule: JsonDict | None = None, **members: JsonValue) -> ConfigDict:
    return ConfigDict(json_schema_extra={"examples": [{"id": _ID, **members}], **(rule or {})})


class CreateOperation(_Input):
    """Create a task, which may be part of one that was created before it."""

    op: Literal["create"]
    task: TaskCreate


class _OfOneTask(_Input):
    id: UUID
    if_match: Annotated[int, AsVersion] | None = Field(
        default=None,
        strict=True,
        ge=0,
        le=_LARGEST_VERSION,
        description="Only if this is the task's version.",
    )


class UpdateOperation(_OfOneTask):
    """Change the members that the patch has."""

    op: Literal["update"]
    patch: TaskUpdate


class CompleteOperation(_OfOneTask, TaskComplete):
    """Set whether a task is done; of one that recurs, whether an occurrence is."""

    model_config = _example(op="complete", completed=True)

    op: Literal["complete"]
    completed: bool = Field(default=True, strict=True, description="Without it: true.")


class MoveOperation(_OfOneTask, TaskMove):
    """Put a task beside another one, or last in a list or below a parent."""

    model_config = _example({"not": TWO_NEIGHBOURS}, op="move", after=_ID.replace("5a9e", "5a9f"))

    op: Literal["move"]


class DeleteOperation(_OfOneTask):
    """Move a task to the trash."""

    op: Literal["delete"]


class RestoreOperation(_OfOneTask):
    """Take a task out of the trash."""

    op: Literal["restore"]


BatchOperation = Annotated[
    CreateOperation
    | UpdateOperation
    | CompleteOperation
    | MoveOperation
    | DeleteOperation
    | RestoreOperation,
    Field(discriminator="op"),
]


class BatchOperations(_Input):
    """Operations, done in this order; each sees what those before it did."""

    operations: list[BatchOperation] = Field(max_length=MOST_OPERATIONS)
    atomic: bool = Field(
        default=False,
        strict=True,
        description="Whether none takes effect unless all do. The answer is then the problem of the"
        " first one that fails, whose place is its `position`.",
    )

    @property
    def cost(self) -> int:
        """As how many requests it counts."""
        return max(1, len(self.operations))


def _say_something(schema: JsonDict) -> None:
    """Of members that may be null elsewhere, or empty, and that not all may be left out."""
    schema["minProperties"] = 1
    members: Any = schema["properties"]
    for member in members.values():
        kinds = [each for each in member.pop("anyOf", []) if each != {"type": "null"}]
        member.update(kinds[0] if len(kinds) == 1 else {"anyOf": kinds} if kinds else {})
        if member.get("type") == "array":
            member["minItems"] = 1


class ChosenTasks(TaskFilter):
    """Which tasks: as lists are filtered, and by id. None in the trash."""

    model_config = ConfigDict(json_schema_extra=_say_something)

    overdue: Literal[True] | None = None
    ids: tuple[UUID, ...] = Field(default=(), max_length=_MOST_IDS, description="Any of them.")

    @model_validator(mode="after")
    def _says_what_it_means(self) -> Self:
        """Nothing is left to a null or to an empty array: it might be taken for all tasks."""
        if not self.model_fields_set:
            raise PydanticCustomError("empty", 'Say which; {"status": "all"} means all.')
        if any(getattr(self, name) in {None, ()} for name in self.model_fields_set):
            raise PydanticCustomError("empty", "Leave out what is null or empty.")
        return self


def _say_one(schema: JsonDict) -> None:
    """Beside what holds for a patch: something, and to delete alone."""
    schema["minProperties"] = 1
    schema["not"] = {"anyOf": [TWO_WAYS, {"required": ["delete"], "minProperties": 2}]}


class TasksChange(TaskUpdate):
    """What becomes of each: members of a patch, or the trash."""

    model_config = ConfigDict(json_schema_extra=_say_one)

    delete: Literal[True] = Field(default=True, description="To the trash; it alone.")

    @property
    def deletes(self) -> bool:
        """Whether they go to the trash; only then is it said."""
        return "delete" in self.model_fields_set

    @model_validator(mode="after")
    def _is_one(self) -> Self:
        if not self.model_fields_set or (self.deletes and len(self.model_fields_set) > 1):
            raise PydanticCustomError("change", "Say what to change, or `delete` alone.")
        return self

    @model_validator(mode="after")
    def _goes_on(self) -> Self:
        """Each may have another date, and for each the rule would have to be tried."""
        if self.leaves_doubt:
            reason = "It does not go on from every date: send one with it, from which it does."
            raise refusal("recurrence", "recurrence", reason)
        return self


class BatchChange(_Input):
    """One change of all tasks that a filter finds, of all or of none."""

    filter: ChosenTasks
    change: TasksChange
    expected_count: int | None = Field(
        default=None,
        strict=True,
        ge=0,
        le=MOST_CHANGED,
        description="Another number of tasks is a 409.",
    )
    dry_run: bool = Field(
        default=False, strict=True, description="Only say how many there are; change nothing."
    )

    @property
    def cost(self) -> int:
        """As how many requests it counts."""
        return 5 if self.dry_run else 10


def refuse_crowds(body: Any) -> Any:
    """Refuse objects of very many members: to name each of 60 000 unknown ones would take long."""
    if isinstance(body, dict):
        several = (each for each in islice(body.values(), _MOST_MEMBERS) if isinstance(each, list))
        parts = [part for each in several for part in each[:MOST_OPERATIONS]]
        outer = [part for part in (body, *parts, *body.values()) if isinstance(part, dict)]
        inner = [part for each in outer for part in islice(each.values(), _MOST_MEMBERS)]
        if any(len(part) > _MOST_MEMBERS for part in (*outer, *inner) if isinstance(part, dict)):
            raise PydanticCustomError("too_many_members", "No object here has so many members.")
    return body


def _form(body: Any) -> str:
    is_change = isinstance(body, dict) and not body.keys().isdisjoint({"filter", "change"})
    return "BatchChange" if is_change else "BatchOperations"


class Batch(
    RootModel[
        Annotated[
            Annotated[BatchOperations, Tag("BatchOperations")]
            | Annotated[BatchChange, Tag("BatchChange")],
            Discriminator(_form),
        ]
    ]
):
    """Operations, or a change of what a filter finds."""

    refuse_crowds = model_validator(mode="before")(refuse_crowds)


class BatchResult(BaseModel):
    """What became of an operation, as its own request would have been answered."""

    status: int = Field(examples=[200])
    body: TaskRead | ProblemDocument | None = Field(
        description="The task; the problem, with pointers into the whole request; null for 204."
    )


class BatchResults(BaseModel):
    """What became of the operations, in their order."""

    results: list[BatchResult]


class BatchChanged(BaseModel):
    """What a change did, or would have done."""

    changed: int = Field(description="How many tasks.")


class BatchAnswer(RootModel[BatchResults | BatchChanged]):
    """Of operations, or of a change."""
