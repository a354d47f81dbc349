"""Runs what README promises on Debians that have Python, make and git, and nothing else.

Needs root and debootstrap. The mirror, the package index, proxies and certificates are those of
this machine; each root is a temporary folder, and is removed at the end.
"""

import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[1]
RELEASES = ("bookworm", "trixie")
PROGRAMS = "python3,make,git,ca-certificates"
CHECKOUT = "/home/newcomer/my code"
_PASSED_ON = re.compile(r"(PIP|UV|SSL|REQUESTS)_\w+|\w+_proxy", re.IGNORECASE)
_PIP = ("/etc/pip.conf", "/root/.pip/pip.conf", "/root/.config/pip/pip.conf")


def main() -> None:
    """Try each release; exits with a sentence where one does not keep the promise."""
    if os.geteuid() != 0 or shutil.which("debootstrap") is None:
        sys.exit("Run this as root, with debootstrap installed (apt-get install debootstrap).")
    # So that whoever ends it leaves no root and no mount behind either.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("Ended before all was tried."))
    failed = []
    for release in RELEASES:
        with clean_root(release) as root:
            if not try_in(root, release):
                failed.append(release)
    if failed:
        sys.exit(f"Mend the tests that failed above on {' and '.join(failed)}.")


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


@contextmanager
def clean_root(release: str) -> Iterator[Path]:
    """A minimal Debian with an unprivileged user; removed afterwards, whatever happens."""
    root = Path(tempfile.mkdtemp(prefix=f"clean-{release}-"))
    mounted: list[Path] = []
    try:
        root.chmod(0o755)
        with timed(f"{release}: debootstrap"):
            include = f"--include={PROGRAMS}"
            _run("debootstrap", "--variant=minbase", include, release, str(root), mirror())
        for kind, place in (("proc", root / "proc"), ("tmpfs", root / "dev/shm")):
            place.mkdir(exist_ok=True)
            _run("mount", "-t", kind, kind, str(place))
            mounted.append(place)
        _configure(root)
        yield root
    finally:
        for place in reversed(mounted):
            subprocess.run(["umount", "--lazy", place], check=False)
        # A mount that is still there must not be emptied.
        if not any(place.is_mount() for place in mounted):
            shutil.rmtree(root)


def _configure(root: Path) -> None:
    """The user, this machine's configuration of packages, and the commit that is checked out."""
    _run("chroot", str(root), "useradd", "--create-home", "--shell", "/bin/bash", "newcomer")
    bundles = [value for name, value in _environment().items() if Path(value).is_file() and name]
    for file in {*bundles, *_PIP, "/etc/resolv.conf", "/etc/hosts"}:
        if Path(file).is_file():
            inside = root / file.replace("/root/", "/home/newcomer/", 1).lstrip("/")
            inside.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, inside)
    _run("git", "clone", "--quiet", "--no-hardlinks", str(ROOT), f"{root}{CHECKOUT}")
    _run("chroot", str(root), "chown", "-R", "newcomer:", "/home/newcomer")


def _environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if _PASSED_ON.fullmatch(name)}


def inside(root: Path, command: str, **variables: str) -> list[str]:
    """The arguments that run a shell's command in the checkout as the newcomer."""
    path = "/usr/local/bin:/usr/bin:/bin"
    known = {"PATH": path, "HOME": "/home/newcomer", **_environment(), **variables}
    settings = [f"{name}={value}" for name, value in known.items()]
    shell = ["/bin/bash", "-c", f"cd {shlex.quote(CHECKOUT)} && {command}"]
    return ["chroot", "--userspec=newcomer", str(root), "/usr/bin/env", "-i", *settings, *shell]


def try_in(root: Path, release: str) -> bool:
    """Try `make run`, the example that it prints and `make test`; whether the tests passed."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    start = time.monotonic()
    service = subprocess.Popen(
        inside(root, "exec make run", PORT=port), stdout=subprocess.PIPE, text=True
    )
    try:
        example = _example(service)
        _say(f"{release}: make run, until it greets", start)
        # The example is curl's, which is none of the three programs: it comes for this alone.
        _run("chroot", str(root), "apt-get", "install", "-qq", "--no-install-recommends", "curl")
        with timed(f"{release}: the example that it prints"):
            answer = _run(*inside(root, example))
        if "Try Duly" not in answer:
            sys.exit(f"The example does not list its task on {release}: {answer}")
    finally:
        service.terminate()
        service.wait(30)
    with timed(f"{release}: make test"):
        tests = subprocess.run(inside(root, "make test"), check=False)
    size = _run("du", "-sm", f"{root}{CHECKOUT}").split()[0]
    print(f"{release}: the checkout with its .venv has {size} MB", flush=True)
    return tests.returncode == 0


def _example(service: subprocess.Popen[str]) -> str:
    assert service.stdout is not None  # noqa: S101 - it is a pipe
    example: list[str] = []
    for line in service.stdout:
        if line.startswith(("TOKEN=", "curl ")):
            example.append(line.strip())
        elif example:
            return "; ".join(example)
    sys.exit("`make run` ended without its greeting; the reason is above.")


@contextmanager
def timed(step: str) -> Iterator[None]:
    """Print the seconds that a step takes."""
    start = time.monotonic()
    yield
    _say(step, start)


def _say(step: str, start: float) -> None:
    print(f"{step}: {time.monotonic() - start:.0f} s", flush=True)


def _run(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"`{shlex.join(command)}` failed: {done.stdout[-2000:]}{done.stderr[-2000:]}")
    return done.stdout


if __name__ == "__main__":
    main()
