"""Carries out deploy/Dockerfile without a container engine, and serves from what it made.

Needs root and debootstrap. The file itself is read (`scripts.dockerfile`), so what is tried is what
an engine would build: its RUN, COPY, USER, ENV, ENTRYPOINT and HEALTHCHECK. Then the program runs
as process 1, under the user of the image and under another, without capabilities, on a root that
is read-only, to the first answer and to its end.
"""

import base64
import hmac
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psycopg

from backend.database.embedded import EmbeddedServer
from scripts import dockerfile
from scripts.machine import ROOT, demand_root, megabytes, run, say, timed
from scripts.stages import Image, build

_ISSUER = "https://app.example.com"
_SOCKETS, _SECRETS = "/run/postgresql", "/run/secrets"
_UNWANTED = ("cc", "gcc", "git", "make", "pip", "pip3", "uv", "curl", "pytest")
_PATIENCE = 30.0
# The root is read-only, and what a container has beside it: /proc, and memory at /dev/shm.
_MOUNTS = f"""\
mount --bind "$0" "$0" && mount -o remount,bind,ro "$0" &&
mount -t proc proc "$0/proc" && mount -t tmpfs -o mode=1777,size=64m shm "$0/dev/shm" &&
mount --bind "$1" "$0{_SOCKETS}" && mount --bind "$2" "$0{_SECRETS}" &&
shift 2 && exec chroot "$0" "$@"
"""


def main() -> None:
    """Build and try; exits with a sentence where a step does not do what it should."""
    demand_root()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("Ended before all was tried."))
    with tempfile.TemporaryDirectory(prefix="duly-image-") as folder:
        home = Path(folder)
        home.chmod(0o755)
        with timed("deploy/Dockerfile in all"):
            image = build(dockerfile.read((ROOT / "deploy/Dockerfile").read_text("utf-8")), home)
        look_at(image)
        with database(home / "postgres") as (sockets, url):
            for user in (image.user, "1000660000:0"):  # OpenShift runs images under any number
                image.user = user
                Trial(image, sockets, Secrets(home / "secrets", url)).run()


def look_at(image: Image) -> None:
    """Say how large it is; exit when it holds what serving does not need."""
    program = image.root / "opt/duly"
    whole, base = megabytes(image.root), image.base_megabytes
    sizes = f"{base} of the base, {megabytes(program)} of the program"
    print(f"The image has {whole} MB: {sizes}, the rest of Python and certificates", flush=True)
    folders = image.environment["PATH"].split(":")
    found = [
        name for name in _UNWANTED for each in folders if image.path(f"{each}/{name}").exists()
    ]
    found += [str(path) for path in program.rglob("backend/tests")]
    if found:
        sys.exit(f"The image holds what it does not need: {' '.join(found)}")


@contextmanager
def database(directory: Path) -> Iterator[tuple[Path, str]]:
    """A PostgreSQL with a login that may make roles; gives the folder of its socket and a URL."""
    server = EmbeddedServer(directory)
    try:
        with psycopg.connect(server.url(), autocommit=True) as connection:
            connection.execute("create role duly login createrole")
            connection.execute("create database duly owner duly")
            [[sockets]] = connection.execute("show unix_socket_directories").fetchall()
        Path(sockets).chmod(0o711)  # others than its owner come through here
        yield Path(sockets), f"postgresql://duly@/duly?host={_SOCKETS}"
    finally:
        server.close()


class Secrets:
    """What the image is given as files, as Compose and Kubernetes give it.

    Args:
        folder: Where they are on this machine.
        url: The database, as the image sees it.
    """

    def __init__(self, folder: Path, url: str) -> None:
        self.folder, self.shared = folder, secrets.token_urlsafe(32)
        folder.mkdir(exist_ok=True)
        for name, content in {"database_url": url, "auth_shared_secret": self.shared}.items():
            (folder / name).write_text(f"{content}\n")

    def variables(self) -> dict[str, str]:
        """The settings that name the files."""
        return {
            f"{each.name.upper()}_FILE": f"{_SECRETS}/{each.name}" for each in self.folder.iterdir()
        }


class Trial:
    """The image as one user runs it.

    Args:
        image: With the user.
        sockets: Where PostgreSQL listens, on this machine.
        given: The secrets.
    """

    def __init__(self, image: Image, sockets: Path, given: Secrets) -> None:
        for place in (_SOCKETS, _SECRETS):
            image.path(place).mkdir(parents=True, exist_ok=True)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self._port = str(free.getsockname()[1])
        self._image, self._sockets, self._given = image, sockets, given
        self._variables = {
            **image.environment,
            **given.variables(),
            "AUTH_ISSUER": _ISSUER,
            "AUTH_AUDIENCE": _ISSUER,
            "HOST": "127.0.0.1",  # a container would have a network of its own
            "PORT": self._port,
        }
        self._entrypoint = image.told["ENTRYPOINT"].words()

    def run(self) -> None:
        """Migrate, serve, be healthy, answer, stop."""
        user = self._image.user
        with timed(f"{user}: duly migrate"):
            run(*self._inside([*self._entrypoint, "migrate"]))
        start = time.monotonic()
        serve = self._inside([*self._entrypoint, *self._image.told["CMD"].words()])
        service = subprocess.Popen(serve, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        try:
            title = self._first_answer(service)
            say(f"{user}: from the start to the first task, {title!r}", start)
            self._demand(healthy=True)
            start = time.monotonic()
            os.kill(_first_process(service.pid), self._stop_signal())
            status = service.wait(_PATIENCE)
            say(f"{user}: from SIGTERM to its end, status {status}", start)
            self._demand(healthy=False)
        finally:
            service.kill()
        if status:
            sys.exit(f"Process 1 ended with {status} when it was told to stop.")

    def _inside(self, command: list[str]) -> list[str]:
        """The arguments that run a command as the container's process 1."""
        user, _, group = self._image.user.partition(":")
        drop = ["--no-new-privs", "--bounding-set=-all", "--inh-caps=-all", "--clear-groups"]
        become = ["/usr/bin/setpriv", f"--reuid={user}", f"--regid={group}", *drop]
        settings = [f"{name}={value}" for name, value in self._variables.items()]
        env = ["/usr/bin/env", "-i", f"--chdir={self._image.folder}", *settings]
        shell = ["/bin/sh", "-c", _MOUNTS, *self._places()]
        unshare = ["unshare", "--mount", "--pid", "--fork", "--kill-child"]
        return [*unshare, *shell, *become, *env, *command]

    def _places(self) -> list[str]:
        return [str(each) for each in (self._image.root, self._sockets, self._given.folder)]

    def _first_answer(self, service: subprocess.Popen[bytes]) -> str:
        """The title of the first task, as soon as there is one."""
        end = time.monotonic() + _PATIENCE
        while service.poll() is None and time.monotonic() < end:
            with suppress(OSError):
                return self._create()
            time.sleep(0.05)
        service.kill()
        said = service.stdout.read().decode() if service.stdout else ""
        sys.exit(f"It does not serve: {said[-2000:]}")

    def _create(self) -> str:
        request = urllib.request.Request(
            f"http://127.0.0.1:{self._port}/api/tasks",
            data=b'{"title": "Read the Dockerfile"}',
            headers={
                "Authorization": f"Bearer {token(self._given.shared)}",
                "Content-Type": "application/json",
            },
        )
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(request, timeout=5) as answer:
            title: str = json.load(answer)["title"]
        return title

    def _demand(self, *, healthy: bool) -> None:
        """Exit unless the HEALTHCHECK says so."""
        check = json.loads(self._image.told["HEALTHCHECK"].text.removeprefix("CMD").strip())
        with timed(f"{self._image.user}: HEALTHCHECK, {'well' if healthy else 'stopped'}"):
            done = subprocess.run(self._inside(check), capture_output=True, check=False)
        if (done.returncode == 0) != healthy:
            sys.exit(f"HEALTHCHECK ends with {done.returncode}: {done.stderr.decode()[-500:]}")

    def _stop_signal(self) -> signal.Signals:
        return signal.Signals[self._image.told["STOPSIGNAL"].text]


def _first_process(unshare: int) -> int:
    """The process that unshare(1) has made, which is 1 for itself."""
    [child] = Path(f"/proc/{unshare}/task/{unshare}/children").read_text("ascii").split()
    return int(child)


def token(secret: str) -> str:
    """A token of a user, as a frontend with a shared secret signs it (RFC 7519)."""
    now = int(time.time())
    claims = {"sub": "alice", "iss": _ISSUER, "aud": _ISSUER, "iat": now, "exp": now + 600}
    signed = b".".join(_segment(json.dumps(each).encode()) for each in ({"alg": "HS256"}, claims))
    return b".".join([signed, _segment(hmac.digest(secret.encode(), signed, "sha256"))]).decode()


def _segment(content: bytes) -> bytes:
    return base64.urlsafe_b64encode(content).rstrip(b"=")


if __name__ == "__main__":
    main()
