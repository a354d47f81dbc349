"""The documents say what the program does."""

import re
import shutil
import tomllib
from collections.abc import Callable, Iterator
from itertools import chain
from pathlib import Path

import pytest
from fastapi.routing import APIRoute
from pydantic import SecretStr

from backend import cli
from backend.config import Settings
from backend.core.problems import Problem
from backend.main import create_app
from backend.tests.docs import generate
from backend.tests.docs.generate import ROOT
from backend.tests.docs.session import Step, play, read_session, serve_for_development

_NOT_OURS = {"node_modules", "build", "dist"}
_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
_FENCE = re.compile(r"^```(\w*)\n(.*?)^```", re.DOTALL | re.MULTILINE)
_CODE = re.compile(r"`([^`\n]+)`")
_COMMAND = re.compile(r"^(?:\$ |> )?(?:\S+=\S+ )*(?:\.venv/bin/)?(make|duly) (.+)$", re.MULTILINE)
_TARGET = re.compile(r"^([a-z0-9]+):", re.MULTILINE)
_SETTING = re.compile(r"\b[A-Z]{3,}(?:_[A-Z]+)+\b|\b[A-Z]{3,}(?==)")
_FILE = re.compile(r"[\w.-]+(?:/[\w.-]+)+\.(?:py|md|json|mjs|toml)")
_TITLES = ["Context", "Decision", "Consequences", "Alternatives"]

# Variables of the frontend, and names that stand for something else than a setting.
_NOT_SETTINGS = {"BETTER_AUTH_SECRET", "NEXT_PUBLIC_DULY_URL"}
# Named as what the plan had or what a reader is going to write.
_NOT_HERE = {
    "core/config.py",
    "database/database.py",
    "database/session.py",
    "utils/jwt_utils.py",
    "utils/security.py",
    "models/list.py",
    "schemas/list.py",
    "services/list.py",
    "routes/list.py",
    "versions/NNNN_title.py",
}


def _documents() -> Iterator[Path]:
    for path in ROOT.rglob("*.md"):
        parts = path.relative_to(ROOT).parts
        if not any(part.startswith(".") or part in _NOT_OURS for part in parts):
            yield path


DOCUMENTS = {str(path.relative_to(ROOT)): path.read_text("utf-8") for path in sorted(_documents())}
DECISIONS = sorted((ROOT / "docs" / "decisions").glob("*.md"))

each_document = pytest.mark.parametrize("name", DOCUMENTS)
each_decision = pytest.mark.parametrize("page", DECISIONS, ids=lambda page: page.stem)


def _code(text: str) -> str:
    """Everything that is set as code, one piece a line."""
    blocks = [body for _, body in _FENCE.findall(text)]
    return "\n".join([*blocks, *_CODE.findall(_FENCE.sub("", text))])


def _anchors(path: Path) -> set[str]:
    """The fragments that the headings of a page answer to, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", _FENCE.sub("", path.read_text("utf-8")), re.MULTILINE)
    return {
        re.sub(r"[^\w\- ]", "", heading).strip().lower().replace(" ", "-") for heading in headings
    }


def _words(program: str, text: str) -> set[str]:
    """What follows `program` in the commands of a page: targets, or the subcommand."""
    found: set[str] = set()
    for named, rest in _COMMAND.findall(_code(text)):
        words = [
            word for word in rest.partition("#")[0].split() if re.fullmatch(r"[a-z0-9]+", word)
        ]
        if named == program:
            found.update(words if program == "make" else words[:1])
    return found


def test_generated_documents_are_fresh() -> None:
    assert generate.stale() == []


@each_document
def test_every_link_leads_somewhere(name: str) -> None:
    broken = []
    for target in _LINK.findall(_FENCE.sub("", DOCUMENTS[name])):
        if "://" in target:
            continue
        path, _, fragment = target.partition("#")
        file = (ROOT / name).parent / path if path else ROOT / name
        if not file.exists() or (fragment and fragment not in _anchors(file)):
            broken.append(target)
    assert broken == []


@each_document
def test_every_make_target_exists(name: str) -> None:
    targets = set(_TARGET.findall((ROOT / "Makefile").read_text("utf-8")))
    assert _words("make", DOCUMENTS[name]) <= targets


@each_document
def test_every_duly_command_exists(name: str) -> None:
    commands = {
        command.name or getattr(command.callback, "__name__", "")
        for command in cli.app.registered_commands
    }
    assert "serve" in commands
    assert _words("duly", DOCUMENTS[name]) <= commands


@pytest.mark.parametrize("name", [name for name in DOCUMENTS if not name.startswith("specs/")])
def test_every_setting_exists(name: str) -> None:
    known = {field.upper() for field in Settings.model_fields} | _NOT_SETTINGS
    blocks = "\n".join(body for kind, body in _FENCE.findall(DOCUMENTS[name]) if kind == "sh")
    spans = "\n".join(_CODE.findall(_FENCE.sub("", DOCUMENTS[name])))
    assert set(_SETTING.findall(f"{blocks}\n{spans}")) - known == set()


@each_document
def test_every_file_that_is_named_exists(name: str) -> None:
    places = (ROOT, ROOT / "backend", (ROOT / name).parent)
    missing = {
        file
        for file in _FILE.findall("\n".join(_CODE.findall(_FENCE.sub("", DOCUMENTS[name]))))
        if not any((place / file).exists() for place in places)
        and not file.endswith(tuple(_NOT_HERE))
    }
    assert missing == set()


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


@pytest.fixture(scope="module")
def played(
    make_database: Callable[[str], str], tmp_path_factory: pytest.TempPathFactory
) -> list[tuple[Step, str]]:
    """The session of the README, and what the program really answers."""
    directory = tmp_path_factory.mktemp("documents")
    steps = read_session(DOCUMENTS["README.md"])
    with serve_for_development(make_database("documents"), directory) as served:
        return list(zip(steps, play(steps, served), strict=True))


@pytest.mark.skipif(shutil.which("curl") is None, reason="the session is made of curl commands")
def test_the_session_in_the_readme_is_what_happens(played: list[tuple[Step, str]]) -> None:
    assert len([step for step, _ in played if step.expected]) >= 6
    different = [
        f"$ {step.command}\n{output}" for step, output in played if not step.describes(output)
    ]
    assert different == []
