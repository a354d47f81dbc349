"""Private parts of dependencies are listed, bounded, and still there."""

import ast
import inspect
import re
import tomllib
from itertools import chain
from pathlib import Path

import pytest
from prometheus_client import values
from psycopg import pq

from backend.database.connection import libpq
from backend.observability import metrics
from backend.tests.docs.pages import ROOT

PAGE = (ROOT / "docs/decisions/0016-private-parts.md").read_text("utf-8")
ROWS = re.findall(r"^\| ([a-z][\w-]*) \| (.+?) \| (.+?) \| `(.+?)` \|$", PAGE, re.MULTILINE)


def _requirements() -> dict[str, str]:
    """Each dependency of the package, with its bounds."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    lines = chain(project["dependencies"], *project["optional-dependencies"].values())
    split = (re.split(r"(?=[\[><=~])", line.partition(";")[0], maxsplit=1) for line in lines)
    return {name.strip(): bounds for name, bounds in split}


def _private_imports(source: Path) -> set[str]:
    """What a module of Duly imports of others although its name starts with an underscore."""
    found = set()
    for node in ast.walk(ast.parse(source.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        else:
            continue
        found |= {name for name in names if re.search(r"(^|\.)_[a-z]", name)}
    return {name for name in found if not name.startswith(("backend.", "__future__"))}


def test_every_private_name_that_is_imported_is_listed() -> None:
    sources = (ROOT / "backend").rglob("*.py")
    used = set().union(*(_private_imports(each) for each in sources if "tests" not in each.parts))
    assert used
    assert {name for name in used if f"`{name}`" not in PAGE} == set()


@pytest.mark.parametrize("dependency", sorted({row[0] for row in ROWS}))
def test_whoever_has_private_parts_in_use_is_bounded(dependency: str) -> None:
    assert "<" in _requirements()[dependency]


@pytest.mark.parametrize(("where", "test"), [(row[2], row[3]) for row in ROWS], ids=str)
def test_places_and_tests_of_the_table_exist(where: str, test: str) -> None:
    places = re.findall(r"`([\w/]+\.py)`", where)
    assert places
    for place in places:
        assert (ROOT / "backend" / place).exists()
    assert (ROOT / "backend" / test).exists()


def test_fastapi_names_spans_as_it_did() -> None:
    from fastapi.telemetry._api import _route_selected  # noqa: PLC0415 - see the page

    assert {"scope", "path", "mount"} <= set(inspect.signature(_route_selected).parameters)


@pytest.mark.skipif(pq.__impl__ != "binary", reason="another libpq than that of the wheel")
def test_libpq_is_found_and_queues_syncs() -> None:
    assert libpq._find() is not None  # noqa: SLF001 - None is the slow way, and works as well


def test_prometheus_names_the_files_of_workers_as_it_did(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", str(tmp_path))
    make = values.MultiProcessValue(process_identifier=lambda: 4_194_304)  # type: ignore[no-untyped-call]
    make("gauge", "x", "x", (), (), "", "livesum")  # a worker that is no more
    assert [file.name for file in tmp_path.iterdir()] == ["gauge_livesum_4194304.db"]
    metrics.forget_dead_workers()
    assert list(tmp_path.iterdir()) == []
