"""Prints the oldest and the newest Python that this machine has, from 3.11 on, a line each."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

# The links of a virtual environment are followed, so that it is not taken for another Python.
PROBE = "import os, sys; print(sys.version_info >= (3, 11) and sys.version_info.releaselevel)"
PROBE += "; print(*sys.version_info[:3]); print(os.path.realpath(sys.executable))"


def candidates() -> Iterator[Path]:
    """What is on the PATH, and behind the shims of pyenv, most of which start nothing."""
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    for folder in [*map(Path, os.get_exec_path()), *pyenv.glob("versions/*/bin")]:
        yield from (path for path in folder.glob("python3*") if re.search(r"3(\.\d+)?$", path.name))


def main() -> None:
    """Ask each candidate what it is."""
    found = {}
    for path in candidates():
        asked = [str(path), "-I", "-c", PROBE]
        answer = subprocess.run(asked, capture_output=True, text=True, check=False)
        if answer.returncode == 0:
            level, version, executable = answer.stdout.splitlines()
            if level == "final":
                found[tuple(map(int, version.split()))] = executable
    if not found:
        sys.exit("Install Python 3.11 or newer: none is on the PATH.")
    for number in sorted({min(found), max(found)}):
        print(found[number])


if __name__ == "__main__":
    main()
