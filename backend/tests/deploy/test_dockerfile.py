"""What the Dockerfiles promise of their images, and that `make image` reads one as Docker does."""

import subprocess

import pytest

from backend.tests.docs.pages import ROOT
from scripts.dockerfile import Stage, expanded, is_ignored, read

DULY, FRONTEND = (
    read((ROOT / "deploy" / name).read_text("utf-8"))
    for name in ("Dockerfile", "frontend.Dockerfile")
)
IGNORED = (ROOT / ".dockerignore").read_text("utf-8")

of_both = pytest.mark.parametrize("stages", [DULY, FRONTEND], ids=["duly", "frontend"])


def told(stages: list[Stage], name: str) -> str:
    [only] = [each.text for each in stages[-1].instructions if each.name == name]
    return only


def tracked() -> list[str]:
    listing = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    found = subprocess.run(listing, cwd=ROOT, capture_output=True, text=True, check=True)
    return found.stdout.splitlines()


@of_both
def test_it_runs_as_a_number_that_is_not_root(stages: list[Stage]) -> None:
    assert all(int(part) > 0 for part in told(stages, "USER").split(":"))


def test_process_1_is_the_program_and_no_shell_that_keeps_signals_from_it() -> None:
    assert told(DULY, "ENTRYPOINT") == '["duly"]'
    assert told(DULY, "CMD") == '["serve"]'
    assert told(DULY, "STOPSIGNAL") == told(FRONTEND, "STOPSIGNAL") == "SIGTERM"
    assert told(FRONTEND, "ENTRYPOINT") == '["/bin/sh", "/opt/frontend/frontend.sh"]'
    assert told(FRONTEND, "CMD").startswith('["node", ')


def test_its_health_is_asked_for_with_what_the_image_has() -> None:
    assert told(DULY, "HEALTHCHECK").startswith('CMD ["python3", "-I", "-c", ')
    assert "/livez" in told(DULY, "HEALTHCHECK")
    assert told(FRONTEND, "HEALTHCHECK").startswith('CMD ["node", "-e", ')


@of_both
def test_what_builds_it_stays_behind(stages: list[Stage]) -> None:
    image = stages[-1]
    place = "/opt/duly" if stages is DULY else "/opt/frontend"
    copied = [each for each in image.instructions if each.name == "COPY"]
    assert [(each.flags, each.text) for each in copied] == [({"from": "build"}, f"{place} {place}")]
    installed = " ".join(each.text for stage in stages for each in stage.instructions)
    assert "build-essential" not in installed
    assert image.base == stages[0].name


def test_of_the_application_only_what_its_server_reads_is_kept() -> None:
    steps = [each.text for each in FRONTEND[1].instructions if each.name == "RUN"]
    kept = next(each for each in steps if "/opt/frontend" in each)
    assert any(each.startswith("STANDALONE=1 ") for each in steps)
    assert ".next/standalone/" in kept
    assert "node_modules" not in kept
    assert "HOSTNAME=0.0.0.0" in told(FRONTEND, "ENV")  # a container's own name is one address


@of_both
def test_every_file_that_is_copied_is_there_and_not_ignored(stages: list[Stage]) -> None:
    sources = [
        source
        for stage in stages
        for each in stage.instructions
        if each.name == "COPY" and not each.flags
        for source in each.words()[:-1]
    ]
    assert sources
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
