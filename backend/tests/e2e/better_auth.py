"""A real Better Auth, as a program on a free port."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from backend.tests.e2e import node
from backend.tests.support.processes import Program, started

PACKAGE = Path(__file__).with_name("better-auth")
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
    node.install(PACKAGE)
    argument = json.dumps({"database": database, **mode})
    command = [node.find("node"), str(PACKAGE / "server.mjs"), argument]
    program = Program("better-auth", command, {**os.environ, **_ENVIRONMENT}, directory)
    with started(program):
        url = program.wait_for(lambda: _printed_url(program.output()))
        path = mode.get("auth", {}).get("basePath", "/api/auth")
        yield BetterAuth(url, url + path, database)


def _printed_url(output: str) -> str | None:
    lines = [line for line in output.splitlines(keepends=True) if line.startswith('{"url":')]
    return json.loads(lines[0])["url"] if lines and lines[0].endswith("\n") else None
