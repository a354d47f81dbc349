"""Duly, as its users run it: `duly migrate`, `duly serve` and `duly doctor`."""

import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import httpx2

from backend.tests.e2e.better_auth import BetterAuth
from backend.tests.support.people import NO_TLS
from backend.tests.support.processes import (
    Program,
    ProgramError,
    bare_environment,
    free_port,
    started,
)

_DULY = str(Path(sys.executable).with_name("duly"))
_SECONDS = 60


def migrate(database: str, directory: Path) -> None:
    """Create Duly's tables in `database`."""
    # Nobody is asked there; but production accepts no settings without an issuer.
    environment = _environment(database, BETTER_AUTH_URL="https://app.example.com")
    _run(["migrate"], environment, directory)


def diagnose(better_auth: BetterAuth, token: str, directory: Path) -> str:
    """What `duly doctor` says about this deployment and this token, if it finds no fault."""
    environment = _environment(better_auth.database, BETTER_AUTH_URL=better_auth.url)
    return _run(["doctor", "--token", "-"], environment, directory, given=token)


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
    port = str(free_port())
    environment = _environment(better_auth.database, PORT=port, **filled)
    program = Program("duly", [_DULY, "serve"], environment, directory)
    url = f"http://127.0.0.1:{port}"
    with started(program), httpx2.Client(base_url=url, trust_env=False, verify=NO_TLS) as client:
        program.wait_for(lambda: _ready(client))
        yield client


def _environment(database: str, **settings: str) -> dict[str, str]:
    served = {"ENVIRONMENT": "production", "HOST": "127.0.0.1", "WORKERS": "1", "RATE_LIMIT": "off"}
    return {**bare_environment(), **served, "DATABASE_URL": database, **settings}


def _run(
    arguments: list[str], environment: dict[str, str], directory: Path, given: str = ""
) -> str:
    done = subprocess.run(
        [_DULY, *arguments],
        input=given,
        env=environment,
        cwd=directory,
        timeout=_SECONDS,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        said = f"{done.stdout}\n{done.stderr}"
        raise ProgramError(f"duly {arguments[0]} ended with {done.returncode}\n{said}")
    return done.stdout


def _ready(client: httpx2.Client) -> bool | None:
    try:
        return client.get("/readyz").is_success or None
    except httpx2.TransportError:
        return None
