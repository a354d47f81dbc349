"""What roots made on this machine take over from it, and the steps of making them."""

import os
import re
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[1]
_PASSED_ON = re.compile(r"(PIP|UV|SSL|REQUESTS)_\w+|\w+_proxy", re.IGNORECASE)
_PIP = ("/etc/pip.conf", "/root/.pip/pip.conf", "/root/.config/pip/pip.conf")


def demand_root() -> None:
    """Exit with a sentence where a root can be neither made nor entered."""
    if os.geteuid() != 0 or shutil.which("debootstrap") is None:
        sys.exit("Run this as root, with debootstrap installed (apt-get install debootstrap).")


def mirror() -> str:
    """The first Debian mirror of this machine's sources, in either of apt's two formats."""
    for file in (Path("/etc/apt/sources.list"), *sorted(Path("/etc/apt/sources.list.d").glob("*"))):
        if file.suffix in {".list", ".sources"} and file.is_file():
            found = re.search(
                r"^(?:URIs:\s*|deb\s+(?:\[.*?\]\s*)?)(\S+/debian/?)(?:\s|$)",
                file.read_text("utf-8"),
                re.MULTILINE,
            )
            if found:
                return found[1]
    sys.exit("Name a Debian mirror in /etc/apt/sources.list: there is none to install from.")


def package_variables() -> dict[str, str]:
    """The variables that say where packages come from, proxies and certificates included."""
    return {name: value for name, value in os.environ.items() if _PASSED_ON.fullmatch(name)}


def configure(root: Path, home: str) -> dict[Path, bytes]:
    """Copy the files that say the same, those of root's home into `home`.

    Returns:
        The copies, with what they hold.
    """
    copies = {}
    for file, inside in _files(root, home).items():
        inside.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, inside)
        copies[inside] = inside.read_bytes()
    return copies


def _files(root: Path, home: str) -> dict[str, Path]:
    """Those of this machine, and where each belongs in the root."""
    bundles = [value for value in package_variables().values() if Path(value).is_file()]
    return {
        file: root / file.replace("/root/", f"{home}/", 1).lstrip("/")
        for file in {*bundles, *_PIP, "/etc/resolv.conf", "/etc/hosts"}
        if Path(file).is_file()
    }


@contextmanager
def configured(root: Path, home: str) -> Iterator[None]:
    """The same for a while: afterwards, each file is as it was, unless it was written meanwhile."""
    before = {path: path.read_bytes() for path in _files(root, home).values() if path.is_file()}
    copies = configure(root, home)
    yield
    for path, copied in copies.items():
        if path.read_bytes() != copied:
            continue
        path.unlink()
        if path in before:
            path.write_bytes(before[path])


def run(*command: str | Path) -> str:
    """What a program prints; exits with what it said when it fails."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        said = f"{done.stdout[-2000:]}{done.stderr[-2000:]}"
        sys.exit(f"`{shlex.join(map(str, command))}` failed: {said}")
    return done.stdout


def megabytes(place: Path) -> int:
    """What a folder takes on the disk."""
    return int(run("du", "-sxm", place).split()[0])


@contextmanager
def timed(step: str) -> Iterator[None]:
    """Print the seconds that a step takes."""
    start = time.monotonic()
    yield
    say(step, start)


def say(step: str, start: float) -> None:
    """Print how long a step took that began at `start` by the monotonic clock."""
    print(f"{step}: {time.monotonic() - start:.1f} s", flush=True)
