"""examples/nextjs in Chromium, on all that `make demo` runs."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from backend.tests.e2e import node
from backend.tests.e2e.example import Example, started
from scripts.demo.application import EXAMPLE

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
BROWSER = EXAMPLE / "tests" / "browser"

pytestmark = pytest.mark.e2e


# Its tokens end while it works: all others are spared that.
TOKENS = "token.test.mjs"
SHARED = sorted(path.name for path in BROWSER.glob("*.test.mjs") if path.name != TOKENS)

needs_chromium = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine")


@pytest.fixture(scope="module")
def example(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Example]:
    """The application, without limits: the tests of a minute are one address to it."""
    with started(tmp_path_factory.mktemp("example"), RATE_LIMIT="off") as running:
        yield running


@needs_chromium
@pytest.mark.parametrize("file", SHARED)
def test_in_a_browser(example: Example, file: str) -> None:
    _browse(example, file)


@needs_chromium
def test_in_a_browser_whose_tokens_are_short(tmp_path: Path) -> None:
    with started(tmp_path, RATE_LIMIT="off", TOKEN_LIFETIME="5s", AUTH_LEEWAY="0") as running:
        _browse(running, TOKENS)


def _browse(example: Example, file: str) -> None:
    where = {"FRONTEND": example.frontend, "DULY": example.duly, "CHROMIUM": str(CHROMIUM)}
    where |= {"DATABASE_URL": example.database}
    node.run(node.find("node"), "--test", BROWSER / file, directory=EXAMPLE, **where)
