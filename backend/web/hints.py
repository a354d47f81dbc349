"""What a path that leads nowhere was probably meant to be."""

import re
from collections.abc import Iterable
from typing import Final

# What many interfaces have in their paths, and this one has not.
_NOISE: Final = re.compile(r"api|rest|v\d+(\.\d+)*|users?", re.IGNORECASE)
_ELSEWHERE: Final = {
    **dict.fromkeys(("todo", "item"), "task"),
    **dict.fromkeys(("health", "healthz", "alive", "live", "ping"), "livez"),
    **dict.fromkeys(("ready", "readines"), "readyz"),
    **dict.fromkeys(("swagger", "swagger-ui", "redoc"), "doc"),
    **dict.fromkeys(("openapi", "swagger.json", "api-doc"), "openapi.json"),
}
_LONGEST: Final = 8  # segments


def is_noise(segment: str) -> bool:
    """Whether a segment is one that other interfaces have: a version, say."""
    return bool(_NOISE.fullmatch(segment))


class Hints:
    """The paths of the service, by what is left of them when spelling does not count.

    Args:
        paths: Templates such as `/api/tasks/{task_id}`.
    """

    def __init__(self, paths: Iterable[str]) -> None:
        fixed_first = sorted(paths, key=lambda path: (path.count("{"), path))
        self._known = [(_words(path), path) for path in fixed_first]

    def find(self, path: str) -> str | None:
        """The template that comes nearest to a path; nothing of the path itself is in it."""
        asked = _words(path)
        if not asked:
            return None
        for known, template in self._known:
            if len(known) == len(asked) and all(map(_fits, asked, known)):
                return template
        return None


def _words(path: str) -> list[str]:
    """The segments that say something, in the singular and in lower case."""
    segments = [each.lower() for each in path.split("/", _LONGEST) if each]
    words = [each if each[0] == "{" else each.removesuffix("s") for each in segments]
    return [_ELSEWHERE.get(each, each) for each in words if not _NOISE.fullmatch(each)]


def _fits(asked: str, known: str) -> bool:
    return known[0] == "{" or asked == known
