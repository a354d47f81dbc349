"""The pages in Chromium, as `make run` serves them.

Each leaves pictures of itself in the folder of its test; `docs/images/welcome.png` is one of them.
"""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from backend.tests.docs.session import Served, Step, play, serve_for_development
from backend.tests.e2e import node
from backend.tests.e2e.conftest import NewDatabase

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
BROWSER = node.HERE / "browser"
SWAGGER_UI = BROWSER / "node_modules" / "swagger-ui-dist"
FILES = node.HERE.parents[1] / "pages" / "files" / "swagger-ui"

pytestmark = pytest.mark.e2e
in_chromium = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine")


@pytest.fixture
def served(new_database: NewDatabase, migrated: str, tmp_path: Path) -> Iterator[Served]:
    with serve_for_development(new_database(migrated), tmp_path) as running:
        yield running


@in_chromium
def test_somebody_uses_the_list(served: Served) -> None:
    pictures = {name: str(served.directory / f"{name}.png") for name in ("light", "dark")}
    seen = node.report(BROWSER / "welcome.mjs", origin=served.origin, chromium=CHROMIUM, **pictures)
    assert seen["nothing"]
    assert seen["health"] == "Database and keys are there"
    assert seen["added"] == ["Buy milk", "Water the plants"]
    assert seen["open"] == ["Water the plants"]
    assert seen["done"] == ["Buy milk"]
    assert seen["edited"] == ["Buy oat milk", "Water the plants"]
    assert seen["deleted"] == [["Water the plants"], "Deleted “Buy oat milk”.", "Undo"]
    assert seen["restored"] == ["Buy oat milk", "Water the plants"]
    # Errors are words, and what was typed stays.
    assert seen["refused"].startswith("The request is not acceptable. ")
    assert seen["kept"] == "  "
    assert seen["stale"].startswith("The resource has changed. ")
    assert seen["current"] == ["Call Bob tonight", "Buy oat milk", "Water the plants"]
    assert seen["silent"] == "Duly does not answer. Is it still running?"
    # Alice's tasks are not bob's.
    assert seen["bob"] == []
    assert f"TOKEN=$(curl -sS {served.origin}/tokens/bob)" in seen["commandsOfBob"]
    [listed] = play([Step(seen["commands"], "")], served)
    assert '"title":"Buy milk"' in listed
    assert '"title":"Call Bob tonight"' in listed
    assert seen["barriers"] == []
    assert seen["complaints"] == []
    assert seen["foreign"] == []


@in_chromium
def test_somebody_tries_the_api_without_a_token_of_their_own(served: Served) -> None:
    picture = str(served.directory / "documentation.png")
    seen = node.report(
        BROWSER / "documentation.mjs", origin=served.origin, chromium=CHROMIUM, light=picture
    )
    assert "/api/tasks/{task_id}" in seen["operations"]
    assert "Create a task" in seen["summaries"]
    assert not any("{user_id}" in path for path in seen["operations"])
    assert '"title": "Buy milk"' in seen["example"]
    assert seen["status"] == "201"
    assert seen["complaints"] == []
    assert seen["foreign"] == []


@pytest.mark.parametrize("name", ["swagger-ui-bundle.js", "swagger-ui.css"])
def test_swagger_ui_is_what_its_makers_published(name: str) -> None:
    """And not something that merely looks like it: the lock file has their digest."""
    node.install(BROWSER)
    is_same = (SWAGGER_UI / name).read_bytes() == (FILES / name).read_bytes()
    assert is_same, f"copy {SWAGGER_UI / name} to {FILES}"
