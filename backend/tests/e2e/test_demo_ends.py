"""However `make demo` ends, nothing of it is left: no process, no port, no PostgreSQL."""

import os
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit
from uuid import uuid4

import httpx2
import psutil
import pytest

from backend.tests.e2e.example import Example, built, by_itself, environment, folder, started
from backend.tests.support.processes import Program
from scripts.demo.application import ROOT

pytestmark = pytest.mark.e2e

_PATIENCE = 30.0  # 10 s on a machine that has nothing else to do
_MARK = "DEMO_OF_A_TEST"  # an environment variable, which every descendant inherits


@pytest.fixture(scope="module")
def data() -> Iterator[Path]:
    """Of one demo after the other: what ended cleanly starts again."""
    built()
    with folder() as made:
        yield made


@pytest.fixture
def mark() -> str:
    return uuid4().hex


def by_make(options: list[str]) -> list[str]:
    """In a terminal, as people do."""
    venv = Path(sys.prefix).relative_to(ROOT)  # make takes no spaces, which ROOT may have
    make = ["make", "-C", str(ROOT), "demo", f"VENV={venv}", f"OPTIONS={' '.join(options)}"]
    return [sys.executable, "-m", "backend.tests.e2e.terminal", *make]


def in_background(options: list[str]) -> list[str]:
    """By a shell, which has it ignore SIGINT."""
    return ["sh", "-c", '"$@" & wait', "sh", *by_itself(options)]


def test_ctrl_c_in_a_terminal_ends_it(data: Path, mark: str, tmp_path: Path) -> None:
    with started(tmp_path, data=data, by=by_make, DEMO_OF_A_TEST=mark) as example:
        os.kill(example.program.pid, signal.SIGTERM)  # which presses the keys
        see_nothing_left(example, mark)
        assert "Traceback" not in example.program.output()


def test_closing_the_terminal_ends_it(data: Path, mark: str, tmp_path: Path) -> None:
    with started(tmp_path, data=data, by=by_make, DEMO_OF_A_TEST=mark) as example:
        os.kill(example.program.pid, signal.SIGKILL)
        see_nothing_left(example, mark)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_it_well_though_connections_are_open(
    number: signal.Signals, data: Path, mark: str, tmp_path: Path
) -> None:
    with started(tmp_path, data=data, DEMO_OF_A_TEST=mark) as example:
        with opened(example.frontend), opened(example.duly):
            os.kill(example.program.pid, number)
            assert status(example) == 0
        see_nothing_left(example, mark)


def test_ctrl_c_ends_what_a_shell_has_in_the_background(
    data: Path, mark: str, tmp_path: Path
) -> None:
    with started(tmp_path, data=data, by=in_background, DEMO_OF_A_TEST=mark) as example:
        [runner] = psutil.Process(example.program.pid).children()
        runner.send_signal(signal.SIGINT)
        see_nothing_left(example, mark)


@pytest.mark.parametrize("part", ["next", "duly", "postgres", "guard"])
def test_when_a_part_is_killed_the_others_end_and_it_says_which(
    part: str, mark: str, tmp_path: Path
) -> None:
    # With data of its own: what was PostgreSQL is there as a zombie until somebody collects it.
    with started(tmp_path, DEMO_OF_A_TEST=mark) as example:
        process_of(example, part).kill()
        assert status(example) == 1
        assert f"{part} ended by itself" in example.program.output()
        see_nothing_left(example, mark, by_force=part == "postgres")


def test_when_the_runner_is_killed_the_parts_end_and_it_can_be_started_again(
    data: Path, mark: str, tmp_path: Path
) -> None:
    with started(tmp_path, data=data, DEMO_OF_A_TEST=mark) as example:
        os.kill(example.program.pid, signal.SIGKILL)
        see_nothing_left(example, mark)
    with started(tmp_path, data=data) as example:
        httpx2.get(f"{example.duly}/readyz").raise_for_status()


def test_when_it_is_killed_while_it_starts_nothing_is_left(mark: str, tmp_path: Path) -> None:
    built()
    with folder() as data:
        command = by_itself(["--data", str(data)])
        program = Program("demo", command, environment(DEMO_OF_A_TEST=mark), tmp_path)
        postgres = data / "postgres" / "postmaster.pid"
        program.wait_for(lambda: postgres.exists() or None)
        os.kill(program.pid, signal.SIGKILL)
        until(lambda: not left(mark, data))
        program.stop()


def test_of_next_dev_which_is_two_processes_none_is_left(
    data: Path, mark: str, tmp_path: Path
) -> None:
    with started(tmp_path, "--dev", data=data, DEMO_OF_A_TEST=mark) as example:
        assert process_of(example, "next").children()
        process_of(example, "next").kill()
        assert status(example) == 1
        see_nothing_left(example, mark)


def test_a_second_one_says_where_the_first_one_is(data: Path, tmp_path: Path) -> None:
    with started(tmp_path, data=data) as example:
        (tmp_path / "second").mkdir()
        command = by_itself(["--data", str(data)])
        second = Program("demo", command, environment(), tmp_path / "second")
        assert psutil.Process(second.pid).wait(_PATIENCE) == 1
        assert f"runs already at {example.frontend}" in second.output()
        second.stop()
        httpx2.get(f"{example.duly}/readyz").raise_for_status()


def process_of(example: Example, part: str) -> psutil.Process:
    if part == "postgres":
        file = example.data / "postgres" / "postmaster.pid"
        return psutil.Process(int(file.read_text("utf-8").split()[0]))
    words = {"next": "next", "duly": "duly serve", "guard": "scripts.demo.guard"}[part]
    children = psutil.Process(example.program.pid).children()
    [found] = [each for each in children if words in " ".join(each.cmdline())]
    return found


def status(example: Example) -> object:
    return psutil.Process(example.program.pid).wait(_PATIENCE)


def opened(origin: str) -> socket.socket:
    """A connection as browsers keep them."""
    address = urlsplit(origin)
    connection = socket.create_connection((address.hostname or "", address.port or 0))
    connection.sendall(f"GET /sign-in HTTP/1.1\r\nHost: {address.netloc}\r\n\r\n".encode())
    assert connection.recv(9).startswith(b"HTTP/1.1")
    return connection


def see_nothing_left(example: Example, mark: str, *, by_force: bool = False) -> None:
    until(lambda: not left(mark, example.data))
    for origin in (example.frontend, example.duly):
        with pytest.raises(ConnectionRefusedError):
            opened(origin)
    assert not (example.data / "postgres" / "postmaster.pid").exists() or by_force
    log = (example.data / "postgres" / "log").read_text("utf-8").splitlines()
    assert log[-1].endswith("database system is shut down") or by_force


def left(mark: str, data: Path) -> list[psutil.Process]:
    """What lives with the mark, or in the data: PostgreSQL's children hide what they inherited."""
    return [each for each in psutil.process_iter() if is_of(each, mark, data)]


def is_of(process: psutil.Process, mark: str, data: Path) -> bool:
    with suppress(psutil.NoSuchProcess, psutil.AccessDenied):
        if process.status() != psutil.STATUS_ZOMBIE:
            where = Path(process.cwd())
            return process.environ().get(_MARK) == mark or where in {data, data / "postgres"}
    return False


def until(is_so: Callable[[], bool]) -> None:
    end = time.monotonic() + _PATIENCE
    while not is_so():
        assert time.monotonic() < end
        time.sleep(0.05)
