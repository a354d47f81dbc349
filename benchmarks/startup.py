"""How long `duly serve` takes to its first answer with the database up, and how big it all is."""

import argparse
import os
import statistics
import subprocess
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

from benchmarks.harness import pythons
from benchmarks.harness.people import Size
from benchmarks.harness.places import DULY_BIN
from benchmarks.harness.stage import set_stage
from benchmarks.harness.systems.duly import Duly

_MOST_SECONDS = 1.5


def main() -> None:
    """Print the medians."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.startup", description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--without-size", action="store_true", help="install nothing")
    options = parser.parse_args()
    print(pythons.line(DULY_BIN))
    with ExitStack() as stack:
        duly = Duly(set_stage(stack, Size(users=10, tasks=50)))
        duly.prepare()
        starts = [_seconds_to_first_answer(duly) for _ in range(options.rounds)]
    imports = [_seconds_to_import() for _ in range(options.rounds)]
    first = statistics.median(starts)
    verdict = "met" if first <= _MOST_SECONDS else "missed"
    print(
        f"`duly serve` to its first answer, ready: {first:.2f} s (≤ {_MOST_SECONDS} s: {verdict})"
    )
    print(f"import of the application: {statistics.median(imports):.2f} s")
    if not options.without_size:
        print(f"installed environment, without what development needs: {_megabytes():.0f} MB")


def _seconds_to_first_answer(duly: Duly) -> float:
    began = time.monotonic()
    duly.start()  # returns when `/readyz` says that database and keys are there
    took = time.monotonic() - began
    duly.stop()
    return took


def _seconds_to_import() -> float:
    began = time.monotonic()
    subprocess.run([DULY_BIN / "python", "-c", "import backend.main"], check=True)
    return time.monotonic() - began


def _megabytes() -> float:
    """Of an environment made for this from the lock file."""
    with tempfile.TemporaryDirectory(prefix="duly-environment-") as directory:
        environment = {**os.environ, "UV_PROJECT_ENVIRONMENT": directory, "UV_LINK_MODE": "copy"}
        sync = [str(DULY_BIN / "uv"), "sync", "--quiet", "--locked", "--no-dev", "--no-editable"]
        subprocess.run(sync, check=True, env=environment, cwd=DULY_BIN.parents[1])
        files = (path for path in Path(directory).rglob("*") if not path.is_symlink())
        return sum(path.stat().st_size for path in files if path.is_file()) / 1e6


if __name__ == "__main__":
    main()
