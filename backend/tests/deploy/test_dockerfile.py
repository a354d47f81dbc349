"""What deploy/Dockerfile promises of the image, and that `make image` reads it as Docker does."""

import subprocess

import pytest

from backend.tests.docs.pages import ROOT
from scripts.dockerfile import expanded, is_ignored, read

STAGES = read((ROOT / "deploy" / "Dockerfile").read_text("utf-8"))
IMAGE = STAGES[-1]
IGNORED = (ROOT / ".dockerignore").read_text("utf-8")


def told(name: str) -> str:
    [only] = [each.text for each in IMAGE.instructions if each.name == name]
    return only


def tracked() -> list[str]:
    listing = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    found = subprocess.run(listing, cwd=ROOT, capture_output=True, text=True, check=True)
    return found.stdout.splitlines()


def test_it_runs_as_a_number_that_is_not_root() -> None:
    assert all(int(part) > 0 for part in told("USER").split(":"))


def test_process_1_is_the_program_and_no_shell_that_keeps_signals_from_it() -> None:
    assert told("ENTRYPOINT") == '["duly"]'
    assert told("CMD") == '["serve"]'
    assert told("STOPSIGNAL") == "SIGTERM"


def test_its_health_is_asked_for_with_what_the_image_has() -> None:
    assert told("HEALTHCHECK").startswith('CMD ["python3", "-I", "-c", ')
    assert "/livez" in told("HEALTHCHECK")


def test_what_builds_it_stays_behind() -> None:
    copied = [each for each in IMAGE.instructions if each.name == "COPY"]
    assert [(each.flags, each.text) for each in copied] == [
        ({"from": "build"}, "/opt/duly /opt/duly")
    ]
    installed = " ".join(each.text for stage in STAGES for each in stage.instructions)
    assert "build-essential" not in installed
    assert IMAGE.base == STAGES[0].name


def test_every_file_that_is_copied_is_there_and_not_ignored() -> None:
    sources = [
        source
        for stage in STAGES
        for each in stage.instructions
        if each.name == "COPY" and not each.flags
        for source in each.words()[:-1]
    ]
    assert "backend" in sources
    context = [path for path in tracked() if not is_ignored(path, IGNORED)]
    missing = [
        each for each in sources if not any(f"{path}/".startswith(f"{each}/") for path in context)
    ]
    assert missing == []


def test_no_test_secret_or_history_reaches_the_build() -> None:
    for path in (
        *(".git/config", ".env", ".duly/key", "backend/tests/conftest.py", "docs/errors.md"),
        *("examples/nextjs/.env.local", "examples/nextjs/node_modules/next/package.json"),
        "examples/nextjs/.next/BUILD_ID",
    ):
        assert is_ignored(path, IGNORED), path
    assert is_ignored("backend/core/__pycache__/ids.pyc", IGNORED)
    assert not is_ignored("backend/database/migrations/owned.py", IGNORED)


def test_lines_flags_and_lists_are_read_as_docker_reads_them() -> None:
    [first, last] = read(
        "# a comment\nFROM debian:x-slim AS one\nRUN a \\\n    && b\n\nFROM one\n"
        'HEALTHCHECK --interval=1s --timeout=2s CMD ["x", "y z"]\nCOPY --from=one /a /b\n'
    )
    assert (first.base, first.name) == ("debian:x-slim", "one")
    assert first.instructions[0].text == "a && b"
    assert (last.base, last.name) == ("one", "")
    assert last.instructions[0].flags == {"interval": "1s", "timeout": "2s"}
    assert last.instructions[1].words() == ["/a", "/b"]
    assert expanded("/new:$PATH${NONE}", {"PATH": "/old"}) == "/new:/old"


def test_an_instruction_that_nobody_carries_out_is_refused() -> None:
    with pytest.raises(ValueError, match="ONBUILD"):
        read("FROM x\nONBUILD RUN y")


@pytest.mark.parametrize(
    ("patterns", "path", "ignored"),
    [
        ("*", "a/b", True),
        ("*\n!a", "a/b", False),
        ("*\n!a\na/b", "a/b/c", True),
        ("a/*", "a/b/c", True),
        ("a/*", "b/a/c", False),
        ("**/c", "a/b/c", True),
        ("**/c", "c", True),
        ("# a", "a", False),
        ("*.md\n!README.md", "README.md", False),
    ],
)
def test_the_last_line_that_fits_decides(
    patterns: str,
    path: str,
    *,
    ignored: bool,
) -> None:
    assert is_ignored(path, patterns) is ignored
