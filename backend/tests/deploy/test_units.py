"""What systemd keeps from the program, the program does not need."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import httpx2
import psutil
import pytest

from backend.config import Settings
from backend.tests.docs.pages import ROOT
from backend.tests.support.people import NO_TLS
from backend.tests.support.processes import Program, free_port, started
from backend.tests.support.program import DULY, environment, is_ready

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed"),
    pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not installed"),
]

UNIT = (ROOT / "deploy" / "duly.service").read_text("utf-8")
# As MemoryDenyWriteExecute=yes (prctl(2), PR_SET_MDWE): it is kept over execve.
_DENY = "import ctypes, os, sys; assert not ctypes.CDLL(None).prctl(65, 1, 0, 0, 0)"
_WITHOUT = [sys.executable, "-c", f"{_DENY}; os.execv(sys.argv[1], sys.argv[1:])"]


def allowed() -> set[str]:
    """The system calls that the unit leaves, by systemd's own sets."""
    said = subprocess.run(
        ["systemd-analyze", "syscall-filter", "--no-pager"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    sets: dict[str, set[str]] = {}
    for line in said.splitlines():
        if line.startswith("@"):
            members = sets.setdefault(line.strip(), set())
        elif line.strip() and not line.lstrip().startswith("#"):
            members.add(line.strip())

    def flat(name: str) -> set[str]:
        return set().union(*(flat(each) if each in sets else {each} for each in sets[name]))

    left: set[str] = set()
    for line in re.findall(r"^SystemCallFilter=(.+)$", UNIT, re.MULTILINE):
        named = set().union(*map(flat, line.removeprefix("~").split()))
        left = left - named if line.startswith("~") else left | named
    return left


def calls(trace: Path) -> set[str]:
    """The system calls that strace has seen."""
    return set(re.findall(r"^\d+ +([a-z]\w*)\(", trace.read_text("utf-8", "replace"), re.MULTILINE))


def test_it_serves_with_the_system_calls_and_the_memory_that_the_unit_leaves(
    settings: Settings, tmp_path: Path
) -> None:
    trace, port = tmp_path / "trace", free_port()
    command = [*_WITHOUT, shutil.which("strace") or "", "-f", "-o", str(trace), DULY, "serve"]
    variables = environment(settings) | {"PORT": str(port), "METRICS_PORT": str(free_port())}
    program = Program("duly", command, variables, tmp_path)
    url = f"http://127.0.0.1:{port}"
    with started(program), httpx2.Client(base_url=url, verify=NO_TLS, trust_env=False) as client:
        program.wait_for(lambda: is_ready(client))
        [served] = psutil.Process(program.pid).children()
        served.terminate()
        assert psutil.Process(program.pid).wait(60) == 0
    seen = calls(trace)
    assert {"accept4", "epoll_wait", "sendto"} & seen
    assert seen - allowed() == set()


def test_a_call_that_it_may_not_make_would_be_seen(tmp_path: Path) -> None:
    trace = tmp_path / "trace"
    command = ["strace", "-f", "-o", str(trace), sys.executable, "-c", "import os; os.nice(1)"]
    subprocess.run(command, check=True)
    assert "setpriority" in calls(trace) - allowed()
