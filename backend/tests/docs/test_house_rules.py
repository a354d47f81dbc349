"""The rules of CONTRIBUTING.md that no other tool checks."""

import subprocess

from backend.tests.docs.pages import ROOT

LONGEST = 400  # lines of a module
NAMED_FOR_NOTHING = {"utils", "helpers", "common", "base", "misc", "manager"}


def modules() -> list[str]:
    """Every module of the repository that is not ignored, by its path."""
    listing = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.py"]
    found = subprocess.run(listing, cwd=ROOT, capture_output=True, text=True, check=True)
    paths = [path for path in found.stdout.splitlines() if (ROOT / path).exists()]
    assert "backend/main.py" in paths
    return paths


def test_no_module_is_longer_than_it_may_be() -> None:
    lengths = {path: len((ROOT / path).read_text("utf-8").splitlines()) for path in modules()}
    assert {path: length for path, length in lengths.items() if length > LONGEST} == {}


def test_no_module_or_room_is_named_for_nothing() -> None:
    words = {path: set(path.removesuffix(".py").split("/")) for path in modules()}
    assert {path for path, names in words.items() if names & NAMED_FOR_NOTHING} == set()
