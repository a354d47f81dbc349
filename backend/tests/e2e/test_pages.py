"""The pages in Chromium, as `make run` serves them.

Each leaves pictures of itself in the folder of its test; `docs/images/welcome.png` is one of them.
"""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

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
def test_a_newcomer_finds_their_way(served: Served) -> None:
    seen = look(served, "welcome", "light", "dark")
    assert seen["health"] == "Database and keys are there"
    # Errors are words, and what was typed stays.
    assert seen["refused"].startswith("The request is not acceptable. ")
    assert seen["kept"] == "  "
    assert "What recurs needs a date" in seen["undated"]
    assert seen["silent"] == "Duly does not answer. Is it still running?"
    [listed] = play([Step(seen["commands"], "")], served)
    assert '"title":"Buy milk"' in listed
    assert '"name":"Inbox"' in listed


@in_chromium
def test_alice_uses_all_that_the_page_has(served: Served) -> None:
    seen = look(served, "everyday", "editing", "narrow")
    assert seen["facts"] == ["high", "Today"]
    assert seen["folded"] == "false"
    assert seen["stillDone"] is True  # it was done before its parent was
    assert seen["next"] == "Done: “Buy a guide”. Next: Tomorrow 23:59."
    assert seen["reopened"] is False
    assert seen["found"] == "Found for “gúide sm”"
    assert seen["width"] == 360


@in_chromium
def test_in_two_browsers_alice_and_bob_see_nothing_of_each_other(served: Served) -> None:
    """And of alice's two windows each sees what the other one did."""
    seen = look(served, "neighbours")
    for secret in ("Secrets", "ring", "love"):
        assert secret not in seen["bob"]
    for secret in ("Garage", "bicycle"):
        assert secret not in seen["alice"]
    assert seen["stale"].startswith("The resource has changed. ")
    assert seen["kept"] == "Buy flowers"


def look(served: Served, script: str, *pictures: str) -> dict[str, Any]:
    """What a script saw, which nobody had to complain about."""
    paths = {name: str(served.directory / f"{name}.png") for name in pictures}
    path = BROWSER / f"{script}.mjs"
    seen = node.report(path, origin=served.origin, chromium=CHROMIUM, **paths)
    assert seen.get("barriers", []) == []
    assert seen["complaints"] == []
    assert seen["foreign"] == []
    return seen


@in_chromium
def test_somebody_tries_the_api_without_a_token_of_their_own(served: Served) -> None:
    seen = look(served, "documentation", "light")
    assert "/api/tasks/{task_id}" in seen["operations"]
    assert "Create a task" in seen["summaries"]
    assert not any("{user_id}" in path for path in seen["operations"])
    assert '"title": "Buy milk"' in seen["example"]
    assert seen["status"] == "201"


@pytest.mark.parametrize("name", ["swagger-ui-bundle.js", "swagger-ui.css"])
def test_swagger_ui_is_what_its_makers_published(name: str) -> None:
    """And not something that merely looks like it: the lock file has their digest."""
    node.install(BROWSER)
    is_same = (SWAGGER_UI / name).read_bytes() == (FILES / name).read_bytes()
    assert is_same, f"copy {SWAGGER_UI / name} to {FILES}"
