"""Duly, as its users run it: `duly migrate` and `duly serve`."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import httpx2

from backend.tests.e2e.better_auth import BetterAuth
from backend.tests.e2e.programs import Program, ProgramError, started

_DULY = str(Path(sys.executable).with_name("duly"))
# Only these pass through: a setting in the developer's shell must not change the outcome.
_INHERITED = ("HOME", "LANG", "PATH", "TMPDIR")


def migrate(database: str, directory: Path) -> None:
    """Create Duly's tables in `database`."""
    done = subprocess.run(
        [_DULY, "migrate"],
        # Not asked for anything; but production does not start without an issuer.
        env=_environment(database, BETTER_AUTH_URL="https://app.example.com"),
        cwd=directory,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise ProgramError(f"duly migrate: exit status {done.returncode}\n{done.stderr}")


@contextmanager
def serve_duly(
    better_auth: BetterAuth, directory: Path, settings: Mapping[str, str] | None = None
) -> Iterator[httpx2.Client]:
    """Run Duly for production on the issuer's database, which has its tables, and give a client.

    Args:
        better_auth: The issuer whose tokens it accepts.
        directory: Where it runs and its output is kept.
        settings: Environment variables of the authentication, `{url}` and `{api}` standing
            for the issuer's; default: `BETTER_AUTH_URL`.
    """
    templates = settings or {"BETTER_AUTH_URL": "{url}"}
    filled = {
        name: value.format(url=better_auth.url, api=better_auth.api)
        for name, value in templates.items()
    }
    port = _free_port()
    environment = _environment(better_auth.database, PORT=str(port), **filled)
    program = Program("duly", [_DULY, "serve"], environment, directory)
    with (
        started(program),
        httpx2.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False) as client,
    ):
        program.wait_for(lambda: _ready(client))
        yield client


def _environment(database: str, **settings: str) -> dict[str, str]:
    inherited = {name: os.environ[name] for name in _INHERITED if name in os.environ}
    served = {"ENVIRONMENT": "production", "HOST": "127.0.0.1", "WORKERS": "1"}
    return {**inherited, **served, "DATABASE_URL": database, **settings}


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _ready(client: httpx2.Client) -> bool | None:
    try:
        return client.get("/readyz").is_success or None
    except httpx2.TransportError:
        return None
