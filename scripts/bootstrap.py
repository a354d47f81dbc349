"""Installs what `uv.lock` pins, with the uv of the machine or one that it gets itself.

    python3 -m scripts.bootstrap [environment, .venv if none is named]
    python3 -m scripts.bootstrap ENVIRONMENT --production [packages|program]

The Python that runs this becomes that of the environment. It needs the standard library alone: on
Debian, pip, venv and ensurepip are packages of their own. An image takes production in two steps,
because the packages change less often than the program.
"""

import hashlib
import io
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final, NamedTuple

from scripts import package_index

try:
    import tomllib
except ModuleNotFoundError:
    sys.exit("Install Python 3.11 or newer as `python3`: this one is older.")

ROOT = Path(__file__).parents[1]
FETCHED = ROOT / ".uv" / "uv"


class Lock(NamedTuple):
    """What `uv.lock` says of uv: the public index, its version, the digest of each wheel."""

    registry: str
    version: str
    wheels: dict[str, str]


class System(NamedTuple):
    """What the platform tag of a wheel names: kind of system, its version, processor."""

    kind: str
    version: tuple[int, ...]
    processor: str


def main() -> None:
    """Install, or exit with a sentence that says what to do."""
    place, *parts = sys.argv[1:] or [".venv"]
    if place.startswith("-") or tuple(parts) not in COMMANDS:
        sys.exit("python3 -m scripts.bootstrap [ENVIRONMENT [--production [packages|program]]]")
    environment = dict(os.environ)
    uv = shutil.which("uv")
    if uv is None:
        lock = read(ROOT / "uv.lock")
        uv = fetched(lock)
        # A machine with uv has configured it; for one without, pip's configuration speaks.
        known = {
            "UV_DEFAULT_INDEX": package_index.configured(),
            "SSL_CERT_FILE": package_index.certificates(),
        }
        environment |= {name: value for name, value in known.items() if value}
    install(uv, place, environment, COMMANDS[tuple(parts)])


# Bytecode is written now: where it runs, nothing can be written, and it would be slower.
_PACKAGES: Final = (
    "export --frozen --no-dev --no-emit-project --output-file {wanted}",
    "pip sync --python {python} --require-hashes --compile-bytecode {wanted}",
)
_PROGRAM: Final = ("pip install --python {python} --no-deps --compile-bytecode --reinstall .",)
COMMANDS: Final = {
    (): (
        "export --frozen --no-emit-project --output-file {wanted}",
        "pip sync --python {python} --require-hashes {wanted}",
        "pip install --python {python} --no-deps --editable .",
    ),
    ("--production",): (*_PACKAGES, *_PROGRAM),
    ("--production", "packages"): _PACKAGES,
    ("--production", "program"): _PROGRAM,
}
"""What uv is told, by the arguments behind the environment."""


def install(uv: str, place: str, environment: dict[str, str], templates: Sequence[str]) -> None:
    """Make the virtual environment what the lock file says.

    Not by `uv sync`: that takes the lock file's own URLs, or refuses it for the sake of another
    index. Names, versions and digests are the same from any index.

    Args:
        uv: The program.
        place: The environment, from the checkout.
        environment: The variables of the program.
        templates: One of `COMMANDS`.
    """
    # Named, because UV_PYTHON may name the system's.
    python = f"{place}/bin/python"
    filled = {"python": python, "wanted": f"{place}/requirements.txt"}
    commands = [[word.format_map(filled) for word in each.split()] for each in templates]
    if not (ROOT / python).exists():
        commands.insert(0, ["venv", "--clear", "--python", sys.executable, place])
    for command in commands:
        done = subprocess.run([uv, *command, "--quiet"], cwd=ROOT, env=environment, check=False)
        if done.returncode:
            sys.exit(f"Mend what `uv {' '.join(command[:2])}` says above, then run make again.")


def read(lock: Path) -> Lock:
    """Uv's entry of the lock file."""
    packages = tomllib.loads(lock.read_text("utf-8"))["package"]
    uv = next(package for package in packages if package["name"] == "uv")
    wheels = {wheel["url"].rpartition("/")[2]: wheel["hash"] for wheel in uv["wheels"]}
    return Lock(uv["source"]["registry"], uv["version"], wheels)


def fetched(lock: Lock) -> str:
    """The binary of uv in the checkout, of the version that is pinned."""
    if not _is(lock.version):
        name = wheel_for(list(lock.wheels), system())
        if name is None:
            sys.exit(f"Install uv by hand and put it on the PATH: no wheel of it fits {system()}.")
        url = package_index.link(package_index.configured() or lock.registry, "uv", name)
        if url is None:
            sys.exit(f"Set PIP_INDEX_URL to an index that has {name}, or install uv yourself.")
        _, wheel = package_index.fetch(url)
        if "sha256:" + hashlib.sha256(wheel).hexdigest() != lock.wheels[name]:
            sys.exit(f"Ask whoever runs the package index why {name} is not that of uv.lock.")
        _unpack(wheel)
    return str(FETCHED)


def _is(version: str) -> bool:
    try:
        said = subprocess.run([FETCHED, "--version"], capture_output=True, text=True, check=False)
    except OSError:
        return False
    return said.stdout.split()[1:2] == [version]


def system() -> System:
    """The machine that this runs on, in the words of PEP 425, 600 and 656."""
    libc, version = platform.libc_ver()
    kind = "manylinux" if libc == "glibc" else "musllinux"
    if sys.platform == "darwin":
        kind, version = "macosx", platform.mac_ver()[0]
    # What musl's version is, no library call says; the wheels want the oldest.
    numbers = (1, 1) if kind == "musllinux" else tuple(map(int, version.split(".")[:2]))
    return System(kind, numbers, platform.machine())


def wheel_for(names: list[str], here: System) -> str | None:
    """The first wheel with a platform tag that this machine fulfils."""
    for name in names:
        tags = name.removesuffix(".whl").rpartition("-")[2]
        for kind, major, minor, processor in re.findall(r"([a-z]+)_(\d+)_(\d+)_(\w+)", tags):
            same = (kind, processor) == (here.kind, here.processor)
            if same and (int(major), int(minor)) <= here.version:
                return name
    return None


def _unpack(wheel: bytes) -> None:
    """Put the binary in its place, whole or not at all."""
    with zipfile.ZipFile(io.BytesIO(wheel)) as archive:
        name = next(name for name in archive.namelist() if name.endswith(".data/scripts/uv"))
        binary = archive.read(name)
    FETCHED.parent.mkdir(exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=FETCHED.parent, delete=False) as new:
        new.write(binary)
    Path(new.name).chmod(0o755)
    Path(new.name).replace(FETCHED)


if __name__ == "__main__":
    main()
