"""`make demo`: what is built, what answers, and what is left, however it ends."""

import gzip
import json
from pathlib import Path

import httpx2
import pytest

from backend.tests.e2e.example import built, started
from scripts.demo.application import EXAMPLE

pytestmark = pytest.mark.e2e


def test_it_is_built_without_network() -> None:
    if not built():
        pytest.skip("this machine lets no program be without network (unshare -rn, ip)")


@pytest.mark.parametrize("route", ["/tasks", "/sign-in"])
def test_a_page_loads_at_most_200_kb_of_javascript_first(route: str) -> None:
    built()
    told = EXAMPLE / ".next" / "diagnostics" / "route-bundle-stats.json"
    [page] = [each for each in json.loads(told.read_text("utf-8")) if each["route"] == route]
    chunks = [(EXAMPLE / each).read_bytes() for each in page["firstLoadChunkPaths"]]
    assert chunks
    assert sum(len(gzip.compress(each, 9)) for each in chunks) <= 200_000


def test_the_application_duly_and_better_auth_answer_at_the_addresses_that_it_says(
    tmp_path: Path,
) -> None:
    with started(tmp_path, "--seed", "30") as example:
        assert (
            f"The demo is at {example.frontend} (open it in a browser)" in example.program.output()
        )
        httpx2.get(f"{example.frontend}/sign-in").raise_for_status()
        httpx2.get(f"{example.duly}/readyz").raise_for_status()
