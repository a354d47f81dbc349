"""The documents say what the program does."""

import re
import shutil
import tomllib
from collections.abc import Callable
from itertools import chain
from pathlib import Path

import pytest
from fastapi.routing import APIRoute
from pydantic import SecretStr

from backend.config import Settings
from backend.core.problems import Problem
from backend.main import create_app
from backend.tests.docs import generate
from backend.tests.docs.markdown import DOCUMENTS, prose
from backend.tests.docs.pages import ROOT, decisions
from backend.tests.docs.session import Step, play, read_session, serve_for_development

_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
_TITLES = ["Context", "Decision", "Consequences", "Alternatives"]


DECISIONS = decisions.files()

each_document = pytest.mark.parametrize("name", DOCUMENTS)
each_decision = pytest.mark.parametrize("page", DECISIONS, ids=lambda page: page.stem)


def _anchors(path: Path) -> set[str]:
    """The fragments that the headings of a page answer to, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", prose(path.read_text("utf-8")), re.MULTILINE)
    return {
        re.sub(r"[^\w\- ]", "", heading).strip().lower().replace(" ", "-") for heading in headings
    }


def test_generated_documents_are_fresh(make_database: Callable[[str], str]) -> None:
    assert generate.stale(make_database("generated")) == []


@each_document
def test_every_link_leads_somewhere(name: str) -> None:
    broken = []
    for target in _LINK.findall(prose(DOCUMENTS[name])):
        if "://" in target:
            continue
        path, _, fragment = target.partition("#")
        file = (ROOT / name).parent / path if path else ROOT / name
        if not file.exists() or (fragment and fragment not in _anchors(file)):
            broken.append(target)
    assert broken == []


@each_decision
def test_a_decision_is_short_and_complete(page: Path) -> None:
    text = page.read_text("utf-8")
    number, _, _ = page.stem.partition("-")
    assert len(text.splitlines()) <= 40
    assert re.findall(r"^## (.+)$", text, re.MULTILINE) == _TITLES
    assert text.startswith(f"# {number}: ")


def test_decisions_are_numbered_without_gaps() -> None:
    numbers = [int(page.stem.partition("-")[0]) for page in DECISIONS]
    assert numbers == list(range(1, len(numbers) + 1))


def test_every_dependency_has_its_line() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    extras = project["project"]["optional-dependencies"].values()
    required = {
        re.match(r"[\w-]+", line)[0]  # type: ignore[index]  # a requirement starts with a name
        for line in chain(project["project"]["dependencies"], *extras)
    }
    page = (ROOT / "docs/decisions/0008-dependencies.md").read_text("utf-8")
    cells = re.findall(r"^\| ([a-z].*?) \|", page, re.MULTILINE)
    named = {re.sub(r"[ \[(].*", "", package) for cell in cells[1:] for package in cell.split(", ")}
    assert named == required


def test_every_room_is_in_the_architecture() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    [layers] = [
        contract["layers"]
        for contract in project["tool"]["importlinter"]["contracts"]
        if contract["type"] == "layers"
    ]
    rooms = re.findall(r"\w+", " ".join(layers))
    table = "\n".join(re.findall(r"^\| (`.+?) \|", DOCUMENTS["docs/architecture.md"], re.MULTILINE))
    assert [room for room in rooms if not re.search(rf"`{room}(/|\.py)`", table)] == []


def test_every_error_is_documented() -> None:
    page = DOCUMENTS["docs/errors.md"]
    assert [code for code in Problem.registry if f"`{code}`" not in page] == []


def test_every_route_is_in_the_openapi_document() -> None:
    app = create_app(Settings(_env_file=None, database_url=SecretStr("postgresql://")))
    described = {
        (path, method.upper()) for path, verbs in app.openapi()["paths"].items() for method in verbs
    }
    served = {
        (route.path, method)
        for route in app.routes
        if isinstance(route, APIRoute)
        for method in route.methods or ()
    }
    assert served == described


@pytest.mark.skipif(shutil.which("curl") is None, reason="the commands are curl's")
def test_the_example_and_the_session_are_what_happens_and_again(
    make_database: Callable[[str], str], tmp_path: Path
) -> None:
    session = read_session(DOCUMENTS["README.md"])
    assert len([step for step in session if step.expected]) >= 6
    with serve_for_development(make_database("documents"), tmp_path) as served:
        for _ in range(2):
            [listed] = play([_example(served.greeting)], served)
            assert '"user_id":"alice","title":"Try Duly"' in listed
            outputs = play(session, served)
            different = [
                f"$ {step.command}\n{output}"
                for step, output in zip(session, outputs, strict=True)
                if not step.describes(output)
            ]
            assert different == []


def _example(greeting: str) -> Step:
    """The commands that `make run` prints, which fit a screen: no token is in them."""
    commands = greeting.rpartition("\n\n")[2].splitlines()
    assert commands[0].startswith("TOKEN=$(")
    assert max(map(len, commands)) < 200
    return Step("\n".join(commands), "")
