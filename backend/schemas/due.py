"""When a task is due, and when again: what clients write, read into the one form.

The rules that span members are here as far as a body shows them; `duly.settle_task` checks the row.
"""

from datetime import date, datetime, time
from typing import Annotated, Any, Final

from pydantic import (
    AfterValidator,
    PlainValidator,
    StringConstraints,
    ValidationError,
    WithJsonSchema,
)
from pydantic_core import InitErrorDetails, PydanticCustomError

from backend.core.dates import Due, read_due
from backend.core.recurrence import LONGEST, InvalidRule, canonical, check_anchor, parse
from backend.schemas.scalars import CLOCK

_NEEDS: Final = {"due_time": "due_date", "due_time_zone": "due_time", "recurrence": "due_date"}
"""What is nothing without what, in an order that lets one follow from another."""

_OPTIONAL: Final = ("due_date", *_NEEDS)
_DATE_LENGTH: Final = 10


def _read_rule(text: str) -> str:
    try:
        return canonical(parse(text))
    except InvalidRule as reason:
        raise PydanticCustomError("recurrence", "{why}", {"why": str(reason)}) from None


def _read_occurrence(value: object) -> Due:
    try:
        due = read_due(value) if isinstance(value, str) else None
    except ValueError:
        due = None
    if due is None or due.zone is not None:
        raise PydanticCustomError(
            "occurrence", "Input should be a due_date, or due_date, T and due_time, as answered."
        )
    return due


Recurrence = Annotated[
    str,
    StringConstraints(strict=True, min_length=1, max_length=LONGEST),
    AfterValidator(_read_rule),
]
"""A rule of RFC 5545 in its one spelling; one that can never fire is none."""

Occurrence = Annotated[
    Due,
    PlainValidator(_read_occurrence),
    WithJsonSchema(
        {
            "type": "string",
            "pattern": f"^[0-9]{{4}}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])(T{CLOCK})?$",
            "examples": ["2026-03-01"],
        }
    ),
]
"""What an occurrence of a recurring task is called: when it is due, on its own clock."""


def read_members(body: Any, *, is_whole: bool) -> Any:
    """A body with the members that say when in the one form, and with what follows from them.

    A moment as `due_date` is date, time and zone; an empty text, as forms send it, is null; null
    takes along what is nothing without it.

    Args:
        body: What a client sent.
        is_whole: Whether a member that is absent is null; otherwise it stays what it was.

    Raises:
        ValidationError: for members that contradict each other.
    """
    if not isinstance(body, dict) or body.keys().isdisjoint(_OPTIONAL):
        return body
    given = {k: None if v == "" and k in _OPTIONAL else v for k, v in body.items()}
    day = given.get("due_date")
    if isinstance(day, str) and len(day) > _DATE_LENGTH:
        given |= _read_moment(day, given)
    for member, needed in _NEEDS.items():
        if given.get(needed, None if is_whole else "unknown") is not None:
            continue
        if given.get(member) is not None:
            raise refusal(member, "needs_date", f"It is nothing without {needed}.")
        if needed in given:
            given[member] = None
    return given


def check_series(rule: str, day: date, at: time | None) -> None:
    """Refuse a rule that can do nothing with its first date.

    Raises:
        ValidationError: when nothing can ever follow, and when it needs a time.
    """
    if reason := flaw(rule, day, at):
        raise refusal("recurrence", "recurrence", reason)


def flaw(rule: str, day: date, at: time | None) -> str | None:
    """Why a rule can do nothing with its first date; None if it can."""
    try:
        check_anchor(parse(rule), day if at is None else datetime.combine(day, at))
    except InvalidRule as reason:
        return str(reason)
    return None


def _read_moment(text: str, given: dict[str, Any]) -> dict[str, Any]:
    """The members that a moment stands for, unless others say so too."""
    try:
        due = read_due(text)
    except ValueError as reason:
        raise refusal("due_date", "date_parsing", str(reason)) from None
    members = {"due_date": due.day, "due_time": due.at, "due_time_zone": due.zone}
    if "due_time" in given:
        raise refusal("due_time", "given_twice", "A moment as due_date says the time already.")
    if given.get("due_time_zone") is not None:
        if due.zone is not None:
            raise refusal("due_time_zone", "given_twice", "The moment has an offset already.")
        del members["due_time_zone"]
    return members


def refusal(member: str, code: str, reason: str) -> ValidationError:
    """An error about one member, from a validator of all of them."""
    error = PydanticCustomError(code, "{reason}", {"reason": reason})
    return ValidationError.from_exception_data(
        member, [InitErrorDetails(type=error, loc=(member,), input=None)]
    )
