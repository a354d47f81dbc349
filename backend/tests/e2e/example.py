"""examples/nextjs as `make demo` runs it: installed and built once, started for whoever asks."""

import fcntl
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from backend.tests.e2e import node
from backend.tests.support import processes
from backend.tests.support.processes import Program, bare_environment, free_port
from scripts.demo.application import BUILT, EXAMPLE, ROOT, sources

_DEMO = [sys.executable, "-m", "scripts.demo"]
_PATIENCE = 300.0  # seconds; the runner gives up before
# Turbopack talks to a child of its own by TCP, so loopback has to be there.
_WITHOUT_NETWORK = ["unshare", "-rn", "sh", "-c", 'ip link set lo up && exec "$0" "$@"']
# Of which sources the build was made without network.
_PROOF = BUILT.with_name(".without-network")


@dataclass(frozen=True)
class Example:
    """The application with all that it needs, running.

    Attributes:
        frontend: The origin of the application.
        duly: The origin of Duly.
        database: The connection string of the database of both.
        data: Where the runner keeps everything.
        program: The runner: its process, its output.
    """

    frontend: str
    duly: str
    database: str
    data: Path
    program: Program


def built() -> bool:
    """Install and build the application, unless that is done; whether it needed no network.

    It takes a minute, once: whoever asks at the same time waits.
    """
    node.install(EXAMPLE)
    with (EXAMPLE / "package.json").open() as held, folder() as data:
        fcntl.flock(held, fcntl.LOCK_EX)
        wanted = sources()
        if _PROOF.exists() and _PROOF.read_text() == wanted:
            return True
        prepare = [*_DEMO, "--prepare", "--data", str(data)]
        if not _is_without_network():
            _run(*prepare)
            return False
        BUILT.unlink(missing_ok=True)  # it may have had one
        _run(*_WITHOUT_NETWORK, *prepare)
        _PROOF.write_text(wanted)
        return True


def by_itself(options: list[str]) -> list[str]:
    """The runner, without `make`."""
    return [*_DEMO, *options]


def environment(**settings: str) -> dict[str, str]:
    """The environment variables that it is started with."""
    return {**bare_environment(), "PYTHONPATH": str(ROOT), "WORKERS": "1", **settings}


@contextmanager
def started(
    directory: Path,
    *options: str,
    data: Path | None = None,
    by: Callable[[list[str]], list[str]] = by_itself,
    **settings: str,
) -> Iterator[Example]:
    """Run `make demo` on free ports until the end, when all of it answers.

        @pytest.fixture(scope="module")
        def example(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Example]:
            with started(tmp_path_factory.mktemp("example")) as running:
                yield running

    Args:
        directory: Where its output is kept, in `demo.log`.
        options: Of `python -m scripts.demo`: `--dev`, `--seed 200`.
        data: Where its data are, which stay; default: a folder that goes with it.
        by: Makes of its options the command that starts it.
        settings: Environment variables, of Duly (`RATE_LIMIT="off"`) and of the application.
    """
    built()
    with folder() as own:
        place = data or own
        ports = ["--port", str(free_port()), "--duly-port", str(free_port())]
        command = by([*options, *ports, "--data", str(place)])
        program = Program("demo", command, environment(**settings), directory)
        with processes.started(program):
            places = program.wait_for(lambda: noted(place), _PATIENCE)
            yield Example(**places, data=place, program=program)


def noted(data: Path) -> dict[str, str] | None:
    """What the runner has written down when all answered; None before and after."""
    file = data / "running.json"
    text = file.read_text("utf-8") if file.exists() else ""
    places: dict[str, str] | None = json.loads(text) if text else None
    return places


@contextmanager
def folder() -> Iterator[Path]:
    """A folder that PostgreSQL's account may reach, unlike pytest's own."""
    made = Path(tempfile.mkdtemp(prefix="duly-demo-"))
    try:
        yield made
    finally:
        shutil.rmtree(made, ignore_errors=True)


def _is_without_network() -> bool:
    """Whether this machine lets a program have no network."""
    if shutil.which("unshare") is None or shutil.which("ip") is None:
        return False
    return (
        subprocess.run([*_WITHOUT_NETWORK, "true"], capture_output=True, check=False).returncode
        == 0
    )


def _run(*command: str) -> None:
    done = subprocess.run(
        command, cwd=ROOT, env=dict(os.environ), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
