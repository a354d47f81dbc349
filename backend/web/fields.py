"""Header fields (RFC 9110): reading them, and entity tags of versions."""

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from starlette.types import Scope

# What a proxy makes of a tag when it compresses the answer: weak (nginx, Cloudflare, Envoy), or
# with the coding in it (Apache, Caddy, lighttpd) or behind it (Apache 2.2), after one dash or two
# (Jetty).
_CODING = "--?(?:x-)?(?:gzip|br|zstd|deflate)"
_NUMBER = "(?:0|[1-9][0-9]{0,17})"
_OWN_TAG = re.compile(
    rf'(?:W/)?"((?P<version>{_NUMBER})(?:\.{_NUMBER}){{0,9}})(?:{_CODING})?"(?:{_CODING})?'
)


IF_MATCH: Final = "If-Match"
IF_NONE_MATCH: Final = "If-None-Match"


def header(scope: Scope, name: bytes) -> str | None:
    """The value of a (lower-case) header field; several are one list (section 5.3)."""
    found: str | None = None
    for key, value in scope["headers"]:
        if key == name:
            text = value.decode("latin-1")
            found = text if found is None else f"{found}, {text}"
    return found


def answered_by(scope: Scope) -> str:
    """The id of the request whose answer this is: an earlier one's when its answer is repeated."""
    earlier: str | None = scope.get("answers_as")
    own: str = scope["request_id"]
    return earlier or own


def etag(version: int | str) -> str:
    """The strong entity tag of a version.

    What an answer shows besides may follow the version, in numbers with dots between; `If-Match`
    goes by the version alone.
    """
    return f'"{version}"'


def versions(if_match: str | None) -> tuple[int, ...] | None:
    """The versions that `If-Match` allows (section 13.1.1); None when any will do.

    What a tag has behind its version does not count: one of a list names the state of all that its
    user has, whatever of it was asked.

    Tags that are not ours never match, so the write is refused. Weak ones that are match like the
    others, unlike there: docs/decisions/0026-weak-tags.md.
    """
    if if_match is None or if_match.strip() == "*":
        return None
    return tuple(int(tag["version"]) for tag in _own(if_match))


class Known(NamedTuple):
    """What a client has already.

    Attributes:
        any: Whether it asks for nothing if there is anything.
        tags: The versions that it has, each with what else its answer showed.
    """

    any: bool = False
    tags: tuple[str, ...] = ()

    def has(self, version: int | str) -> bool:
        """Whether this version is no news to it."""
        return self.any or str(version) in self.tags

    def states(self, asked: int) -> tuple[int, ...]:
        """The states of which it has the answer to what was `asked`."""
        if not self.tags:
            return ()
        pairs = (tag.partition(".") for tag in self.tags)
        return tuple(int(state) for state, _, rest in pairs if rest == str(asked))


NOTHING: Final = Known()


def known(if_none_match: str | None) -> Known:
    """What `If-None-Match` says that the client has (section 13.1.2), weak tags included."""
    if if_none_match is None:
        return NOTHING
    if if_none_match.strip() == "*":
        return Known(any=True)
    return Known(tags=tuple(tag[1] for tag in _own(if_none_match)))


def _own(tags: str) -> Iterator[re.Match[str]]:
    """Those tags in a list that name a version, however a proxy dressed them."""
    for tag in tags.split(","):
        match = _OWN_TAG.fullmatch(tag.strip())
        if match:
            yield match
