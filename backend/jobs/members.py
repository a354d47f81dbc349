"""What the members of an export's lines may be: what the API could have made, and nothing else.

The database checks what types and domains say, but tells of a line at most; these name the member.
Clocks of two servers differ, so times are compared by the day.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Final, Literal
from uuid import UUID

from pydantic import (
    UUID7,
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    NaiveDatetime,
    StringConstraints,
    TypeAdapter,
)
from pydantic_core import PydanticCustomError

from backend.schemas.due import Recurrence
from backend.schemas.list import Color
from backend.schemas.scalars import Day, TimeOfDay, TimeZone
from backend.schemas.tag import Tags
from backend.schemas.task import Description, Title

_CLOCKS: Final = timedelta(days=1)
"""No two clocks differ by more."""


def _kept(rule: Any) -> Any:
    """Refuses what the rule refuses, or would change: the line is stored as it stands."""
    adapter: TypeAdapter[Any] = TypeAdapter(rule)

    def check(value: Any) -> Any:
        read = adapter.validate_python(value)
        if value != (list(read) if isinstance(read, tuple) else read):
            raise ValueError("Input should be as exports have it")
        return value

    return AfterValidator(check)


def _is_text(value: Any) -> Any:
    """Otherwise a number would be seconds, to pydantic and not to PostgreSQL."""
    if not isinstance(value, str) or "T" not in value:
        raise PydanticCustomError("moment", "Input should be a date, T and a time")
    return value


def _is_past(value: datetime) -> datetime:
    if value > datetime.now(UTC) + _CLOCKS:
        raise PydanticCustomError("future", "Input should not be in the future")
    return value


def _is_rank(value: str) -> str:
    """The first character says how long the whole part is; a fraction does not end with 0."""
    head = value[0]
    whole = (ord(head) - ord("a") if head >= "a" else ord("Z") - ord(head)) + 2
    if len(value) < whole or (len(value) > whole and value.endswith("0")):
        raise PydanticCustomError("rank", "Input should be a rank")
    return value


_Moment = Annotated[AwareDatetime, BeforeValidator(_is_text), AfterValidator(_is_past)]
_Anchor = Annotated[NaiveDatetime, BeforeValidator(_is_text)]
_Rank = Annotated[
    str, StringConstraints(pattern="^[A-Za-z][0-9A-Za-z]{1,199}$"), AfterValidator(_is_rank)
]
_Rule = Annotated[str, _kept(Recurrence)]


class _Step(BaseModel):
    """What a completion of an occurrence changed, as `services/tasks/steps.py` keeps it."""

    model_config = ConfigDict(extra="forbid")

    due_date: Day
    due_time: TimeOfDay | None = None
    recurrence: _Rule
    recurrence_anchor: _Anchor
    below: dict[UUID, tuple[_Moment, UUID | None]] = Field(default_factory=dict)


TYPES: Final[dict[str, Any]] = {
    "id": UUID7,
    "title": Annotated[str, _kept(Title)],
    "name": Annotated[str, _kept(Title)],
    "description": Annotated[str, _kept(Description)],
    "color": Annotated[str, _kept(Color)],
    "position": _Rank,
    "tags": Annotated[list[str], _kept(Tags)],
    "archived": Annotated[bool, Field(strict=True)],
    "priority": Annotated[int, Field(strict=True, ge=0, le=4)],
    "due_date": Day,
    "due_time": TimeOfDay,
    "due_time_zone": Annotated[str, _kept(TimeZone)],
    "time_zone": Annotated[str, _kept(TimeZone)],
    "recurrence": _Rule,
    "recurrence_anchor": _Anchor,
    "recurrence_from": Literal["due", "completion"],
    "stepped_from": _Step,
    **dict.fromkeys(("created_at", "updated_at", "completed_at", "deleted_at"), _Moment),
}
"""By name, where a column's own type does not say it."""

_NEEDS: Final = {
    "due_time": "due_date",
    "due_time_zone": "due_time",
    "recurrence": "due_date",
    "recurrence_anchor": "recurrence",
    "stepped_from": "recurrence",
    "trashed_with": "deleted_at",
    "updated_at": "created_at",
}
"""What is nothing without what."""

_ORDER: Final = (
    *(("created_at", "completed_at"), ("created_at", "deleted_at"), ("created_at", "updated_at")),
    *(("completed_at", "updated_at"), ("deleted_at", "updated_at")),
)
"""What cannot be before what."""


def check_row(row: dict[str, Any]) -> None:
    """Refuse a line whose members contradict each other.

    Raises:
        PydanticCustomError: names a member.
    """
    given = {name: value for name, value in row.items() if value is not None}
    for member, reason in _contradictions(given):
        raise PydanticCustomError("row", "{member}: {reason}", {"member": member, "reason": reason})


def _contradictions(given: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for member, needed in _NEEDS.items():
        if member in given and needed not in given:
            yield member, f"It is nothing without {needed}"
    if "recurrence" in given and "recurrence_anchor" not in given:
        yield "recurrence_anchor", "A recurrence needs one"
    for first, second in _ORDER:
        if first in given and second in given and given[second] < given[first] - _CLOCKS:
            yield second, f"Input should not be before {first}"
    for member in ("trashed_with", "completed_with", "parent_id"):
        if given.get(member, "") == given.get("id"):
            yield member, "Input should be another task"
    if given["type"] == "inbox" and given.get("archived"):
        yield "archived", "The inbox cannot be"
