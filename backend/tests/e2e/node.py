"""Programs of Node, with the packages that a folder's lock file pins."""

import fcntl
import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

from scripts.demo.application import is_installed, note_installed

HERE = Path(__file__).parent
_SECONDS = 300


def find(name: str) -> str:
    """The path of `node`, `npm` or `npx`.

    Raises:
        FileNotFoundError: saying what is needed.
    """
    found = shutil.which(name)
    if not found:
        raise FileNotFoundError(f"{name}: the end-to-end tests need Node 20 or newer with npm")
    return found


def install(package: Path) -> None:
    """Install what the lock file of a folder pins, unless it is installed already."""
    with (package / "package-lock.json").open() as held:
        # Parallel test processes wait here for the first of them, and for a `make demo`.
        fcntl.flock(held, fcntl.LOCK_EX)
        if not is_installed(package):
            subprocess.run([find("npm"), "ci"], cwd=package, check=True)
            note_installed(package)


def run(*command: object, directory: Path, **environment: str) -> str:
    """What a program prints, if it ends well; its name and arguments are text or paths."""
    done = subprocess.run(
        list(map(str, command)),
        cwd=directory,
        env={**os.environ, **environment},
        timeout=_SECONDS,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def report(script: Path, **argument: Any) -> dict[str, Any]:
    """The JSON object that a script prints, given this one; its folder is installed first."""
    install(script.parent)
    printed = run(find("node"), script, json.dumps(argument), directory=script.parent)
    seen: dict[str, Any] = json.loads(printed)
    return seen
