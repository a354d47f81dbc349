"""Conditional requests (RFC 9110, section 13); an ETag is a task's version in quotes."""

from typing import Annotated

from fastapi import Depends, Header

from backend.web import fields


def expected_versions(
    if_match: Annotated[
        str | None, Header(description="Write only if the ETag is one of these.")
    ] = None,
) -> tuple[int, ...] | None:
    """The versions that `If-Match` allows; None when any will do."""
    return fields.versions(if_match)


def known_versions(
    if_none_match: Annotated[
        str | None, Header(description="Answer 304 if the ETag is one of these.")
    ] = None,
) -> frozenset[str]:
    """The entity tags that the client holds (weak comparison); `*` stands for all."""
    return fields.known_tags(if_none_match)


ExpectedVersions = Annotated[tuple[int, ...] | None, Depends(expected_versions)]
KnownVersions = Annotated[frozenset[str], Depends(known_versions)]
