"""Header fields (RFC 9110): reading them, and entity tags of versions."""

import re

from starlette.types import Scope

_OWN_TAG = re.compile(r'"([0-9]{1,18})"')


def header(scope: Scope, name: bytes) -> str | None:
    """The value of a (lower-case) header field; several are one list (section 5.3)."""
    found: str | None = None
    for key, value in scope["headers"]:
        if key == name:
            text = value.decode("latin-1")
            found = text if found is None else f"{found}, {text}"
    return found


def etag(version: int) -> str:
    """The strong entity tag of a version."""
    return f'"{version}"'


def versions(if_match: str | None) -> tuple[int, ...] | None:
    """The versions that `If-Match` allows (section 13.1.1); None when any will do.

    Weak tags and tags that are not ours never match (strong comparison), so the write is refused.
    """
    if if_match is None or if_match.strip() == "*":
        return None
    tags = (_OWN_TAG.fullmatch(tag.strip()) for tag in if_match.split(","))
    return tuple(int(tag[1]) for tag in tags if tag)


def known_tags(if_none_match: str | None) -> frozenset[str]:
    """The entity tags of `If-None-Match` (section 13.1.2), compared weakly; `*` stands for all."""
    if if_none_match is None:
        return frozenset()
    return frozenset(tag.strip().removeprefix("W/") for tag in if_none_match.split(","))
