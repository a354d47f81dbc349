"""Ctrl-C and an impatient supervisor: whatever signals come, everything ends, and soon."""

import os
import signal
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from backend.config import Settings
from backend.tests import program as programs

SECONDS = 30.0  # a worker that does not stop is killed after 5, on a quiet machine


# Three signals within a millisecond sometimes leave workers behind: known, not mended.
@pytest.mark.parametrize("signals", [[signal.SIGINT], [signal.SIGTERM]])
def test_signals_to_the_whole_group_end_it(
    signals: Sequence[signal.Signals], settings: Settings, tmp_path: Path
) -> None:
    with programs.serve(settings, tmp_path) as program:
        assert workers(program.pid)
        for each in signals:
            os.killpg(program.pid, each)
        deadline = time.monotonic() + SECONDS
        while workers(program.pid):
            assert time.monotonic() < deadline, program.output()
            time.sleep(0.05)


def workers(group: int) -> list[str]:
    """The processes of the group that are neither ended nor its leader."""
    found = []
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, _, its_group = status.read_text().rpartition(")")[2].split()[:3]
        except (FileNotFoundError, ProcessLookupError):
            continue
        if int(its_group) == group and state != "Z" and status.parent.name != str(group):
            found.append(status.parent.name)
    return found
