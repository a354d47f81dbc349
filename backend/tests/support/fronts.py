"""nginx and Caddy with the configurations that `deploy/` has, where they are installed."""

import os
import shutil
import ssl
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx2
import pytest

from backend.tests.support.certificates import certificate
from backend.tests.support.processes import Program, bare_environment, free_port, started

DEPLOY = Path(__file__).parents[3] / "deploy"

_AROUND_NGINX = """
pid {directory}/pid;
error_log {directory}/error.log notice;
daemon off;
master_process off;
events {{}}
http {{
    access_log off;
    client_body_temp_path {directory}/bodies;
    proxy_temp_path {directory}/answers;
    fastcgi_temp_path {directory}/f;
    uwsgi_temp_path {directory}/u;
    scgi_temp_path {directory}/s;
    include {directory}/deployed;
}}
"""
_AROUND_CADDY = """
{{
	admin off
	auto_https off
}}
import {directory}/deployed
"""


@dataclass(frozen=True)
class Front:
    """A running proxy in front of Duly.

    Attributes:
        url: Its origin.
        trust: A context in which its certificate counts.
        certificate: Where that is.
        pid: Its process.
    """

    url: str
    trust: ssl.SSLContext
    certificate: Path
    pid: int


Changes = Mapping[str, str]
MakeFront = Callable[[int, Path, Changes], AbstractContextManager[Front]]


def nginx(port: int, directory: Path, changes: Changes) -> AbstractContextManager[Front]:
    """Run nginx in front of a Duly on this port of loopback.

    Args:
        port: Duly's.
        directory: Where its files live.
        changes: Further places of its configuration, and what stands there instead.
    """
    own, pem = free_port(), certificate(directory, "localhost")
    replaced = {
        "127.0.0.1:8000": f"127.0.0.1:{port}",
        "listen 443": f"listen 127.0.0.1:{own}",
        "/etc/ssl/duly/fullchain.pem": str(pem),
        "/etc/ssl/duly/key.pem": str(pem),
        **changes,
    }
    _configure("nginx.conf", replaced, directory, _AROUND_NGINX)
    command = [program("nginx"), "-p", str(directory), "-c", str(directory / "configuration")]
    return _running("nginx", command, directory, own, pem)


def caddy(port: int, directory: Path, changes: Changes) -> AbstractContextManager[Front]:
    """The same with Caddy."""
    own, pem = free_port(), certificate(directory, "localhost")
    replaced = {
        "127.0.0.1:8000": f"127.0.0.1:{port}",
        "duly.example.com {": f"https://localhost:{own} {{\n\tbind 127.0.0.1\n\ttls {pem} {pem}",
        **changes,
    }
    _configure("Caddyfile", replaced, directory, _AROUND_CADDY)
    file = str(directory / "configuration")
    command = [program("caddy"), "run", "--adapter", "caddyfile", "--config", file]
    return _running("caddy", command, directory, own, pem)


def program(name: str) -> str:
    """The program, or the test is skipped."""
    found = shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    if found is None:
        pytest.skip(f"{name} is not installed")
    return found


def _configure(name: str, replaced: Changes, directory: Path, around: str) -> None:
    text = (DEPLOY / name).read_text("utf-8")
    for old, new in replaced.items():
        assert old in text, old
        text = text.replace(old, new)
    (directory / "deployed").write_text(text, "utf-8")
    (directory / "configuration").write_text(around.format(directory=directory), "utf-8")


@contextmanager
def _running(
    name: str, command: list[str], directory: Path, port: int, pem: Path
) -> Iterator[Front]:
    variables = {**bare_environment(), "HOME": str(directory)}
    trust = ssl.create_default_context(cafile=str(pem))
    with started(Program(name, command, variables, directory)) as running:
        front = Front(f"https://localhost:{port}", trust, pem, running.pid)

        def answers() -> bool | None:
            try:
                return httpx2.get(f"{front.url}/livez", verify=trust).is_success or None
            except httpx2.TransportError:
                return None

        running.wait_for(answers)
        yield front
