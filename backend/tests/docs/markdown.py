"""The documents of the project, and what in them is code."""

import re
from collections.abc import Iterator
from pathlib import Path

from backend.tests.docs.pages import ROOT

_NOT_OURS = {"node_modules", "build", "dist"}
_FENCE = re.compile(r"^```(\w*)\n(.*?)^```", re.DOTALL | re.MULTILINE)
_SPAN = re.compile(r"`([^`\n]+)`")


def _documents() -> Iterator[Path]:
    for path in ROOT.rglob("*.md"):
        parts = path.relative_to(ROOT).parts
        if not any(part.startswith(".") or part in _NOT_OURS for part in parts):
            yield path


DOCUMENTS = {str(path.relative_to(ROOT)): path.read_text("utf-8") for path in sorted(_documents())}
"""The text of each page, by its path from the root."""


def prose(text: str) -> str:
    """A page without its blocks of code."""
    return _FENCE.sub("", text)


def blocks(text: str, kind: str | None = None) -> list[str]:
    """Its blocks of code, or those of one language."""
    return [body for named, body in _FENCE.findall(text) if kind in (None, named)]


def spans(text: str) -> list[str]:
    """What stands in backticks within its lines."""
    return _SPAN.findall(prose(text))
