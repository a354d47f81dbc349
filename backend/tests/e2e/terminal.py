"""Runs a program in a terminal of its own, where SIGTERM presses Ctrl-C; gives its status.

    python -m backend.tests.e2e.terminal PROGRAM ARGUMENT…

When this process is killed, the terminal is gone, as when somebody closes the window.
"""

import os
import pty
import signal
import sys

_END_OF_TEXT = b"\x03"  # what Ctrl-C sends


def main() -> None:
    """Be the terminal until the program has ended."""
    process, screen = pty.fork()
    if not process:
        os.execvp(sys.argv[1], sys.argv[1:])  # noqa: S606 - what it is for
    signal.signal(signal.SIGTERM, lambda *_: os.write(screen, _END_OF_TEXT))
    while shown := _shown(screen):
        os.write(1, shown)
    _, status = os.waitpid(process, 0)
    sys.exit(os.waitstatus_to_exitcode(status) & 0xFF)


def _shown(screen: int) -> bytes:
    try:
        return os.read(screen, 65_536)
    except OSError:  # nobody has the terminal any more
        return b""


if __name__ == "__main__":
    main()
