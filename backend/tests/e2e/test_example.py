"""examples/nextjs in Chromium, on all that `make demo` runs."""

import shutil
from collections.abc import Iterator

import pytest

from backend.tests.e2e import node
from backend.tests.e2e.example import Example, started
from scripts.demo.application import EXAMPLE

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
BROWSER = EXAMPLE / "tests" / "browser"

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def example(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Example]:
    """The application, without limits: the tests of a minute are one address to it."""
    with started(tmp_path_factory.mktemp("example"), RATE_LIMIT="off") as running:
        yield running


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine")
@pytest.mark.parametrize("file", sorted(path.name for path in BROWSER.glob("*.test.mjs")))
def test_in_a_browser(example: Example, file: str) -> None:
    assert CHROMIUM
    where = {"FRONTEND": example.frontend, "DULY": example.duly}
    where |= {"DATABASE_URL": example.database, "CHROMIUM": CHROMIUM}
    node.run(node.find("node"), "--test", BROWSER / file, directory=EXAMPLE, **where)
