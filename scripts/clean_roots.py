"""Runs what README promises on Debians that have Python, make and git, and nothing else.

Needs root and debootstrap. The mirror, the package index, proxies and certificates are those of
this machine; each root is a temporary folder, and is removed at the end.
"""

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

from scripts.machine import (
    ROOT,
    configure,
    demand_root,
    megabytes,
    mirror,
    package_variables,
    run,
    say,
    timed,
)

RELEASES = ("bookworm", "trixie")
PROGRAMS = "python3,make,git,ca-certificates"
CHECKOUT = "/home/newcomer/my code"


def main() -> None:
    """Try each release; exits with a sentence where one does not keep the promise."""
    demand_root()
    # So that whoever ends it leaves no root and no mount behind either.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("Ended before all was tried."))
    failed = []
    for release in RELEASES:
        with clean_root(release) as root:
            if not try_in(root, release):
                failed.append(release)
    if failed:
        sys.exit(f"Mend the tests that failed above on {' and '.join(failed)}.")


@contextmanager
def clean_root(release: str) -> Iterator[Path]:
    """A minimal Debian with an unprivileged user; removed afterwards, whatever happens."""
    root = Path(tempfile.mkdtemp(prefix=f"clean-{release}-"))
    mounted: list[Path] = []
    try:
        root.chmod(0o755)
        with timed(f"{release}: debootstrap"):
            include = f"--include={PROGRAMS}"
            run("debootstrap", "--variant=minbase", include, release, str(root), mirror())
        for kind, place in (("proc", root / "proc"), ("tmpfs", root / "dev/shm")):
            place.mkdir(exist_ok=True)
            run("mount", "-t", kind, kind, str(place))
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
    run("chroot", str(root), "useradd", "--create-home", "--shell", "/bin/bash", "newcomer")
    configure(root, "/home/newcomer")
    run("git", "clone", "--quiet", "--no-hardlinks", str(ROOT), f"{root}{CHECKOUT}")
    run("chroot", str(root), "chown", "-R", "newcomer:", "/home/newcomer")


def inside(root: Path, command: str, **variables: str) -> list[str]:
    """The arguments that run a shell's command in the checkout as the newcomer."""
    path = "/usr/local/bin:/usr/bin:/bin"
    known = {"PATH": path, "HOME": "/home/newcomer", **package_variables(), **variables}
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
        say(f"{release}: make run, until it greets", start)
        # The example is curl's, which is none of the three programs: it comes for this alone.
        run("chroot", str(root), "apt-get", "install", "-qq", "--no-install-recommends", "curl")
        with timed(f"{release}: the example that it prints"):
            answer = run(*inside(root, example))
        if "Try Duly" not in answer:
            sys.exit(f"The example does not list its task on {release}: {answer}")
    finally:
        service.terminate()
        service.wait(30)
    with timed(f"{release}: make test"):
        tests = subprocess.run(inside(root, "make test"), check=False)
    size = megabytes(Path(f"{root}{CHECKOUT}"))
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


if __name__ == "__main__":
    main()
