"""How far a job has come: a bar on a terminal, and elsewhere a line now and then."""

import sys
import time
from collections.abc import Callable
from types import TracebackType
from typing import Final, Self, TextIO

_WIDTH: Final = 32
_EACH: Final = {True: 0.1, False: 5.0}  # seconds between two drawings of a bar, and two lines


class Progress:
    """Told of on standard error, so that the output can be a file.

    Args:
        what: What is counted, in the plural.
        total: How many there are; None when nobody knows.
        stream: Where to.
        now: A clock that only goes forward, in seconds.
    """

    def __init__(
        self,
        what: str,
        total: int | None = None,
        stream: TextIO | None = None,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._what = what
        self._total = total
        self._stream = stream or sys.stderr
        self._is_terminal = self._stream.isatty()
        self._done = 0
        self._now = now
        self._told_at = now()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        if self._is_terminal:
            self._tell("\n")

    def add(self, number: int) -> None:
        """So many more are done."""
        self._done += number
        now = self._now()
        if now - self._told_at >= _EACH[self._is_terminal]:
            self._told_at = now
            self._tell("" if self._is_terminal else "\n")

    def _tell(self, end: str) -> None:
        said = f"{self._done:,}"
        if self._total is not None:
            said += f" of {self._total:,}"
        said += f" {self._what}"
        if self._is_terminal:
            said = f"\r{self._bar()}{said}\x1b[K"
        print(said, end=end, file=self._stream, flush=True)

    def _bar(self) -> str:
        if not self._total:
            return ""
        filled = min(_WIDTH, _WIDTH * self._done // self._total)
        return f"[{'#' * filled}{'.' * (_WIDTH - filled)}] "
