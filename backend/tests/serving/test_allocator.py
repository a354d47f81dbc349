"""Memory that is free again is the system's."""

import platform
import subprocess
import sys

import pytest

_SCRIPT = """
import sys
from pathlib import Path
from backend.serving.allocator import return_large_blocks

def resident():
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 / 2**20

if sys.argv[1] == "set":
    return_large_blocks()
bytes(16 * 2**20)  # glibc keeps blocks up to this size from now on, if nobody says otherwise
before = resident()
small, large = [], []
for number in range(100):
    large.append(b"x" * 500_000)
    small.append(b"y" * 1_000)
    if number % 10 == 9:
        small.append(b"y" * 100_000)
del large
print(resident() - before)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="the system has another C library")
def test_large_blocks_go_back_to_the_system() -> None:
    kept = {
        mode: float(subprocess.check_output([sys.executable, "-c", _SCRIPT, mode]))
        for mode in ("left alone", "set")
    }
    assert kept["set"] < 5, kept
    assert kept["left alone"] > 30, kept
