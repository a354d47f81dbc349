"""Commands whose words nobody takes, and numbers that no deployment could use."""

import os
import subprocess
from pathlib import Path

import pytest
from typer.testing import CliRunner

from backend.cli import app
from backend.config import Settings
from backend.tests.support.processes import bare_environment
from backend.tests.support.program import DULY

FULL = Path("/dev/full")


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Without settings of others."""
    monkeypatch.chdir(tmp_path)
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)


def shell(command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["bash", "-o", "pipefail", "-c", command.replace("duly", f"{DULY!r}")],
        env=bare_environment(),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


@pytest.mark.skipif(not FULL.exists(), reason="no device here is always full")
@pytest.mark.parametrize("command", ["--help", "--version", "token", "openapi"])
def test_a_full_disk_is_said_in_one_line(command: str) -> None:
    ended = shell(f"duly {command} > /dev/full")
    assert ended.returncode == 1
    assert ended.stderr == "[Errno 28] No space left on device\n"


@pytest.mark.skipif(not FULL.exists(), reason="no device here is always full")
def test_a_full_disk_that_takes_no_complaint_either_ends_it_all_the_same() -> None:
    ended = shell("duly --help > /dev/full 2>&1")
    assert (ended.returncode, ended.stderr) == (1, "")


@pytest.mark.parametrize("command", ["--help", "--version", "token"])
def test_a_reader_who_has_gone_hears_nothing_more(command: str) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    ended = subprocess.run(
        [DULY, command],
        env=bare_environment(),
        stdout=writing,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
        timeout=60,
    )
    os.close(writing)
    assert (ended.returncode, ended.stderr) == (1, "")


def test_what_is_taken_ends_well() -> None:
    ended = shell("duly --version | cat")
    assert (ended.returncode, ended.stderr) == (0, "")


@pytest.mark.parametrize("seconds", ["0", "-60", "86401", "1e9", str(10**30)])
def test_a_token_that_would_be_refused_is_not_made(seconds: str) -> None:
    told = CliRunner().invoke(app, ["token", "--lifetime", seconds])
    assert told.exit_code != 0
    assert told.stdout == ""
    assert "--lifetime" in told.stderr


def test_a_token_may_last_as_long_as_the_settings_accept() -> None:
    told = CliRunner().invoke(
        app, ["token", "--lifetime", "604800"], env={"AUTH_MAX_TOKEN_LIFETIME": "7d"}
    )
    assert told.stdout.count(".") == 2


@pytest.mark.parametrize("workers", ["257", "100000", str(10**30)])
def test_more_workers_than_a_machine_has_cores_are_refused(workers: str) -> None:
    told = CliRunner().invoke(app, ["serve"], env={"WORKERS": workers})
    assert told.exit_code == 1
    assert "WORKERS must be less than or equal to 256" in told.stderr
