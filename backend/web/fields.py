"""Header fields (RFC 9110): reading them, and entity tags of versions."""

import re
from collections.abc import Iterator

from starlette.types import Scope

# What a proxy makes of a tag when it compresses the answer: weak (nginx, Cloudflare, Envoy), or
# with the coding in it (Apache, Caddy, lighttpd) or behind it (Apache 2.2), after one dash or two
# (Jetty).
_CODING = "--?(?:x-)?(?:gzip|br|zstd|deflate)"
_OWN_TAG = re.compile(rf'(?:W/)?"([0-9]{{1,18}})(?:{_CODING})?"(?:{_CODING})?')


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

    Tags that are not ours never match, so the write is refused. Weak ones that are match like the
    others, unlike there: docs/decisions/0026-weak-tags.md.
    """
    if if_match is None or if_match.strip() == "*":
        return None
    return tuple(map(int, _own(if_match)))


def known_tags(if_none_match: str | None) -> frozenset[str]:
    """The entity tags of `If-None-Match` (section 13.1.2) that are ours; `*` stands for all."""
    if if_none_match is None:
        return frozenset()
    if if_none_match.strip() == "*":
        return frozenset({"*"})
    return frozenset(f'"{version}"' for version in _own(if_none_match))


def _own(tags: str) -> Iterator[str]:
    """The digits of those tags in a list that name a version, however a proxy dressed them."""
    for tag in tags.split(","):
        match = _OWN_TAG.fullmatch(tag.strip())
        if match:
            yield match[1]
