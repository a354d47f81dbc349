"""One generation on a port: claimed by the parent, and given up with it."""

import os
import signal
import socket
import time
from pathlib import Path

import pytest

from backend.config import Settings
from backend.security.signing import Issuer
from backend.tests.serving.test_stop import workers
from backend.tests.support import program as programs
from backend.tests.support.people import Person
from backend.tests.support.processes import Program, ProgramError, started
from backend.tests.support.program import DULY, ServedProgram


def refused(settings: Settings, directory: Path, **changes: str) -> str:
    """What a `duly serve` that cannot start says."""
    variables = {**programs.environment(settings), **changes}
    with started(Program("second", [DULY, "serve"], variables, directory)) as second:
        with pytest.raises(ProgramError, match="ended with 1"):
            second.wait_for(lambda: None)
        return second.output()


@pytest.mark.parametrize("setting", ["PORT", "METRICS_PORT"])
def test_a_second_server_says_in_one_line_who_has_the_port(
    setting: str, settings: Settings, program: ServedProgram, alice: Person, tmp_path: Path
) -> None:
    changes = {"PORT": str(programs.free_port()), setting: str(program.port)}
    [line] = refused(settings, tmp_path, **changes).splitlines()
    assert line.startswith(f"{setting}={program.port} is taken by `")
    assert f"(process {program.pid})" in line
    assert alice.titles() == []


@pytest.mark.parametrize("host", ["192.0.2.1", "nowhere.invalid", "not a host"])
def test_an_address_that_is_not_here_is_said_in_one_line(
    host: str, settings: Settings, tmp_path: Path
) -> None:
    [line] = refused(settings, tmp_path, HOST=host).splitlines()
    assert line.startswith(f"HOST={host} is no address of this machine: set HOST to 127.0.0.1")


def test_ipv6_is_served(settings: Settings, tmp_path: Path) -> None:
    port = programs.free_port()
    variables = {**programs.environment(settings), "HOST": "::1", "PORT": str(port)}
    with started(Program("six", [DULY, "serve"], variables, tmp_path)) as program:

        def answers() -> bool | None:
            try:
                with socket.create_connection(("::1", port)) as connection:
                    connection.sendall(b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n")
                    return connection.recv(65_536).startswith(b"HTTP/1.1 200 ")
            except ConnectionRefusedError:
                return None

        assert program.wait_for(answers)


def test_workers_end_with_their_parent_and_free_the_port(
    settings: Settings, issuer: Issuer, tmp_path: Path
) -> None:
    directory = tmp_path / "next"
    directory.mkdir()
    with programs.serve(settings, tmp_path) as first:
        assert len(workers(first.pid)) == 2
        os.kill(first.pid, signal.SIGKILL)
        deadline = time.monotonic() + 60
        while workers(first.pid):
            assert time.monotonic() < deadline
            time.sleep(0.02)
        variables = {**programs.environment(settings), "PORT": str(first.port)}
        with started(Program("next", [DULY, "serve"], variables, directory)) as program:
            program.wait_for(lambda: '"serving"' in program.output() or None)
            person = Person("fay", ServedProgram(first.port, program), issuer)
            with person.client:
                assert person.titles() == []


def test_a_worker_that_dies_is_replaced_and_said(settings: Settings, tmp_path: Path) -> None:
    with programs.serve(settings, tmp_path) as program:
        before = workers(program.pid)
        for each in before:
            os.kill(int(each), signal.SIGKILL)
        program.wait_for(
            lambda: (len(new := workers(program.pid)) == 2 and not {*new} & {*before}) or None
        )
        assert program.find_log(event="worker_died", status=-9)["worker"] in map(int, before)
