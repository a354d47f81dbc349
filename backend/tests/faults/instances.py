"""Instances of the program behind HAProxy, and the version that comes next."""

import os
import shutil
import signal
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

import httpx2

from backend.database import migrate
from backend.tests.faults.stage import Stage
from backend.tests.support import haproxy
from backend.tests.support.haproxy import HAProxy
from backend.tests.support.people import NO_TLS
from backend.tests.support.processes import Program, free_port
from backend.tests.support.program import DULY, environment, is_ready

DRAIN_SECONDS = 3  # HAProxy takes one to notice

_BACKEND = Path(__file__).parents[2]
_START = "from backend.cli import app; app()"
_MIGRATION = """\
from alembic import op

revision = "{revision}"
down_revision = "{before}"


def upgrade():
    op.execute("alter table duly.tasks add column color text")
    op.execute("grant insert (color), update (color) on duly.tasks to duly_api")


def downgrade():
    op.execute("alter table duly.tasks drop column color")
"""


class Version(NamedTuple):
    """A version of the program: how it is started, with which variables."""

    command: list[str]
    variables: dict[str, str]


PRESENT = Version([DULY], {})


def next_version(folder: Path) -> Version:
    """This program with a further migration, as the next release might bring."""
    copied = folder / "backend"
    shutil.copytree(_BACKEND, copied, ignore=shutil.ignore_patterns("tests", "__pycache__"))
    before = migrate.revisions()[-1]
    revision = f"{int(before) + 1:04}"
    file = copied / "database" / "migrations" / "versions" / f"{revision}_color.py"
    file.write_text(_MIGRATION.format(revision=revision, before=before))
    return Version([sys.executable, "-c", _START], {"PYTHONPATH": str(folder)})


class Instances:
    """Three of the program, each with one worker.

    Attributes:
        front: HAProxy before them.
    """

    front: HAProxy

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._ports = [free_port() for _ in range(3)]
        self._programs: dict[int, Program] = {}

    @contextmanager
    def serving(self) -> Iterator["Instances"]:
        """All of them, known to HAProxy as ready."""
        with ExitStack() as stack:
            stack.callback(self._stop_all)
            for number in (1, 2, 3):
                self._launch(number, PRESENT)
            self.front = stack.enter_context(haproxy.serve(self._ports, self._stage.folder()))
            self.wait_until_up(1, 2, 3)
            yield self

    def wait_until_up(self, *numbers: int) -> None:
        """Return when HAProxy sends requests to exactly these."""
        self.front.wait_until_up(*(f"duly-{number}" for number in numbers))

    def start(self, number: int, version: Version = PRESENT) -> None:
        """Start one and wait until it is ready."""
        program = self._launch(number, version)
        url = f"http://127.0.0.1:{self._ports[number - 1]}"
        with httpx2.Client(base_url=url, verify=NO_TLS, trust_env=False) as client:
            program.wait_for(lambda: is_ready(client))

    def _launch(self, number: int, version: Version) -> Program:
        command, variables = version
        known = {
            **environment(self._stage.settings()),
            "PORT": str(self._ports[number - 1]),
            "WORKERS": "1",
            "RATE_LIMIT": "off",
            "DRAIN_SECONDS": str(DRAIN_SECONDS),
            "TRUSTED_PROXIES": "127.0.0.1",
        }
        program = Program("duly", [*command, "serve"], known | variables, self._stage.folder())
        self._programs[number] = program
        return program

    def _stop_all(self) -> None:
        for number, each in self._programs.items():
            self.kill(number)  # nobody asks any more, so nobody has to drain
            each.stop()

    def kill(self, number: int) -> None:
        """As the kernel does when memory runs out, or a machine that is gone: without a word."""
        with suppress(ProcessLookupError):
            os.killpg(self._programs[number].pid, signal.SIGKILL)

    def stop(self, number: int) -> None:
        """As a service manager does; returns when it has ended."""
        self._programs.pop(number).stop()
