"""What the figures were measured on and with."""

import json
import os
import platform
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path

from benchmarks.harness.places import BENCHMARKS, POSTGRES_BIN, missing, program

_PACKAGES = (
    "fastapi",
    "starlette",
    "sqlmodel",
    "sqlalchemy",
    "pydantic",
    "psycopg2-binary",
    "asyncpg",
    "python-jose",
    "pyjwt",
    "uvicorn",
    "granian",
    "uvloop",
)
_DULY_PACKAGES = ("duly", "fastapi", "httptools", "uvloop", "psycopg")
_ASK_VERSIONS = """
from importlib.metadata import distributions
print(*sorted({f"{d.name} {d.version}" for d in distributions()}), sep="\\n")
"""
_GIGABYTE = 2**30
_ABSENT = "–"


def describe(duly: Path) -> list[tuple[str, str]]:
    """Names and values, for the report."""
    return [
        *describe_duly(duly),
        ("generators", f"{_wrk()}; {_said_if_there('k6', 'version').split(' (')[0]}"),
        ("peers", ", ".join([*_versions(), *_npm_versions()])),
        ("pocketbase", _said_if_there("pocketbase", "--version")),
    ]


def describe_duly(duly: Path) -> list[tuple[str, str]]:
    """The machine, PostgreSQL and Duly only."""
    return [
        ("measured", f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC"),
        ("processor", f"{_processor()}, {os.cpu_count()} cores (everything runs on them)"),
        ("memory", f"{_memory() / _GIGABYTE:.0f} GiB"),
        ("system", f"{platform.system()} {platform.release()}, Python {platform.python_version()}"),
        ("database", _said([POSTGRES_BIN / "postgres", "--version"])),
        ("duly", _duly(duly)),
    ]


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.machine()


def _memory() -> int:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def _wrk() -> str:
    if missing("wrk"):
        return _ABSENT
    said = subprocess.run(["wrk", "-v"], check=False, capture_output=True, text=True)
    return " ".join((said.stdout + said.stderr).split()[:2])


def _duly(programs: Path) -> str:
    """Versions in Duly's own environment, and the commit if there is one."""
    installed = _said([programs / "python", "-c", _ASK_VERSIONS]).splitlines()
    shown = ", ".join(line for line in installed if line.split(" ")[0] in _DULY_PACKAGES)
    commit = subprocess.run(
        ["git", "-C", programs, "describe", "--always", "--dirty"],
        check=False,
        capture_output=True,
        text=True,
    ).stdout.strip()
    return f"{shown}, commit {commit or 'none yet'}"


def _versions() -> Iterator[str]:
    for name in _PACKAGES:
        with suppress(metadata.PackageNotFoundError):
            yield f"{name} {metadata.version(name)}"


def _npm_versions() -> list[str]:
    package = json.loads((BENCHMARKS / "bun" / "package.json").read_text())
    return [f"{name} {version}" for name, version in package["dependencies"].items()]


def _said_if_there(name: str, argument: str) -> str:
    return _ABSENT if missing(name) else _said([program(name), argument])


def _said(command: Sequence[str | Path]) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
