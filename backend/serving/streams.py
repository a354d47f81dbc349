"""The standard streams, as the program needs them: open, and for any character.

Who started it may have closed them, may read no more, or may have filled the disk that they go to:
no reason not to serve.
"""

import io
import os
import sys
from typing import Any


class _Lossy(io.FileIO):
    """What cannot be written is lost."""

    def write(self, data: Any, /) -> int:  # Any: a buffer, whose type has no public name in 3.11
        size = memoryview(data).nbytes
        try:
            # None: it would block, since whoever shares the pipe made it so.
            written: int | None = super().write(data)
        except OSError:
            return size
        return size if written is None else written


def prepare_streams() -> None:
    """Let standard input, output and error be there, and take what they cannot write otherwise."""
    for name in ("stdin", "stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:  # or the next file that is opened would get its number
            descriptor = os.open(os.devnull, os.O_RDWR)
            mode = "r" if name == "stdin" else "w"
            setattr(sys, name, os.fdopen(descriptor, mode, encoding="utf-8"))
        elif isinstance(stream, io.TextIOWrapper) and name != "stdin":
            stream.reconfigure(errors="backslashreplace")


def do_not_mind_streams() -> None:
    """Let what standard output and error cannot take be lost: a service goes on without it."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        try:
            raw = _Lossy(stream.fileno(), "w", closefd=False)
        except OSError:  # in memory, as in tests
            continue
        writer = io.TextIOWrapper(
            io.BufferedWriter(raw),
            encoding=stream.encoding,
            errors=stream.errors,
            line_buffering=stream.line_buffering,
            write_through=stream.write_through,
        )
        setattr(sys, name, writer)
