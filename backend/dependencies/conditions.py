"""Conditional requests (RFC 9110, section 13); an ETag is a version in quotes.

A write that takes none of these does not ignore such a field: its route refuses it.
"""

from collections.abc import Awaitable, Callable, Sequence
from typing import Annotated, Any, TypeVar, cast

from fastapi import Depends, Header

from backend.core.problems import Problem, StaleVersion, ValidationFailed
from backend.database.operations import Operation
from backend.database.session import Session
from backend.services.validators import expect
from backend.web import fields, reading
from backend.web.refusals import refuses

A = TypeVar("A")


@refuses(StaleVersion)
def expected_versions(
    if_match: Annotated[str | None, Header(alias=fields.IF_MATCH)] = None,
) -> tuple[int, ...] | None:
    """The versions that `If-Match` allows; None when any will do."""
    return fields.versions(if_match)


def known(
    if_none_match: Annotated[str | None, Header(alias=fields.IF_NONE_MATCH)] = None,
) -> fields.Known:
    """What the client has already (weak comparison)."""
    return fields.known(if_none_match)


@refuses(StaleVersion)
def must_be_new(
    if_none_match: Annotated[str | None, Header(alias=fields.IF_NONE_MATCH)] = None,
) -> bool:
    """Whether nothing may exist yet under the id of what is to be created.

    Raises:
        ValidationFailed: for anything but `*`, by which a create cannot be judged.
    """
    if if_none_match is None or if_none_match.strip() == "*":
        return if_none_match is not None
    detail = "Here it is `*`: only if there is nothing with this id."
    raise ValidationFailed(errors=[reading.condition(fields.IF_NONE_MATCH, detail)])


ExpectedVersions = Annotated[tuple[int, ...] | None, Depends(expected_versions)]
Known = Annotated[fields.Known, Depends(known)]
MustBeNew = Annotated[bool, Depends(must_be_new)]


def run_if(
    db: Session,
    versions: tuple[int, ...] | None,
    operation: Operation[A],
    *,
    expect: Callable[[tuple[int, ...]], Operation[None]] = expect,
) -> Awaitable[A]:
    """Run an operation if what `If-Match` names is there, in the same transaction.

    Args:
        db: As whom.
        versions: Those that it allows; None for any.
        operation: What to do then.
        expect: Makes of the versions what fails unless one of them is there: by default, unless
            it is the state of the space.

    Raises:
        Problem: that of either.
    """
    if versions is None:
        return db.run(operation)
    return _run_both(db, expect(versions), operation)


async def run_all_if(
    db: Session, versions: tuple[int, ...], operations: Sequence[Operation[A]]
) -> list[A]:
    """The same for several, by the state of the space: all of them take effect, or none.

    Raises:
        Problem: that of an operation, with its `position`; that of the expectation, without.
    """
    return await _run_behind(db, expect(versions), operations)


async def _run_both(db: Session, expected: Operation[None], operation: Operation[A]) -> A:
    try:
        [answer] = await _run_behind(db, expected, [operation])
    except Problem as problem:
        problem.position = None  # the client knows of one
        raise
    return answer


async def _run_behind(
    db: Session, expected: Operation[None], operations: Sequence[Operation[A]]
) -> list[A]:
    all_: list[Operation[Any]] = [expected, *operations]
    try:
        found = await db.run_all(all_, atomic=True)
    except Problem as problem:
        if problem.position is not None:
            problem.position = problem.position - 1 if problem.position else None
        raise
    return cast("list[A]", found[1:])
