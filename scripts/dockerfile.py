"""Reads a Dockerfile and its `.dockerignore`; what `scripts.image` would not carry out is an error.

Of the language (Docker's "Dockerfile reference") it knows what deploy/Dockerfile uses: no heredocs,
no `ONBUILD`, no `SHELL`, no escapes but the backslash at a line's end.
"""

import json
import re
import shlex
from collections.abc import Mapping
from fnmatch import fnmatch
from typing import Final, NamedTuple

_SAID: Final = {"CMD", "ENTRYPOINT", "EXPOSE", "HEALTHCHECK", "STOPSIGNAL"}
_DONE: Final = {"ARG", "COPY", "ENV", "FROM", "RUN", "USER", "WORKDIR"}
_FLAG = re.compile(r"--([\w-]+)=(\S+)\s+")


class Instruction(NamedTuple):
    """One of them: `COPY --from=build /opt/duly /opt/duly`."""

    name: str
    flags: dict[str, str]
    text: str

    def words(self) -> list[str]:
        """Its arguments: those of the JSON list, or as a shell would split them."""
        if not self.text.startswith("["):
            return shlex.split(self.text)
        listed: list[str] = json.loads(self.text)
        return listed


class Stage(NamedTuple):
    """What stands between two FROMs.

    Attributes:
        base: An image, or the name of an earlier stage.
        name: Its own, "" without one.
        instructions: All but the FROM.
    """

    base: str
    name: str
    instructions: tuple[Instruction, ...]


def read(text: str) -> list[Stage]:
    """The stages of a Dockerfile.

    Raises:
        ValueError: for an instruction that nobody here carries out.
    """
    stages: list[Stage] = []
    kept = "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("#"))
    for line in re.sub(r"\s*\\\n\s*", " ", kept).splitlines():
        if not line.strip():
            continue
        each = _instruction(line)
        if each.name == "FROM":
            base, _, name = each.text.partition(" AS ")
            stages.append(Stage(base.strip(), name.strip(), ()))
        else:
            last = stages.pop()
            stages.append(last._replace(instructions=(*last.instructions, each)))
    return stages


def _instruction(line: str) -> Instruction:
    name, _, rest = line.strip().partition(" ")
    if name not in _SAID | _DONE:
        raise ValueError(f"scripts/image.py does not know {name}: {line}")
    flags = {}
    while found := _FLAG.match(rest):
        flags[found[1]] = found[2]
        rest = rest[found.end() :]
    return Instruction(name, flags, rest.strip())


def expanded(text: str, variables: Mapping[str, str]) -> str:
    """A text with `$NAME` and `${NAME}` filled in, nothing for those that are not set."""
    return re.sub(r"\$(?:(\w+)|\{(\w+)\})", lambda m: variables.get(m[1] or m[2], ""), text)


def is_ignored(path: str, patterns: str) -> bool:
    """Whether a `.dockerignore` keeps a file out of the build; the last line that fits decides.

    Args:
        path: From the folder of the build.
        patterns: The text of the `.dockerignore`.
    """
    folders = path.split("/")
    names = ["/".join(folders[:end]) for end in range(1, len(folders) + 1)]
    ignored = False
    for line in patterns.splitlines():
        pattern = line.strip().removeprefix("!").strip("/")
        if pattern and not pattern.startswith("#") and any(_fits(name, pattern) for name in names):
            ignored = not line.startswith("!")
    return ignored


def _fits(name: str, pattern: str) -> bool:
    """As Go's `filepath.Match`: a star stays within a folder, two cross them."""
    if pattern.startswith("**/"):
        return any(
            _fits(name.split("/", skip)[-1], pattern[3:]) for skip in range(name.count("/") + 1)
        )
    parts, wanted = name.split("/"), pattern.split("/")
    return len(parts) == len(wanted) and all(map(fnmatch, parts, wanted))
