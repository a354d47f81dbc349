"""The benchmarks run; the smallest figures say nothing but that each part still fits."""

import platform
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.e2e

ROOT = Path(__file__).parents[3]
DULY = ("--duly", str(Path(sys.executable).parent))


def run(module: str, *options: str) -> str:
    """What a part of the benchmarks prints."""
    command = [sys.executable, "-m", module, *options]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=ROOT, stdout=pipe, stderr=pipe, text=True) as process:
        try:
            said, complained = process.communicate(timeout=120)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGINT)  # it ends what it started
            raise
    assert process.returncode == 0, said + complained
    return said


def answered(report: str, system: str) -> list[tuple[int, int]]:
    """Right answers per second and errors of a system under each load, as a report shows them."""
    row = rf"^\| (?:\*\*)?{system}(?:\*\*)? \| ([\d,]+) \|(?:.*?\|){{4}} ([\d,]+) \|"
    rows = re.findall(row, report, re.MULTILINE)
    return [(int(rate.replace(",", "")), int(errors.replace(",", ""))) for rate, errors in rows]


def measure(*systems: str) -> str:
    """What a small run of some systems prints, each of which answered."""
    loads = ("list-32", "create-32")
    small = ("--seconds", "0.2", "--users", "4", "--tasks", "50", "--workers", "1")
    report = run("benchmarks", "--quick", "--systems", *systems, "--only", *loads, *small, *DULY)
    for system in systems:
        found = answered(report, system)
        assert len(found) == len(loads)
        # A busy machine may lose a request; most are answered.
        assert all(rate > errors for rate, errors in found), report
    return report


def test_duly_and_its_limit_are_measured() -> None:
    report = measure("duly", "bare-wire")
    assert f"Python {platform.python_version()}, by its sysconfig built with" in report


def test_what_a_typescript_team_would_pick_is_measured() -> None:
    measure("bun")


def test_what_cannot_be_measured_here_is_left_out_with_a_sentence(tmp_path: Path) -> None:
    choice = ("--systems", "literal", "bun", "--only", "list-1000")
    environment = {"PATH": str(tmp_path)}  # without wrk, node and npm
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks", "--quick", *choice, "--output", str(tmp_path)],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert "literal is left out: no psycopg2 and no jose here" in done.stdout
    assert "bun is left out: no node and no npm here" in done.stdout
    assert "list-1000 is left out: no wrk here" in done.stdout
    assert done.returncode != 0
    assert done.stderr.endswith("a run that is written down leaves nothing out\n")


def test_growth_is_measured() -> None:
    small = ("--sizes", "1000", "--requests", "20", "--seconds", "0.2", "--workers", "1")
    report = run("benchmarks.growth", *small, *DULY)
    assert re.search(r"^\| list, user of 200 tasks \| [\d.]+ / [\d.]+ \|", report, re.MULTILINE)
    assert re.search(r"^\| `completed`, 1,000 tasks \| [1-9]", report, re.MULTILINE)


def test_fairness_is_measured() -> None:
    said = run("benchmarks.fairness", "--rounds", "1", "--seconds", "0.2", "--users", "5")
    assert re.search(r"^list, 32 connections: p95 .* beside the slow user", said, re.MULTILINE)


def test_the_start_is_measured() -> None:
    said = run("benchmarks.startup", "--rounds", "1", "--without-size")
    assert re.search(r"^`duly serve` to its first answer, ready: \d", said, re.MULTILINE)
