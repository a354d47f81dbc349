"""The programs of the demo: started one by one, watched together, ended together."""

import os
import select
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Final

from scripts.demo import guard

_GRACE_SECONDS: Final = 4
# Its standard input is the pipe of the guard, which so knows of the group before it does anything.
_ANNOUNCED: Final = ("sh", "-c", 'echo $$ >&0 && exec "$@" </dev/null', "sh")
_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class DemoFailed(Exception):  # noqa: N818 - named for what it means
    """Something does not work; the message says what to do."""


class Told(Exception):  # noqa: N818 - named for what it means
    """Somebody asked for the end, by a signal."""


def say(text: str, name: str = "demo") -> None:
    """Write lines for whoever looks; nobody has to, and a terminal may be gone."""
    for line in text.splitlines() or [""]:
        with suppress(OSError):
            os.write(1, f"{name:<5}| {line}\n".encode(errors="replace"))


class Parts:
    """Programs, each with its children in a group of its own that ends with it.

    A terminal's Ctrl-C does not reach them, so that they end in order.

    Args:
        lifeline: Where the guard is told of the groups.
    """

    def __init__(self, lifeline: int) -> None:
        self._lifeline = lifeline
        self._ended = SimpleQueue[str | None]()  # the names of those; None: a signal
        self._running: dict[int, subprocess.Popen[bytes]] = {}  # by group
        self._awaited = set[str]()  # those that may end

    def run(
        self, name: str, command: Sequence[str | Path], directory: Path, env: Mapping[str, str]
    ) -> int:
        """Run a program to its end, and give its status.

        Raises:
            Told, DemoFailed: when something else ended it first.
        """
        self._awaited.add(name)
        process = self.start(name, command, directory, env)
        while process.poll() is None:
            self.look(None)
        self._kill(process)
        return process.returncode

    def start(
        self, name: str, command: Sequence[str | Path], directory: Path, env: Mapping[str, str]
    ) -> subprocess.Popen[bytes]:
        """Start a program that is to run until the end; what it writes gets its name."""
        process = subprocess.Popen(
            [*_ANNOUNCED, *command],
            cwd=directory,
            env=env,
            stdin=self._lifeline,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        self._running[process.pid] = process
        threading.Thread(target=_relay, args=(name, process), daemon=True).start()
        self.watch(name, process.wait)
        return process

    def watch(self, name: str | None, wait: Callable[[], object]) -> None:
        """Take note of the end of something, which `wait` waits for; None: it is to end all."""

        def waiting() -> None:
            wait()
            self._ended.put(name)

        threading.Thread(target=waiting, daemon=True).start()

    def look(self, seconds: float | None) -> None:
        """See for so long, or until something happens, that nothing has ended that should not.

        Raises:
            Told: when the end was asked for.
            DemoFailed: when a part ended by itself.
        """
        with suppress(Empty):
            name = self._ended.get(timeout=seconds)
            if name is None:
                raise Told
            if name not in self._awaited:
                raise DemoFailed(f"{name} ended by itself, so the others were ended too.")

    def wait_for(self, name: str, is_ready: Callable[[], bool], seconds: float) -> None:
        """Wait until a part answers.

        Raises:
            Told, DemoFailed: as `look`; also when it does not within so many seconds.
        """
        end = time.monotonic() + seconds
        while not is_ready():
            self.look(0.1)
            if time.monotonic() > end:
                raise DemoFailed(f"{name} does not answer after {seconds:.0f} s: see what it said.")

    def end(self) -> None:
        """End all, first by word, then by force."""
        guard.send(set(self._running), signal.SIGTERM)
        end = time.monotonic() + _GRACE_SECONDS
        for process in self._running.values():
            with suppress(subprocess.TimeoutExpired):
                process.wait(max(0, end - time.monotonic()))
        for process in list(self._running.values()):
            self._kill(process)

    def tell(self, _number: int, _frame: object) -> None:
        """Take note of a signal; as a handler it interrupts nothing."""
        self._ended.put(None)

    def _kill(self, process: subprocess.Popen[bytes]) -> None:
        """End what is left of a group, also when its first process is gone: `next dev` has two."""
        guard.send({process.pid}, signal.SIGKILL)
        process.wait()
        del self._running[process.pid]
        with suppress(OSError):  # the guard may be what has ended
            os.write(self._lifeline, f"-{process.pid}\n".encode())


@contextmanager
def opened(postgres: Path, held: int) -> Iterator[Parts]:
    """Parts with a guard, which ends them and PostgreSQL when this process cannot.

    Args:
        postgres: The data of the PostgreSQL that may be started.
        held: The descriptor of a lock, which the guard keeps until it is done.
    """
    reader, lifeline = os.pipe()
    command = [sys.executable, "-m", "scripts.demo.guard", str(postgres), str(held)]
    guarding = subprocess.Popen(command, stdin=reader, pass_fds=[held], start_new_session=True)
    os.close(reader)
    parts = Parts(lifeline)
    for each in _SIGNALS:
        # A shell starts what has `&` with SIGINT ignored; nohup means it.
        if each != signal.SIGHUP or signal.getsignal(each) is not signal.SIG_IGN:
            signal.signal(each, parts.tell)
    parts.watch("guard", guarding.wait)
    if os.isatty(0):
        # Of a window that is closed, the kernel tells the first process alone, which may be `make`.
        parts.watch(None, lambda: until_hung_up(0))
    try:
        yield parts
    finally:
        parts.end()
        guarding.kill()
        guarding.wait()
        os.close(lifeline)


def until_hung_up(descriptor: int) -> None:
    """Wait until the other end of a connection, or a terminal, is gone (poll(2), POLLHUP)."""
    waiting = select.poll()
    waiting.register(descriptor, 0)
    waiting.poll()


def _relay(name: str, process: subprocess.Popen[bytes]) -> None:
    assert process.stdout  # noqa: S101 - it was asked for
    for line in process.stdout:
        say(line.decode(errors="replace").rstrip(), name)
