"""Plays the session that the README shows, with the program that it describes."""

import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx2

from backend.tests.support.processes import NO_TLS, Program, started

_SESSION = re.compile(r"^<!-- session.*?-->\n```console\n(.*?)^```", re.DOTALL | re.MULTILINE)
_LEFT_OUT = "…"
_END = "-- the end of this command --"
# Only these pass through: a setting in the developer's shell must not change the outcome.
_INHERITED = ("HOME", "LANG", "PATH", "TMPDIR")


@dataclass(frozen=True)
class Step:
    """One command and the output that the README shows for it."""

    command: str
    expected: str

    def describes(self, output: str) -> bool:
        """Whether the output is the expected one, anything standing where something is left out."""
        parts = (re.escape(part) for part in self.expected.split(_LEFT_OUT))
        return re.fullmatch(".*".join(parts), output.strip(), re.DOTALL) is not None


@dataclass(frozen=True)
class Served:
    """A `duly serve` as a newcomer starts it.

    Attributes:
        greeting: What it said when it was up.
    """

    origin: str
    directory: Path
    environment: dict[str, str]
    greeting: str = ""


def read_session(text: str) -> list[Step]:
    """The steps of the marked session of a page."""
    found = _SESSION.search(text)
    assert found, "the page has no marked session"
    chunks = re.split(r"^\$ ", found[1], flags=re.MULTILINE)[1:]
    return [_step(chunk) for chunk in chunks]


def _step(chunk: str) -> Step:
    lines = chunk.strip().split("\n")
    length = 1
    while lines[length - 1].endswith("\\"):
        length += 1
    command = [line.removeprefix("> ") for line in lines[:length]]
    return Step("\n".join(command), "\n".join(lines[length:]))


@contextmanager
def serve_for_development(database: str, directory: Path) -> Iterator[Served]:
    """Serve with nothing configured but a free port and that database."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {name: os.environ[name] for name in _INHERITED if name in os.environ}
    environment |= {"DATABASE_URL": database, "PORT": str(port), "WORKERS": "1", "NO_PROXY": "*"}
    # Where the README's commands look for the programs.
    (directory / ".venv").symlink_to(Path(sys.executable).parents[1])
    origin = f"http://127.0.0.1:{port}"
    duly = str(directory / ".venv" / "bin" / "duly")
    with started(Program("duly", [duly, "serve"], environment, directory)) as program:
        with httpx2.Client(base_url=origin, verify=NO_TLS, trust_env=False) as client:
            program.wait_for(lambda: _alive(client))
        greeting = program.wait_for(lambda: _greeting(program.output()))
        yield Served(origin, directory, environment, greeting)


def play(steps: Sequence[Step], served: Served) -> list[str]:
    """Run the steps in one shell; the output of each."""
    lines = [f"{step.command}\necho; echo '{_END}'" for step in steps]
    script = "\n".join(lines).replace("http://127.0.0.1:8000", served.origin)
    done = subprocess.run(
        ["sh", "-eu", "-c", script],
        env=served.environment,
        cwd=served.directory,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.replace("\r\n", "\n").split(f"{_END}\n")[:-1]


def _alive(client: httpx2.Client) -> bool | None:
    try:
        return client.get("/livez").is_success or None
    except httpx2.TransportError:
        return None


def _greeting(output: str) -> str | None:
    """All of it, once it is there: it ends with an empty line."""
    text, end, _ = output.partition("\n\n\n")
    return text if end else None
