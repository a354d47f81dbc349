"""The parent of the workers: starts them, replaces those that die, and stops them all.

It has no threads and opens nothing of its own: what is forked must not inherit a lock that a thread
held at that moment.
"""

import contextlib
import logging
import os
import select
import signal
import socket
import sys
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_RESPAWN_SECONDS: Final = 0.5
_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGCHLD)

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Family:
    """What a child process knows of the others.

    Attributes:
        lifeline: A file descriptor that ends when the parent does.
        tell_ready: Says that this one serves.
    """

    lifeline: int
    tell_ready: Callable[[], None]


Work = Callable[[Family], int]
"""What a child process does, until it returns the status to exit with."""


def name_process(name: str) -> None:
    """Tell operators what this process is (proc(5), `comm`), where that is to be had.

    Args:
        name: Up to 15 characters.
    """
    with contextlib.suppress(OSError):
        Path("/proc/self/comm").write_text(name)


def supervise(
    works: Sequence[Work],
    stop_seconds: float,
    *,
    on_ready: Callable[[], None],
    on_stop: Callable[[], None],
) -> None:
    """Keep a process for each work running until SIGINT or SIGTERM.

    Args:
        works: What the processes do.
        stop_seconds: How long they have to end before they are killed.
        on_ready: Called when the first of them serves.
        on_stop: Called once they are to stop.
    """
    with _signals() as told:
        children = _Children(works)
        try:
            while not told.is_stopped:
                children.complete()
                seconds = None if children.are_complete else _RESPAWN_SECONDS
                if children.reader in told.wait(children.reader, seconds=seconds):
                    children.note_ready(on_ready)
                if not told.is_stopped:  # those that were told so as well have not died
                    children.bury()
        finally:
            on_stop()
            children.stop(stop_seconds, told)


class _Signals:
    """The signals of the process, which wake whoever waits: none is lost, and none interrupts."""

    def __init__(self) -> None:
        self.is_stopped = False
        self._reader, self._writer = socket.socketpair()
        for each in (self._reader, self._writer):
            each.setblocking(False)  # noqa: FBT003 - as the standard library has it
        signal.set_wakeup_fd(self._writer.fileno(), warn_on_full_buffer=False)

    def close(self) -> None:
        """Be woken no more."""
        signal.set_wakeup_fd(-1)
        self._reader.close()
        self._writer.close()

    def note(self, number: int, _frame: object) -> None:
        # A terminal sends Ctrl-C to the whole group, a service manager to every process: the
        # second signal changes nothing.
        self.is_stopped |= number != signal.SIGCHLD

    def wait(self, *others: int, seconds: float | None) -> list[int]:
        """Wait for a signal, or for one of the descriptors `others`; says which are ready."""
        ready, _, _ = select.select([self._reader.fileno(), *others], [], [], seconds)
        with contextlib.suppress(BlockingIOError):
            self._reader.recv(4_096)
        return ready


@contextmanager
def _signals() -> Iterator[_Signals]:
    told = _Signals()
    before = {each: signal.signal(each, told.note) for each in _SIGNALS}
    try:
        yield told
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)
        told.close()


class _Children:
    """The processes of this one.

    Attributes:
        reader: Where they say that they serve.
    """

    def __init__(self, works: Sequence[Work]) -> None:
        self._missing = list(works)
        self._alive: dict[int, tuple[Work, float]] = {}  # what it does, and since when
        self._not_before = 0.0  # when one may be started after another died at once
        self._lifeline, self._held = os.pipe()  # held open for as long as this process lives
        self.reader, self._writer = os.pipe()
        self._was_ready = False

    @property
    def are_complete(self) -> bool:
        return not self._missing

    def complete(self) -> None:
        """Start those that are missing, but none over and over."""
        while self._missing and time.monotonic() >= self._not_before:
            work = self._missing.pop()
            self._alive[self._start(work)] = (work, time.monotonic())

    def note_ready(self, on_ready: Callable[[], None]) -> None:
        """Take note that one of them serves."""
        os.read(self.reader, 1)
        if not self._was_ready:
            self._was_ready = True
            on_ready()

    def bury(self) -> None:
        """Take note of those that have ended."""
        for process, (work, born) in list(self._alive.items()):
            ended, status = os.waitpid(process, os.WNOHANG)
            if not ended:
                continue
            del self._alive[process]
            self._missing.append(work)
            now = time.monotonic()
            if now - born < _RESPAWN_SECONDS:
                self._not_before = now + _RESPAWN_SECONDS
            known = {"worker": process, "status": os.waitstatus_to_exitcode(status)}
            log.warning("worker_died", extra=known)

    def stop(self, seconds: float, told: _Signals) -> None:
        """Tell them to stop, and kill those that have not after so many seconds."""
        self._send(signal.SIGTERM)
        end = time.monotonic() + seconds
        while self._reap() and time.monotonic() < end:
            told.wait(seconds=0.1)
        if self._alive:
            log.error("workers_killed", extra={"workers": list(self._alive)})
            self._send(signal.SIGKILL)
            while self._reap():
                told.wait(seconds=0.1)

    def _reap(self) -> bool:
        """Forget those that have ended; whether there are others."""
        for process in list(self._alive):
            if os.waitpid(process, os.WNOHANG)[0]:
                del self._alive[process]
        return bool(self._alive)

    def _send(self, number: signal.Signals) -> None:
        for process in self._alive:
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, number)

    def _tell_ready(self) -> None:
        os.write(self._writer, b".")

    def _start(self, work: Work) -> int:
        sys.stdout.flush()
        sys.stderr.flush()
        process = os.fork()
        if process:
            return process
        # What the parent has open, and cleans up at its end, is not this process's business.
        status = 1
        try:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            os.close(self._held)
            status = work(Family(self._lifeline, self._tell_ready))
        except BaseException:  # noqa: BLE001 - nobody above would tell
            traceback.print_exc()
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(status)
