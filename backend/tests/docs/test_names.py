"""What the documents name exists: a file, a class or a command that was renamed leaves no trace."""

import re
from pathlib import Path

import pytest

from backend import cli
from backend.config import Settings, secret_names
from backend.core.recurrence.parsing import PARTS
from backend.tests.deploy.test_dockerfile import tracked
from backend.tests.docs.markdown import DOCUMENTS, blocks, spans
from backend.tests.docs.pages import ROOT

_COMMAND = re.compile(r"^(?:\$ |> )?(?:\S+=\S+ )*(?:\.venv/bin/)?(make|duly) (.+)$", re.MULTILINE)
_TARGET = re.compile(r"^([a-z0-9]+):", re.MULTILINE)
_SETTING = re.compile(r"\b[A-Z]{3,}(?:_[A-Z]+)+\b|\b[A-Z]{3,}(?==)")
_FILE = re.compile(r"(?<![\w./{-])(?:[\w.-]+/)*[\w-]+\.(?:py|md|json|mjs|toml|lua|js)(?![\w.])")
_FOLDER = re.compile(r"(?<![\w./{-])(?:[a-z_]+/)+(?![\w.*{])")
_NAME = re.compile(r"(?<![\w.-])(?:[A-Z][A-Za-z]*[a-z]\w*|_[A-Z][A-Z_]+)(?![\w-])")

# In source, where most paths belong to URLs and to other programs: what is surely a file here.
_PATH = re.compile(r"(?<![\w./*-])(?:docs|specs|backend|benchmarks)/[\w./-]+\.(?:py|md|json|mjs)\b")
_MODULE = re.compile(r"-m (backend(?:\.\w+)+|benchmarks(?:\.\w+)*)")

# Variables of the frontend, of make, and names that stand for something else than a setting.
_NOT_SETTINGS = (
    {"BETTER_AUTH_SECRET", "DULY_URL", "STANDALONE", "TOKEN_LIFETIME"}
    | {"PYTHON", "ONLY", "DEV", "SEED", "OPTIONS"}
    | {
        "FAULT_SECONDS",
        "FAULT_TIMES",
        "SOAK_SECONDS",
        "LOST_ANSWERS",
        "STORM_SECONDS",
        "SYNC_RUNS",
        "SYNC_STEPS",
        "RANK_INSERTS",
        "RECURRENCE_RULES",
        "RECURRENCE_SEED",
        "SCHEMA_EXAMPLES",
        "NAME_FILE",
        "DULY_PORT",
        # OpenTelemetry's own.
        "OTEL_EXPORTER_OTLP_ENDPOINT",
        "OTEL_SERVICE_NAME",
        "OTEL_TRACES_SAMPLER",
        "OTEL_TRACES_SAMPLER_ARG",
        "HTTPS_PROXY",
        "SSL_CERT_FILE",
    }
    | {*PARTS}  # of a recurrence rule
)
# Named as what the plan had, what a reader is going to write, or what belongs to a frontend.
_NOT_HERE = {
    "core/config.py",
    "database/database.py",
    "utils/jwt_utils.py",
    "utils/security.py",
    "utils/",
    "models/note.py",
    "schemas/note.py",
    "services/note.py",
    "routes/note.py",
    "versions/NNNN_title.py",
    "NoteCreate",
    "NoteRead",
    "NoteUpdate",
}

each_document = pytest.mark.parametrize("name", DOCUMENTS)


def _words(program: str, text: str) -> set[str]:
    """What follows `program` in the commands of a page: targets, or the subcommand."""
    found: set[str] = set()
    for named, rest in _COMMAND.findall("\n".join([*blocks(text), *spans(text)])):
        words = [
            word for word in rest.partition("#")[0].split() if re.fullmatch(r"[a-z][a-z0-9]*", word)
        ]
        if named == program:
            found.update(words if program == "make" else words[:1])
    return found


def _missing(found: set[str]) -> set[str]:
    return {each for each in found if not each.endswith(tuple(_NOT_HERE))}


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
    known |= {f"{name.upper()}_FILE" for name in secret_names()}
    code = "\n".join([*blocks(DOCUMENTS[name], "sh"), *spans(DOCUMENTS[name])])
    assert set(_SETTING.findall(code)) - known == set()


_TRACKED = [
    ROOT / path
    for path in tracked()
    if path.startswith(("backend/", "benchmarks/", "clients/", "docs/", "examples/", "specs/"))
]


@each_document
def test_every_file_that_is_named_exists(name: str) -> None:
    """By its path from the root, `backend/`, the example or the page; without folder, anywhere."""
    places = (ROOT, ROOT / "backend", ROOT / "examples" / "nextjs", (ROOT / name).parent)
    names = {path.name for path in _TRACKED} | {path.name for path in ROOT.iterdir()}
    code = "\n".join(spans(DOCUMENTS[name]))
    missing = {
        file
        for file in {*_FILE.findall(code), *_FOLDER.findall(code)}
        if not (any((place / file).exists() for place in places) or file in names)
    }
    assert _missing(missing) == set()


_SOURCES = {
    str(path.relative_to(ROOT)): path.read_text("utf-8")
    for path in [*_TRACKED, ROOT / "Makefile", ROOT / "pyproject.toml", ROOT / ".ci" / "run"]
    if path.suffix in {".py", ".mjs", ".js", ".lua", ".toml", ""} and path.is_file()
    if path != Path(__file__)
}


def test_every_file_that_the_source_names_exists() -> None:
    """In comments, messages and commands: by its path from the root, or as a module."""
    missing = {
        (name, file)
        for name, text in _SOURCES.items()
        for file in {*_PATH.findall(text), *map(_file, _MODULE.findall(text))}
        if not (ROOT / file).exists() and not (ROOT / file).with_suffix("").is_dir()
    }
    assert missing == set()


def _file(module: str) -> str:
    return module.replace(".", "/") + ".py"


_WORDS = {word for text in _SOURCES.values() for word in re.findall(r"\w+", text)}


@each_document
def test_every_class_and_constant_that_is_named_exists(name: str) -> None:
    found = set(_NAME.findall("\n".join(spans(DOCUMENTS[name]))))
    assert _missing(found - _WORDS) == set()
