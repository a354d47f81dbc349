"""The example as an application of Next.js: its packages as locked, and its build."""

import fcntl
import hashlib
import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from scripts.demo.parts import DemoFailed, Parts, say

ROOT: Final = Path(__file__).parents[2]
EXAMPLE: Final = ROOT / "examples" / "nextjs"
NEXT: Final = EXAMPLE / "node_modules" / "next" / "dist" / "bin" / "next"
# Which sources the build is of.
BUILT: Final = EXAMPLE / ".next" / ".built"
_CLIENT: Final = ROOT / "clients" / "typescript" / "src"
# What is not the application, or made of it.
_NOT_BUILT: Final = {".next", "node_modules", "tests", "README.md", "next-env.d.ts"}


def check_node() -> None:
    """See that Node and npm are there, and new enough.

    Raises:
        DemoFailed: when they are not.
    """
    wanted = json.loads((EXAMPLE / "package.json").read_text("utf-8"))["engines"]["node"][2:]
    needed = f"The demo needs Node {wanted} or newer with npm (https://nodejs.org)"
    for program in ("node", "npm"):
        if shutil.which(program) is None:
            raise DemoFailed(f"{needed}: there is no `{program}` on the PATH.")
    said = subprocess.run(["node", "--version"], capture_output=True, text=True, check=False).stdout
    if _numbers(said) < _numbers(wanted):
        raise DemoFailed(f"{needed}: this one is {said.strip().removeprefix('v')}.")


def make_ready(parts: Parts, *, build: bool) -> None:
    """Install what the lock file says, and build what has changed since.

    Raises:
        Told, DemoFailed: when it was not done.
    """
    with _alone(parts):
        if not is_installed(EXAMPLE):
            say("Installing the packages of the application, which takes a minute or so…")
            if parts.run("npm", ["npm", "ci", "--no-audit", "--no-fund"], EXAMPLE, environment()):
                raise DemoFailed(
                    "`npm ci` did not work, and what it said is above: it needs the npm registry, "
                    "this once. With a network, run `make demo` again."
                )
            note_installed(EXAMPLE)
        if build:
            _build(parts)


def _build(parts: Parts) -> None:
    wanted = sources()
    if BUILT.exists() and BUILT.read_text() == wanted:
        return
    say("Building the application, which takes a minute or so…")
    BUILT.unlink(missing_ok=True)
    if parts.run("build", ["node", NEXT, "build"], EXAMPLE, environment()):
        raise DemoFailed("`next build` did not work: what it said is above.")
    BUILT.write_text(wanted)


def environment() -> dict[str, str]:
    """The environment of Node's programs: what they are told of Next's mode is for others."""
    kept = {name: value for name, value in os.environ.items() if name != "NODE_ENV"}
    return {**kept, "NEXT_TELEMETRY_DISABLED": "1"}


def is_installed(package: Path) -> bool:
    """Whether `node_modules` is what the lock file of a folder says."""
    stamp = _stamp(package)
    return stamp.exists() and stamp.read_text() == _digest(package / "package-lock.json")


def note_installed(package: Path) -> None:
    """Take note that it is."""
    _stamp(package).write_text(_digest(package / "package-lock.json"))


def _stamp(package: Path) -> Path:
    return package / "node_modules" / ".installed"


def sources() -> str:
    """What the build is made of, as one digest."""
    roots = [each for each in EXAMPLE.iterdir() if each.name not in _NOT_BUILT]
    files = [file for each in (*roots, _CLIENT) for file in (each, *each.rglob("*"))]
    named = sorted((str(file.relative_to(ROOT)), file) for file in files if file.is_file())
    told = [f"{name} {_digest(file)}" for name, file in named if file.suffix != ".tsbuildinfo"]
    return hashlib.sha256("\n".join(told).encode()).hexdigest()


def _digest(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


@contextmanager
def _alone(parts: Parts) -> Iterator[None]:
    """Nobody else installs or builds meanwhile; the end tests lock the same file."""
    with (EXAMPLE / "package-lock.json").open() as lock:
        is_told = False
        while not _locked(lock.fileno()):
            if not is_told:
                say("Somebody else installs or builds the application: waiting…")
                is_told = True
            parts.look(0.2)
        yield


def _locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _numbers(version: str) -> list[int]:
    return [int(each) for each in re.findall(r"\d+", version)]
