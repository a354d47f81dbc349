"""Conditional requests (RFC 9110, section 13); an ETag is a task's version in quotes."""

import re
from typing import Annotated

from fastapi import Depends, Header

_OWN_TAG = re.compile(r'"([0-9]{1,18})"')


def etag(version: int) -> str:
    """The strong entity tag of a version."""
    return f'"{version}"'


def expected_versions(
    if_match: Annotated[
        str | None, Header(description="Write only if the ETag is one of these.")
    ] = None,
) -> tuple[int, ...] | None:
    """The versions that `If-Match` allows; None when any will do.

    Weak tags and tags that are not ours never match (strong comparison), so the write is refused.
    """
    if if_match is None or if_match.strip() == "*":
        return None
    tags = (_OWN_TAG.fullmatch(tag.strip()) for tag in if_match.split(","))
    return tuple(int(tag[1]) for tag in tags if tag)


def known_versions(
    if_none_match: Annotated[
        str | None, Header(description="Answer 304 if the ETag is one of these.")
    ] = None,
) -> frozenset[str]:
    """The entity tags that the client holds (weak comparison); `*` stands for all."""
    if if_none_match is None:
        return frozenset()
    return frozenset(tag.strip().removeprefix("W/") for tag in if_none_match.split(","))


ExpectedVersions = Annotated[tuple[int, ...] | None, Depends(expected_versions)]
KnownVersions = Annotated[frozenset[str], Depends(known_versions)]
