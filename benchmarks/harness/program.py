"""A program that the harness started: its output, its use of the machine, its end."""

import contextlib
import os
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import psutil

_MEGABYTE = 1_000_000
_PATIENCE = 5.0


class Usage(NamedTuple):
    """What a tree of processes has used so far."""

    cpu_seconds: float
    memory: float
    """Resident memory of all processes, MB."""
    largest: float
    """Resident memory of the largest process, MB."""


def usage(pid: int) -> Usage:
    """What the process and its descendants have used, those that ended included."""
    cpu, sizes = 0.0, [0.0]
    for process in _tree(pid):
        with contextlib.suppress(psutil.NoSuchProcess):
            cpu += sum(process.cpu_times()[:4])
            sizes.append(process.memory_info().rss / _MEGABYTE)
    return Usage(cpu, sum(sizes), max(sizes))


def _tree(pid: int) -> list[psutil.Process]:
    try:
        root = psutil.Process(pid)
        return [root, *root.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


class Program:
    """A child in a process group of its own, so that its end takes its workers along."""

    def __init__(
        self, argv: Sequence[str], *, env: Mapping[str, str], directory: Path, name: str
    ) -> None:
        self.log = directory / f"{name}.log"
        inherited = {key: os.environ[key] for key in ("PATH", "HOME") if key in os.environ}
        with self.log.open("ab") as output:
            self._process = subprocess.Popen(
                argv,
                env={**inherited, **env},
                cwd=directory,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def usage(self) -> Usage:
        """What the program and its workers have used."""
        return usage(self._process.pid)

    def wait_until(self, ready: Callable[[], bool], seconds: float = 20.0) -> None:
        """Return once `ready`; raise with the end of the program's output if it never is."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and self._process.poll() is None:
            with contextlib.suppress(OSError):
                if ready():
                    return
            time.sleep(0.05)
        raise RuntimeError(f"{self.log.stem} did not become ready:\n{self.last_words()}")

    def last_words(self) -> str:
        """The end of the program's output."""
        return self.log.read_text(errors="replace")[-3000:]

    def stop(self) -> None:
        """End the program, then those of its workers that linger."""
        processes = _tree(self._process.pid)
        self._process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(_PATIENCE)
        for process in processes:
            # psutil knows a process by its start too: no other that got its number is ended.
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        self._process.wait(_PATIENCE)
