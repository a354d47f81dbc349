"""Conditional requests (RFC 9110, section 13); an ETag is a version in quotes."""

from typing import Annotated, Any, Final

from fastapi import Depends, Header

from backend.web import fields


def expected_versions(
    if_match: Annotated[
        str | None, Header(description="Write only if the ETag is one of these.")
    ] = None,
) -> tuple[int, ...] | None:
    """The versions that `If-Match` allows; None when any will do."""
    return fields.versions(if_match)


def known(
    if_none_match: Annotated[
        str | None, Header(description="Answer 304 if the ETag is one of these.")
    ] = None,
) -> fields.Known:
    """What the client has already (weak comparison)."""
    return fields.known(if_none_match)


ExpectedVersions = Annotated[tuple[int, ...] | None, Depends(expected_versions)]
Known = Annotated[fields.Known, Depends(known)]

UNCHANGED: Final[dict[int | str, dict[str, Any]]] = {
    304: {"description": "The client's copy is current."}
}
"""For the document of a route that takes `Known`."""
