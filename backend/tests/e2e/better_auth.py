"""A real Better Auth, as a program on a free port."""

import fcntl
import hashlib
import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from backend.tests.support.processes import Program, started

_PACKAGE = Path(__file__).with_name("better-auth")
_ENVIRONMENT = {"BETTER_AUTH_TELEMETRY": "0", "NO_COLOR": "1"}


@dataclass(frozen=True)
class BetterAuth:
    """A running issuer.

    Attributes:
        url: Its origin, the `BETTER_AUTH_URL` of its frontend.
        api: Where its endpoints are.
        database: The connection string of its database.
    """

    url: str
    api: str
    database: str


@contextmanager
def serve_better_auth(database: str, directory: Path, **mode: Any) -> Iterator[BetterAuth]:
    """Run a Better Auth on `database`; `mode` is any JSON that server.mjs understands."""
    install()
    argument = json.dumps({"database": database, **mode})
    command = [_find("node"), str(_PACKAGE / "server.mjs"), argument]
    program = Program("better-auth", command, {**os.environ, **_ENVIRONMENT}, directory)
    with started(program):
        url = program.wait_for(lambda: _printed_url(program.output()))
        path = mode.get("auth", {}).get("basePath", "/api/auth")
        yield BetterAuth(url, url + path, database)


def install() -> None:
    """Install what package-lock.json pins, unless it is installed already."""
    lock = _PACKAGE / "package-lock.json"
    stamp = _PACKAGE / "node_modules" / ".installed"
    wanted = hashlib.sha256(lock.read_bytes()).hexdigest()
    with lock.open() as held:
        # Parallel test processes wait here for the first of them.
        fcntl.flock(held, fcntl.LOCK_EX)
        if not stamp.exists() or stamp.read_text() != wanted:
            subprocess.run([_find("npm"), "ci"], cwd=_PACKAGE, check=True)
            stamp.write_text(wanted)


def _find(name: str) -> str:
    found = shutil.which(name)
    if not found:
        raise FileNotFoundError(f"{name}: the end-to-end tests need Node 20 or newer with npm")
    return found


def _printed_url(output: str) -> str | None:
    lines = [line for line in output.splitlines(keepends=True) if line.startswith('{"url":')]
    return json.loads(lines[0])["url"] if lines and lines[0].endswith("\n") else None
