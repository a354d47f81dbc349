"""nginx with the configuration that `deploy/` has, when it is installed."""

import os
import shutil
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from backend.tests.support.certificates import certificate
from backend.tests.support.processes import Program, bare_environment, free_port, started

PROGRAM = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
DEPLOYED = Path(__file__).parents[3] / "deploy" / "nginx.conf"

_ROUND_IT = """
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
    include {directory}/duly.conf;
}}
"""


@dataclass(frozen=True)
class Nginx:
    """A running nginx.

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


@contextmanager
def nginx(port: int, directory: Path, changes: Mapping[str, str] | None = None) -> Iterator[Nginx]:
    """Run nginx in front of a Duly on this port of loopback.

    Args:
        port: Duly's.
        directory: Where its files live.
        changes: Further places of its configuration, and what stands there instead.
    """
    assert PROGRAM is not None
    own = free_port()
    pem = certificate(directory, "localhost")
    replaced = {
        "127.0.0.1:8000": f"127.0.0.1:{port}",
        "listen 443": f"listen 127.0.0.1:{own}",
        "/etc/ssl/duly/fullchain.pem": str(pem),
        "/etc/ssl/duly/key.pem": str(pem),
        **(changes or {}),
    }
    text = DEPLOYED.read_text("utf-8")
    for old, new in replaced.items():
        assert old in text, old
        text = text.replace(old, new)
    (directory / "duly.conf").write_text(text, "utf-8")
    configuration = directory / "nginx.conf"
    configuration.write_text(_ROUND_IT.format(directory=directory), "utf-8")
    command = [PROGRAM, "-p", str(directory), "-c", str(configuration)]
    with started(Program("nginx", command, bare_environment(), directory)) as program:
        pid = directory / "pid"
        program.wait_for(lambda: pid.exists() or None)
        trust = ssl.create_default_context(cafile=str(pem))
        yield Nginx(f"https://localhost:{own}", trust, pem, program.pid)
