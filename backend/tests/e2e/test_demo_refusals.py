"""What keeps `make demo` from running is said in one sentence, with what to do."""

import shutil
import socket
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from backend.tests.e2e.example import built, by_itself, environment, folder
from backend.tests.support.processes import Program, free_port
from scripts.demo import places
from scripts.demo.application import EXAMPLE, ROOT
from scripts.demo.parts import DemoFailed

pytestmark = pytest.mark.e2e

_PATIENCE = 120.0


@pytest.fixture
def data() -> Iterator[Path]:
    with folder() as made:
        yield made


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


def test_without_node_it_says_what_to_install(data: Path, tmp_path: Path) -> None:
    assert refusal(data, tmp_path, PATH="") == (
        "The demo needs Node 20.9 or newer with npm (https://nodejs.org): there is no `node` on "
        "the PATH."
    )


def test_an_old_node_is_refused_by_its_version(data: Path, tmp_path: Path) -> None:
    for name in ("node", "npm"):
        program = tmp_path / "old" / name
        program.parent.mkdir(exist_ok=True)
        program.write_text("#!/bin/sh\necho v18.19.0\n")
        program.chmod(0o755)
    said = refusal(data, tmp_path, PATH=f"{tmp_path / 'old'}:/usr/bin:/bin")
    assert said.endswith("(https://nodejs.org): this one is 18.19.0.")


def test_without_the_registry_it_says_what_npm_needs(data: Path, tmp_path: Path) -> None:
    """In a checkout that has installed nothing yet."""
    clone = tmp_path / "clone"
    shutil.copytree(ROOT / "scripts", clone / "scripts")
    left_out = shutil.ignore_patterns("node_modules", ".next")
    shutil.copytree(EXAMPLE, clone / "examples" / "nextjs", ignore=left_out)
    said = refusal(
        data,
        tmp_path,
        PYTHONPATH=f"{clone}:{ROOT}",
        npm_config_registry=f"http://127.0.0.1:{free_port()}",
        npm_config_fetch_retries="0",
        npm_config_cache=str(tmp_path / "cache"),
        npm_config_userconfig=str(tmp_path / "npmrc"),
    )
    assert said.startswith("`npm ci` did not work, and what it said is above: it needs the npm")


def test_a_port_that_was_asked_for_and_is_taken_is_refused(
    taken: int, data: Path, tmp_path: Path
) -> None:
    built()
    said = refusal(data, tmp_path, "--port", str(taken))
    assert said == f"Port {taken} is taken: end that program, or give another by --port."
    said = refusal(data, tmp_path, "--port", str(free_port()), "--duly-port", str(taken))
    assert said == f"Port {taken} is taken: end that program, or give another by --duly-port."


def test_in_place_of_a_usual_port_that_is_taken_comes_another_and_it_is_said(
    taken: int, capfd: pytest.CaptureFixture[str]
) -> None:
    found = places.port(None, taken, "the application", "--port")
    assert found > taken
    said = f"Port {taken} is taken, so the application has {found}."
    assert said in capfd.readouterr().out


def test_without_any_port_it_asks_for_one(taken: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(places, "NEARBY", 1)
    with pytest.raises(DemoFailed, match=f"No port from {taken} on is free: give one by --port"):
        places.port(None, taken, "the application", "--port")


def test_a_part_that_does_not_start_is_named_after_what_it_said(data: Path, tmp_path: Path) -> None:
    built()
    ports = ["--port", str(free_port()), "--duly-port", str(free_port())]
    program = Program(
        "demo", by_itself([*ports, "--data", str(data)]), environment(RATE_LIMIT="much"), tmp_path
    )
    assert psutil.Process(program.pid).wait(_PATIENCE) == 1
    program.stop()
    assert "duly | " in program.output()
    assert "RATE_LIMIT" in program.output()
    assert "duly ended by itself, so the others were ended too." in program.output()


def test_a_folder_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    said = refusal(tmp_path / "file", tmp_path)
    assert said == f"{tmp_path / 'file'} cannot be used (File exists): name another by --data."


def test_a_number_that_is_none_is_refused(data: Path, tmp_path: Path) -> None:
    assert "'many' is not a number from 1 to 100000" in refusal(
        data, tmp_path, "--seed", "many", status=2
    )


def refusal(data: Path, directory: Path, *options: str, status: int = 1, **settings: str) -> str:
    """The last line that it says, when it ends at once."""
    command = by_itself([*options, "--data", str(data)])
    program = Program("demo", command, environment(**settings), directory)
    assert psutil.Process(program.pid).wait(_PATIENCE) == status
    program.stop()
    assert "Traceback" not in program.output()
    return program.output().splitlines()[-1]
