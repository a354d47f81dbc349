"""The page for operators, the dashboard and the alerts name what the program really exports."""

import json
import re
from typing import Any, NamedTuple

import httpx2
import pytest
from prometheus_client.parser import text_string_to_metric_families

from backend.core.problems import Problem, Unavailable
from backend.tests.docs.markdown import DOCUMENTS, spans
from backend.tests.docs.pages import ROOT
from backend.tests.support.people import NO_TLS
from backend.tests.support.service import Service

PAGE = DOCUMENTS["docs/operations.md"]
DASHBOARD = json.loads((ROOT / "deploy/grafana/duly.json").read_text("utf-8"))
ALERTS = (ROOT / "deploy/prometheus/alerts.yaml").read_text("utf-8")

_ROW = re.compile(r"^\| (`duly_.+?) \| (.*?) \|", re.MULTILINE)
_USE = re.compile(r"(duly_\w+)(?:\{(.*?)\})?")
_MATCHER = re.compile(r'(\w+)=~?"(.*?)"')
_GROUPING = re.compile(r"\bby \((.*?)\)")
_BY_PROMETHEUS = {"job", "instance"}  # labels of every series
_EVENT = re.compile(r'\blog\.(?:info|warning|error|exception)\(\s*"(\w+)"')


class Alert(NamedTuple):
    name: str
    query: str
    runbook: str


def _panels() -> list[dict[str, Any]]:
    return [panel for panel in DASHBOARD["panels"] if panel["type"] != "row"]


QUERIES = {
    f"{panel['title']}, {target['refId']}": target["expr"]
    for panel in _panels()
    for target in panel["targets"]
}
_RULE = re.compile(r"- alert: (\w+)\n +expr: (.+)\n(?: .+\n)*? +runbook: (\S+)")
RULES = [Alert(*found) for found in _RULE.findall(ALERTS)]
DOCUMENTED = {
    name: set(re.findall(r"`(\w+)`", labels))
    for names, labels in _ROW.findall(PAGE)
    for name in re.findall(r"`(\w+)`", names)
}


@pytest.fixture(scope="module")
def exported(service: Service) -> set[str]:
    """The names of all metrics, those without a series yet included."""
    with httpx2.Client(base_url=service.url, verify=NO_TLS, trust_env=False, timeout=60) as client:
        text = client.get("/metrics").text
    families = text_string_to_metric_families(text)
    return {
        family.name + ("_total" if family.type == "counter" else "")
        for family in families
        if family.name.startswith("duly_") and not family.name.endswith("_created")
    }


def test_every_metric_is_documented_and_every_documented_one_exists(exported: set[str]) -> None:
    assert len(exported) > 20
    assert set(DOCUMENTED) == exported


def test_the_labels_of_every_metric_are_documented(service: Service) -> None:
    from prometheus_client import REGISTRY  # noqa: PLC0415 - as the service, which it belongs to

    del service
    for family in REGISTRY.collect():
        name = family.name + ("_total" if family.type == "counter" else "")
        for sample in family.samples:
            if name in DOCUMENTED:
                assert set(sample.labels) - {"le"} == DOCUMENTED[name], name


def _wrong(query: str) -> set[str]:
    """What a query names that no metric has."""
    wrong, labels = set(), set[str]()
    for used, matchers in _USE.findall(query):
        name = re.sub(r"_(bucket|sum|count)$", "", used)
        if name not in DOCUMENTED:
            wrong.add(used)
            continue
        labels |= DOCUMENTED[name]
        for label, value in _MATCHER.findall(matchers):
            wrong |= {label} - DOCUMENTED[name] - _BY_PROMETHEUS
            if label == "code":
                wrong |= set(value.split("|")) - set(Problem.registry)
    for grouping in _GROUPING.findall(query):
        wrong |= set(re.split(r", *", grouping)) - labels - _BY_PROMETHEUS - {"le"}
    return wrong


@pytest.mark.parametrize("name", QUERIES)
def test_a_panel_shows_what_is_exported(name: str) -> None:
    assert "duly_" in QUERIES[name]
    assert _wrong(QUERIES[name]) == set()


def test_the_dashboard_shows_every_metric() -> None:
    shown = {
        re.sub(r"_(bucket|sum|count)$", "", used)
        for query in QUERIES.values()
        for used, _ in _USE.findall(query)
    }
    assert set(DOCUMENTED) - shown == set()


def test_no_two_panels_lie_on_each_other() -> None:
    places = [(panel["gridPos"]["x"], panel["gridPos"]["y"], panel["id"]) for panel in _panels()]
    assert len({(x, y) for x, y, _ in places}) == len({number for *_, number in places})


def test_every_alert_was_read() -> None:
    assert len(RULES) == ALERTS.count("- alert:") >= 10


@pytest.mark.parametrize("alert", RULES, ids=lambda alert: alert.name)
def test_an_alert_asks_what_is_exported_and_has_its_place_in_the_runbook(alert: Alert) -> None:
    assert _wrong(alert.query) == set()
    assert alert.runbook == f"docs/operations.md#{alert.name.lower()}"
    assert f"\n### {alert.name}\n" in PAGE


def test_a_query_that_names_what_is_not_there_is_found() -> None:
    assert _wrong('sum by (color) (rate(duly_keys{code="none"}[5m])) / duly_nothing') == {
        *("color", "code", "none", "duly_nothing"),
    }


def test_every_503_is_explained() -> None:
    codes = {code for code, kind in Problem.registry.items() if kind.status == Unavailable.status}
    rows = set(re.findall(r"^\| `(\w+)` \|", PAGE, re.MULTILINE))
    assert codes - rows == set()


def test_every_event_of_the_log_is_documented() -> None:
    sources = [
        path.read_text("utf-8")
        for path in (ROOT / "backend").rglob("*.py")
        if "tests" not in path.parts
    ]
    events = {event for text in sources for event in _EVENT.findall(text.replace("_log.", "log."))}
    assert {"bug", "worker_died", "key_set_changed"} <= events
    assert events - set(spans(PAGE)) == set()
