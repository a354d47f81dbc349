"""Ends what a demo has started, when its runner is gone without having done so (kill -9).

It reads the groups of processes that are running from a pipe, `123` for a new one and `-123` for
one that has ended. The end of the pipe is the runner's: the kernel closes it, however it came.
"""

import os
import signal
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Final

from backend.database.embedded import EmbeddedServer, PostgresFailed

_GRACE_SECONDS: Final = 2
_ATTEMPTS: Final = 5


def main() -> None:
    """Wait for the end of the runner, then leave nothing of it behind."""
    for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(each, signal.SIG_IGN)
    groups = set[int]()
    for line in sys.stdin:
        number = int(line)
        groups.symmetric_difference_update({abs(number)})
    send(groups, signal.SIGTERM)
    end = time.monotonic() + _GRACE_SECONDS
    while send(groups, 0) and time.monotonic() < end:
        time.sleep(0.05)
    send(groups, signal.SIGKILL)
    _stop(Path(sys.argv[1]))
    os.ftruncate(int(sys.argv[2]), 0)  # nothing runs there any more


def send(groups: set[int], number: int) -> bool:
    """Send a signal to groups of processes; whether any is left."""
    left = False
    for each in groups:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(each, number)
            left = True
    return left


def _stop(directory: Path) -> None:
    """Stop PostgreSQL, which may just be starting: then it is there a moment later."""
    for _ in range(_ATTEMPTS if (directory / "PG_VERSION").exists() else 0):
        with suppress(PostgresFailed):
            EmbeddedServer(directory).close()
            return
        time.sleep(1)


if __name__ == "__main__":
    main()
