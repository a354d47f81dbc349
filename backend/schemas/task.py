"""Tasks as clients send and receive them."""

from functools import cached_property
from hashlib import blake2b
from typing import Annotated, Any, ClassVar, Literal, Self
from urllib.parse import urlencode
from uuid import UUID

from pydantic import (
    UUID7,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    WithJsonSchema,
    model_validator,
)
from pydantic.config import JsonDict
from pydantic_core import PydanticCustomError

from backend.core.recurrence import parse, suits_any_anchor
from backend.schemas.due import Occurrence, Recurrence, check_series, flaw, read_members
from backend.schemas.scalars import (
    AsVersion,
    Day,
    DayOrInstant,
    DecimalInt,
    Instant,
    Moment,
    ParentId,
    Storable,
    TimeOfDay,
    TimeZone,
    Visible,
    WithMark,
    WithoutNul,
)
from backend.schemas.tag import MAX_TAGS, Tag, Tags

Title = Annotated[
    str,
    StringConstraints(strict=True, strip_whitespace=True, min_length=1, max_length=500),
    Storable,
    Visible,
    WithMark,
]
Description = Annotated[
    str, StringConstraints(strict=True, max_length=16_384), Storable, WithoutNul
]


def _in_lower_case(value: object) -> object:
    return value.lower() if isinstance(value, str) else value


# There is no format `uuid7`: generators would take it for any text.
AS_UUID = WithJsonSchema({"type": "string", "format": "uuid"})

_UUID7 = "^[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-7[0-9A-Fa-f]{3}-[89ABab][0-9A-Fa-f]{3}-[0-9A-Fa-f]{12}$"

# Rules over members are said by `not`, which generators pass over. A pattern beside a format, or a
# rule by `anyOf`, would make other types of what they are about.
NO_OTHER_UUID: JsonDict = {
    "required": ["id"],
    "properties": {"id": {"type": "string", "not": {"pattern": _UUID7}}},
}
"""What nothing new may be called by."""

TWO_NEIGHBOURS: JsonDict = {
    "required": ["before", "after"],
    "properties": {"before": {"type": "string"}, "after": {"type": "string"}},
}
"""What no move may name."""

TWO_WAYS: JsonDict = {
    "required": ["tags"],
    "anyOf": [{"required": ["add_tags"]}, {"required": ["remove_tags"]}],
}
"""How no change may speak of tags."""

PRIORITIES = ("none", "low", "medium", "high", "urgent")
Priority = Annotated[
    Literal["none", "low", "medium", "high", "urgent"], BeforeValidator(_in_lower_case)
]

SearchText = Annotated[str, StringConstraints(max_length=100), Storable, WithoutNul]
"""No longer, or folding could make a word of it that PostgreSQL takes for too long."""

Sort = Literal[
    "created",
    "-created",
    "updated",
    "-updated",
    "title",
    "-title",
    "due_date",
    "-due_date",
    "priority",
    "-priority",
    "position",
    "-position",
]


class TaskFields(BaseModel):
    """What a client may set of a task, and reads back: here, once.

    The defaults are those of a new task.
    """

    title: Title = Field(
        default="",
        description="Without the blanks around it; something of it must be visible.",
        examples=["Buy milk"],
    )
    description: Description | None = Field(default=None, examples=["Two litres"])
    completed: bool = Field(default=False, strict=True)
    priority: Priority = Field(default="none", description="In any case; answered in lower case.")
    tags: Tags = Field(
        default=(),
        description="Each without the blanks around it, visible, once, and not `.` or `..`.",
        examples=[["home"]],
    )
    due_date: Day | None = Field(
        default=None,
        description="A moment in ISO 8601 is read as well, as date, time and, with an offset, UTC.",
        examples=["2026-03-01"],
    )
    due_time: TimeOfDay | None = Field(
        default=None, description="On the clock; needs a date.", examples=["09:30"]
    )
    due_time_zone: TimeZone | None = Field(
        default=None,
        description="IANA name, in its case; needs a time, which it makes an instant."
        " Null: wherever one is.",
        examples=["Europe/Berlin"],
    )
    recurrence: Recurrence | None = Field(
        default=None,
        description="RRULE of RFC 5545, which goes on from the date that it needs, and by hours"
        " from a time. Answered in one spelling.",
        examples=["FREQ=WEEKLY;BYDAY=MO"],
    )
    recurrence_from: Literal["due", "completion"] = Field(
        default="due", description="What the next date counts from."
    )


class _Input(BaseModel):
    model_config = ConfigDict(extra="forbid")


class _TaskInput(_Input, TaskFields):
    is_whole: ClassVar = False
    """Whether a member that is left out is empty; otherwise it stays what it was."""

    @model_validator(mode="before")
    @classmethod
    def _read_due(cls, body: Any) -> Any:
        return read_members(body, is_whole=cls.is_whole)


class TaskCreate(_TaskInput):
    """A new task; what is left out is empty, or false."""

    is_whole: ClassVar = True

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"title": "Buy milk"}], "not": NO_OTHER_UUID}
    )

    id: Annotated[UUID7, AS_UUID] | None = Field(
        default=None,
        description="A UUIDv7 of the client's own, so that a retry cannot make a second task.",
    )
    title: Title
    list_id: UUID | None = Field(
        default=None, description="Without one: its parent's list, or the inbox."
    )
    parent_id: UUID | None = Field(default=None, description="The task that it is a part of.")

    @model_validator(mode="after")
    def _check_series(self) -> Self:
        if self.recurrence is not None and self.due_date is not None:
            check_series(self.recurrence, self.due_date, self.due_time)
        return self


class TaskUpdate(_TaskInput):
    """A merge patch (RFC 7396): what is absent stays, null clears."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"title": "Buy oat milk"}], "not": TWO_WAYS}
    )

    list_id: UUID | None = Field(
        default=None,
        description="Moves it, with what is below it, last into a list; null: the inbox.",
    )
    parent_id: UUID | None = Field(
        default=None,
        description="Moves it last among the parts of a task, into its list; null: "
        "to the top of its own.",
    )
    add_tags: Tags = Field(default=(), description="Beside those that it has; not with `tags`.")
    remove_tags: Tags = Field(default=(), description="Of those that it has; not with `tags`.")

    @model_validator(mode="after")
    def _change_tags_in_one_way(self) -> Self:
        changed = self.model_fields_set & {"add_tags", "remove_tags"}
        if changed and "tags" in self.model_fields_set:
            raise PydanticCustomError("tags", "Send `tags`, or `add_tags` and `remove_tags`.")
        if not set(self.add_tags).isdisjoint(self.remove_tags):
            raise PydanticCustomError("tags", "A tag cannot be both added and removed.")
        return self

    @property
    def leaves_doubt(self) -> bool:
        """Whether it depends on the task if the rule can go on from the date that it then has."""
        if self.recurrence is None:
            return False
        rule = parse(self.recurrence)
        if self.due_date is None:
            return not suits_any_anchor(rule)
        if rule.needs_time and "due_time" not in self.model_fields_set:
            return True
        return flaw(self.recurrence, self.due_date, self.due_time) is not None


class TaskMove(_Input):
    """A place beside another task, or last in a list or below a parent; empty: last where it is.

    A neighbour says which list and parent it is; if they are named as well, they must be those.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"after": "01a2047c-ebaa-79f4-a0e0-dcd48e275a9e"}],
            "not": TWO_NEIGHBOURS,
        }
    )

    before: UUID | None = Field(default=None, description="The task that it shall come before.")
    after: UUID | None = Field(default=None, description="The task that it shall come behind.")
    list_id: UUID | None = Field(
        default=None, description="Null: the inbox. Without a parent: the top of that list."
    )
    parent_id: UUID | None = Field(default=None, description="Null: the top of its list.")

    @model_validator(mode="after")
    def _one_neighbour(self) -> Self:
        if self.before and self.after:
            raise PydanticCustomError("two_neighbours", "Name one of before and after.")
        return self


class TaskComplete(_Input):
    """Whether the task is done; of one that recurs, whether an occurrence is."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"completed": True}]})

    completed: bool = Field(strict=True)
    occurrence: Occurrence | None = Field(
        default=None,
        description="Which one: `due_date`, and `T` and `due_time` if there is one. Not the"
        " current one (or, to undo, the latest one): nothing changes. Without it: that one.",
    )


class _Owned(BaseModel):
    id: UUID = Field(examples=["01a2047c-ebaa-79f4-a0e0-dcd48e275a9e"])
    user_id: str = Field(
        description="The caller's user id: the token's subject.", examples=["alice"]
    )


class TaskRead(TaskFields, _Owned):
    """A task."""

    # PostgreSQL makes this object: its members are these fields, in their order, and all of them.
    model_config = ConfigDict(json_schema_serialization_defaults_required=True)

    list_id: UUID
    parent_id: UUID | None
    position: str = Field(
        description="Sorts it, as text, among the tasks of its list with the same parent."
    )
    completed_at: Instant | None
    created_at: Instant
    updated_at: Instant
    deleted_at: Instant | None = Field(description="When it went to the trash.")
    version: Annotated[int, AsVersion] = Field(
        description="The user's number of the latest write; the ETag."
    )


class PageQuery(_Input):
    """Which page of something. Frozen, because a query that comes often is read only once."""

    model_config = ConfigDict(frozen=True)

    limit: DecimalInt = Field(
        default=100, ge=1, le=200, description="Tasks at most; a page also ends at 512 KiB."
    )
    cursor: str | None = Field(
        default=None,
        max_length=4096,
        description="From the `Link` of the page before, with the same sort; any other is refused.",
        json_schema_extra={"pattern": "^[A-Za-z0-9_-]+$"},
    )

    @cached_property
    def _others(self) -> str:
        given = self.model_dump(mode="json", exclude_unset=True, exclude={"cursor"})
        return urlencode(given | {"cursor": ""}, doseq=True)

    @cached_property
    def number(self) -> int:
        """What was asked, as a number: alike for equal queries, whatever process reads them."""
        said = f"{type(self).__name__} {self.model_dump_json()}"
        return int.from_bytes(blake2b(said.encode(), digest_size=7).digest())

    def following(self, cursor: str) -> str:
        """The query string of the page that starts at `cursor`, which needs no escaping."""
        return self._others + cursor


class TaskFilter(_Input):
    """Which tasks: what meets all that is said."""

    model_config = ConfigDict(frozen=True)

    status: Literal["all", "pending", "completed"] = "all"
    list_id: UUID | None = None
    parent_id: ParentId | None = Field(
        default=None, description="The parts of this task; `none`: what is a part of nothing."
    )
    priority: tuple[Priority, ...] = Field(
        default=(), max_length=len(PRIORITIES), description="Repeatable: any of them."
    )
    tag: tuple[Tag, ...] = Field(
        default=(), max_length=MAX_TAGS, description="Repeatable: all of them, to the letter."
    )
    due_before: DayOrInstant | None = Field(
        default=None,
        description="Due earlier: before a day begins where the user is, or before an instant.",
    )
    due_after: DayOrInstant | None = Field(
        default=None, description="Due then or later; with `due_before` a span without overlap."
    )
    q: SearchText | None = Field(
        default=None,
        description="Words of title, tags and description, all of them; the last may go on.",
    )


class TaskQuery(TaskFilter, PageQuery):
    """Which tasks to list, and how."""

    overdue: Literal["true"] | None = Field(
        default=None,
        description="Open, and due before now. A day is over when it is where the user is.",
    )
    sort: Sort | None = Field(
        default=None,
        description="`-` before the field means descending; no due date comes last, ties go by id."
        " Without it the newest first, or with `q` what fits best.",
    )
    count: Literal["exact"] | None = Field(default=None, description="Adds `Total-Count`.")
    as_of: Moment | None = Field(
        default=None,
        description="As they were then, but for those that are gone for good by now. Not with `q`, "
        "`overdue` or a sort by `updated`; 410 `history_gone` for what is not known any more.",
    )

    @model_validator(mode="after")
    def _check_past(self) -> Self:
        if self.as_of is not None and (
            self.q is not None or self.overdue or self.sort in {"updated", "-updated"}
        ):
            raise PydanticCustomError(
                "as_of", "`as_of` does not go with `q`, `overdue` or a sort by `updated`."
            )
        return self


class TrashQuery(PageQuery):
    """Which page of the trash."""
