"""Programs that the tests start: their output, their readiness and their end."""

import os
import signal
import socket
import ssl
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TypeVar

from backend.tests.support import reports

Found = TypeVar("Found")

_SECONDS_TO_START = 60
_SECONDS_TO_END = 60

# Only these pass through: a setting in the developer's shell must not change the outcome.
_INHERITED = ("HOME", "LANG", "PATH", "TMPDIR")


# For plain HTTP; without it each client loads the machine's certificates, which takes 70 ms.
NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


class ProgramError(Exception):
    """A program ended or stayed silent when it was expected to work."""


class Program:
    """A child process whose output goes to a file.

    Args:
        name: What to call it in reports.
        command: Program and arguments.
        environment: All of its environment variables.
        directory: Its working directory, where its output is kept too.
    """

    def __init__(
        self, name: str, command: Sequence[str], environment: Mapping[str, str], directory: Path
    ) -> None:
        self.name = name
        self._log = directory / f"{name}.log"
        reports.logs.append(self._log)
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                command,
                env=environment,
                cwd=directory,
                # Never written to: it closes with this process, and server.mjs ends with it.
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=subprocess.STDOUT,
                # A group of its own, so that `stop` reaches workers whose parent is gone.
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        """The process itself, not its children."""
        return self._process.pid

    def output(self) -> str:
        """All that the program has written, errors included."""
        return self._log.read_text(errors="replace")

    def wait_for(
        self, find: Callable[[], Found | None], seconds: float = _SECONDS_TO_START
    ) -> Found:
        """Return what `find` finds as soon as it is not None.

        Raises:
            ProgramError: The program ended first, or so many seconds passed.
        """
        deadline = time.monotonic() + seconds
        while (found := find()) is None:
            status = self._process.poll()
            if status is not None or time.monotonic() > deadline:
                state = "is running, but not ready" if status is None else f"ended with {status}"
                raise ProgramError(f"{self.name} {state}; its log is {self._log}")
            time.sleep(0.02)
        return found

    def stop(self) -> None:
        """Ask the program to end, wait for it, and leave nothing of it behind."""
        with self._process as process:
            process.terminate()
            try:
                process.wait(_SECONDS_TO_END)
            finally:
                self._end_group()

    def _end_group(self) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)


def bare_environment() -> dict[str, str]:
    """The environment variables that any program needs, and no settings."""
    return {name: os.environ[name] for name in _INHERITED if name in os.environ}


def free_port() -> int:
    """A TCP port of the loopback interface that nobody uses."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def started(program: Program) -> Iterator[Program]:
    """Stop a program in the end."""
    try:
        yield program
    finally:
        program.stop()
