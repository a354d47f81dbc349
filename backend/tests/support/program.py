"""Duly as `duly serve` runs it: its own process, its own workers, its log in a file."""

import json
import os
import signal
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2

from backend.config import Settings
from backend.tests.support.processes import NO_TLS, Program, started

DULY = str(Path(sys.executable).with_name("duly"))
# Only these pass through: a setting in the developer's shell must not change the outcome.
_INHERITED = ("HOME", "LANG", "PATH", "TMPDIR")


class ServedProgram:
    """A running `duly serve`.

    Attributes:
        port: Where it listens.
        url: Its origin.
    """

    def __init__(self, port: int, program: Program) -> None:
        self.port = port
        self.url = f"http://127.0.0.1:{port}"
        self._program = program
        self.wait_for = program.wait_for

    @property
    def pid(self) -> int:
        """The parent of the workers."""
        return self._program.pid

    def stop_by(self, by: signal.Signals) -> None:
        """Tell it to stop, and do not wait until it has."""
        os.kill(self.pid, by)

    def output(self) -> str:
        """All that it has written so far."""
        return self._program.output()

    def find_log(self, **members: object) -> dict[str, Any]:
        """The log line with these members, as soon as it is there."""

        def find() -> dict[str, Any] | None:
            matching = (line for line in self.log() if members.items() <= line.items())
            return next(matching, None)

        return self.wait_for(find)

    def log(self) -> list[dict[str, Any]]:
        """Every whole line that it has logged so far."""
        lines = self.output().split("\n")[:-1]
        return [json.loads(line) for line in lines if line.startswith("{")]


@contextmanager
def serve(
    settings: Settings, directory: Path, *, first: str = "", **changes: str
) -> Iterator[ServedProgram]:
    """Run `duly serve` with `settings` and more environment variables, after a shell command."""
    port = free_port()
    variables = {**environment(settings), "PORT": str(port), **changes}
    command = [DULY, "serve"]
    if first:
        command = ["sh", "-c", f'{first} && exec "$0" "$@"', *command]
    with started(Program("duly", command, variables, directory)) as program:
        served = ServedProgram(port, program)
        with httpx2.Client(base_url=served.url, verify=NO_TLS, trust_env=False) as client:
            program.wait_for(lambda: is_ready(client))
        yield served


def free_port() -> int:
    """A port of loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def environment(settings: Settings) -> dict[str, str]:
    """The environment variables that say what `settings` does."""
    assert settings.database_url
    variables = {name: os.environ[name] for name in _INHERITED if name in os.environ}
    return {
        **variables,
        "ENVIRONMENT": settings.environment,
        "DATABASE_URL": settings.database_url.get_secret_value(),
        "AUTH_JWKS_URL": settings.auth_jwks_url or "",
        "AUTH_ISSUER": settings.issuer,
        "AUTH_AUDIENCE": ",".join(settings.audiences),
        "CORS_ORIGINS": ",".join(settings.cors_origins),
        "RATE_LIMIT": settings.rate_limit,
        "WORKERS": "2",
    }


def is_ready(client: httpx2.Client) -> bool | None:
    """True when it is; None when it is not, or does not answer."""
    try:
        return client.get("/readyz").is_success or None
    except httpx2.TransportError:
        return None
