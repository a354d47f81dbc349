"""HAProxy with the configuration of deploy/, when it is installed."""

import csv
import io
import os
import re
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import httpx2

from backend.tests.support.people import NO_TLS
from backend.tests.support.processes import Program, bare_environment, free_port, started

PROGRAM = shutil.which("haproxy", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
CONFIGURATION = Path(__file__).parents[3] / "deploy" / "haproxy.cfg"

_STATISTICS = "127.0.0.1:8404"


class HAProxy:
    """A running one.

    Attributes:
        port: Where it takes requests.
    """

    def __init__(self, port: int, statistics: int, program: Program) -> None:
        self.port = port
        self._statistics = f"http://127.0.0.1:{statistics}/stats;csv"
        self.wait_for = program.wait_for

    def up(self) -> set[str]:
        """The instances to which it sends requests, by their names there."""
        with httpx2.Client(verify=NO_TLS, trust_env=False) as client:
            table = client.get(self._statistics).text.removeprefix("# ")
        rows = csv.DictReader(io.StringIO(table))
        return {
            row["svname"]
            for row in rows
            if row["pxname"] == "duly" and row["svname"] != "BACKEND" and row["status"] == "UP"
        }

    def wait_until_up(self, *names: str) -> None:
        """Return when it sends requests to exactly these."""
        self.wait_for(lambda: self._are_up(set(names)) or None)

    def _are_up(self, names: set[str]) -> bool:
        try:
            return self.up() == names
        except httpx2.TransportError:
            return False


@contextmanager
def serve(instances: Sequence[int], directory: Path) -> Iterator[HAProxy]:
    """Run it before instances on these ports; without TLS, since the clients of tests have none."""
    assert PROGRAM is not None
    port, statistics = free_port(), free_port()
    text = re.sub(r"bind :443 .*", f"bind 127.0.0.1:{port}", CONFIGURATION.read_text("utf-8"))
    file = directory / "haproxy.cfg"
    file.write_text(text.replace(_STATISTICS, f"127.0.0.1:{statistics}"))
    places = {f"DULY_{n}": f"127.0.0.1:{each}" for n, each in enumerate(instances, 1)}
    command = [PROGRAM, "-f", str(file)]
    program = Program("haproxy", command, bare_environment() | places, directory)
    with started(program):
        yield HAProxy(port, statistics, program)
