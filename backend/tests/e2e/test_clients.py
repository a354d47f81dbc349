"""Clients that generators make from the OpenAPI document: they compile, and work as written."""

import json
import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from backend.tests.docs.session import Served, serve_for_development
from backend.tests.e2e import node
from backend.tests.e2e.conftest import NewDatabase
from backend.tests.support.people import NO_TLS
from scripts import package_index

CLIENTS = node.HERE / "clients"
UV = Path(sys.executable).with_name("uv")
GENERATORS = ("openapi-python-client==0.29.1", "datamodel-code-generator==0.89.0")

pytestmark = pytest.mark.e2e


@pytest.fixture
def served(new_database: NewDatabase, migrated: str, tmp_path: Path) -> Iterator[Served]:
    with serve_for_development(new_database(migrated), tmp_path) as running:
        yield running


@pytest.fixture
def document(served: Served) -> Path:
    answer = httpx2.get(f"{served.origin}/openapi.json", verify=NO_TLS, trust_env=False)
    path = served.directory / "openapi.json"
    path.write_bytes(answer.content)
    return path


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The programs of an environment with the generators, mypy and what their clients need."""
    environment = tmp_path_factory.mktemp("generators")
    index = package_index.configured()
    known = {"UV_DEFAULT_INDEX": index} if index else {}
    node.run(UV, "venv", "-q", environment, directory=environment, **known)
    command = [UV, "pip", "install", "-q", "--python", environment / "bin" / "python"]
    node.run(*command, *GENERATORS, "mypy", directory=environment, **known)
    return environment / "bin"


def test_openapi_typescript_and_openapi_fetch(served: Served, document: Path) -> None:
    node.install(CLIENTS)
    programs, client = CLIENTS / "node_modules" / ".bin", served.directory
    (client / "node_modules").symlink_to(CLIENTS / "node_modules")
    programs_of_ours = ("program.ts", "everyday.ts")
    for program in (*programs_of_ours, "probes.ts"):
        shutil.copy(CLIENTS / program, client)
    (client / "package.json").write_text('{"type": "module"}')
    generate = (programs / "openapi-typescript", document, "-o", "duly.d.ts")
    options = "--strict --module esnext --moduleResolution bundler --target es2022 --types node"
    compile_ = (programs / "tsc", *options.split())
    # As browsers' clients are often made, and compiled.
    node.run(*generate, "--default-non-nullable=false", "--exclude-deprecated", directory=client)
    strictest = ("--noEmit", "--noUncheckedIndexedAccess", "--exactOptionalPropertyTypes")
    node.run(*compile_, *strictest, "probes.ts", directory=client)
    node.run(*generate, directory=client)
    node.run(*compile_, *programs_of_ours, directory=client)
    assert_it_works(served, node.find("node"), "program.js")
    assert_every_day_works(served, node.find("node"), "everyday.js")


def test_openapi_python_client(served: Served, document: Path, python: Path) -> None:
    generate = [python / "openapi-python-client", "generate", "--fail-on-warning", "--meta", "none"]
    to = ["--path", document, "--output-path", "duly_client"]
    path = f"{python}:{os.environ['PATH']}"  # it formats what it wrote with the Ruff beside it
    node.run(*generate, *to, directory=served.directory, PATH=path)
    for program in ("program_attrs.py", "everyday_attrs.py"):
        check(python, program, served.directory)
    assert_it_works(served, python / "python", "program_attrs.py")
    assert_every_day_works(served, python / "python", "everyday_attrs.py")


def test_datamodel_code_generator(served: Served, document: Path, python: Path) -> None:
    kind = [
        "--input-file-type",
        "openapi",
        "--output-model-type",
        "pydantic_v2.BaseModel",
        "--use-annotated",
    ]
    to = ["--input", document, "--output", "duly_models.py"]
    node.run(python / "datamodel-codegen", *kind, *to, directory=served.directory)
    check(python, "program_pydantic.py", served.directory)
    assert_it_works(served, python / "python", "program_pydantic.py")


def check(python: Path, program: str, client: Path) -> None:
    """Have mypy read a program beside the client that it uses."""
    shutil.copy(CLIENTS / program, client)
    node.run(python / "mypy", "--strict", "--follow-imports=silent", program, directory=client)


def report(served: Served, person: str, *command: str | Path) -> Any:
    """What a program prints that runs as somebody."""
    token = httpx2.get(f"{served.origin}/tokens/{person}", verify=NO_TLS, trust_env=False).text
    environment = {"DULY_URL": served.origin, "DULY_TOKEN": token.strip(), "NO_PROXY": "*"}
    return json.loads(node.run(*command, directory=served.directory, **environment))


def assert_every_day_works(served: Served, *command: str | Path) -> None:
    """Lists, subtasks, dates, recurrence, order, batches, search, tags, statistics, the trash."""
    assert report(served, "bob", *command) == {
        "inside": True,
        "color": "#3366ff",
        "parts": ["Choose seats", "Book the train"],
        "nexts": [[False, "2020-02-29"], [False, "2020-02-29"]],
        "statuses": [201, 200, 404],
        "changed": 3,
        "searched": ["Choose seats"],
        "overdue": ["Book the train", "Pay the rent"],
        "tags": [["travel", 3]],
        "stats": [5, 2, 30],
        "trashed": ["Book the train", "Choose seats", "Plan the trip"],
        "counts": [["Inbox", 1], ["Trip", 4]],
    }


def assert_it_works(served: Served, *command: str | Path) -> None:
    assert report(served, "alice", *command) == {
        "created": False,
        "patched": 2,
        "toggled": True,
        "listed": 1,
        "titles": ["Buy milk"],
        "stale": "changed elsewhere",
        "current": "Buy milk",
        "pointers": ["/body/title"],
        "own": "01a2047c-ebaa-79f4-a0e0-dcd48e275a9e",
    }
