"""A failing test shows its assertion; what the programs wrote meanwhile does not bury it."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]

FAILING = """
import logging
import pytest

@pytest.fixture(scope="session")
def database_url():
    return {url!r}

def test_that_fails(alice, program):
    logging.getLogger("backend").error("a bug of long before")
    for number in range(50):
        alice.client.get("/api/tasks")
        alice.client.get(f"{{program.url}}/livez")
        logging.getLogger("a.library").warning("noise")
        print("line", number)
    assert alice.titles() == ["Buy milk"]
"""


@pytest.fixture
def fail(database_url: str, tmp_path: Path) -> "subprocess.CompletedProcess[str]":
    """A run of pytest in which a test of much traffic fails."""
    test = tmp_path / "test_failing.py"
    test.write_text(FAILING.format(url=database_url))
    options = ["-n", "0", "-c", str(ROOT / "pyproject.toml"), "-p", "backend.tests.conftest"]
    return subprocess.run(
        [sys.executable, "-m", "pytest", *options, f"--basetemp={tmp_path / 'base'}", str(test)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_the_assertion_comes_first_and_the_end_of_each_log_behind_it(
    fail: "subprocess.CompletedProcess[str]",
) -> None:
    assert (fail.returncode, fail.stderr) == (1, "")
    lines = fail.stdout.splitlines()
    assert len(lines) < 150  # 60 of logs; the rest is pytest's, and grows with the paths
    assertion = lines.index("E       AssertionError: assert [] == ['Buy milk']")
    written = [number for number, line in enumerate(lines) if re.match(r"\{|line \d", line)]
    # The error; the end of what was written by the test, by Duly beside it and by `duly serve`.
    assert len(written) == 1 + 3 * 20
    assert assertion < written[0]
    assert "line 49" in lines
    assert "a bug of long before" in fail.stdout
    # All of it is where the report says.
    logs = [Path(found) for found in re.findall(r"Last lines of (\S+)", fail.stdout)]
    assert [log.name for log in logs] == ["tests.log", "duly.log"]
    for log in logs:
        assert log.read_text().count('"event":"request"') >= 50
