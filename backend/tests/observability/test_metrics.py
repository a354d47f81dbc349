"""`/metrics` counts every request once, over all workers; clients cannot make names up."""

import re
import time
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest
from prometheus_client import values

from backend.config import Settings
from backend.observability.metrics import Exposition
from backend.tests.support import program as programs
from backend.tests.support.people import NO_TLS, Person
from backend.tests.support.program import ServedProgram

_COUNT = re.compile(
    r"duly_request_duration_seconds_count"
    r'\{method="([^"]*)",route="([^"]*)",status="([^"]*)"\} (\S+)'
)

Series = tuple[str, str, str]


@pytest.fixture
def client(program: ServedProgram, alice: Person) -> Iterator[httpx2.Client]:
    """Alice, talking to `duly serve`; a new connection each time, so that both workers serve."""
    headers = {"Authorization": f"Bearer {alice.token}", "Connection": "close"}
    with httpx2.Client(
        base_url=program.url, headers=headers, verify=NO_TLS, trust_env=False, timeout=60
    ) as client:
        yield client


def counts(client: httpx2.Client) -> dict[Series, float]:
    answer = client.get("/metrics")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain")
    return {(m, route, status): float(n) for m, route, status, n in _COUNT.findall(answer.text)}


def settled(client: httpx2.Client, program: ServedProgram) -> dict[Series, float]:
    """The counts when all earlier requests are in them: they come up to 0.1 s after the answer.

    Each worker counts and logs in the order in which it answered, so what is logged of these
    requests, which reach all of the workers, tells that those before them are counted.
    """
    for answer in [client.get("/livez") for _ in range(20)]:
        program.find_log(request_id=answer.headers["x-request-id"])
    logged = [line for line in program.log() if line.get("route") == "/livez"]
    return wait_for(client, {("GET", "/livez", "200"): len(logged)})


def wait_for(client: httpx2.Client, expected: dict[Series, float]) -> dict[Series, float]:
    """The counts, once those that are expected are among them, or when it is no use waiting."""
    deadline = time.monotonic() + 30
    while True:
        found = counts(client)
        if expected.items() <= found.items() or time.monotonic() > deadline:
            return found
        time.sleep(0.02)


def test_every_request_is_counted_once_by_method_route_and_status(
    client: httpx2.Client, program: ServedProgram
) -> None:
    before = settled(client, program)
    task = client.post("/api/tasks", json={"title": "Buy milk"}).json()["id"]
    for _ in range(10):
        client.get(f"/api/tasks/{task}")
        client.head("/api/tasks")
        client.get("/api/tasks?limit=0")
        client.get("/api/tasks", headers={"Authorization": "Bearer x"})
        client.get("/nowhere/at/all")
        client.request("MADE-UP", "/api/tasks")
    more: dict[Series, float] = {
        ("POST", "/api/tasks", "201"): 1,
        ("GET", "/api/tasks/{task_id}", "200"): 10,
        ("HEAD", "/api/tasks", "200"): 10,
        ("GET", "/api/tasks", "422"): 10,
        ("GET", "/api/tasks", "401"): 10,
        ("GET", "unknown", "404"): 10,
        ("other", "/api/tasks", "405"): 10,
    }
    expected = {series: before.get(series, 0) + number for series, number in more.items()}
    after = wait_for(client, expected)
    assert {series: after.get(series) for series in more} == expected


def test_clients_cannot_make_series(client: httpx2.Client, program: ServedProgram) -> None:
    def prod() -> None:
        for number in range(20):
            client.request(f"METHOD{number}", f"/made/up/{number}")
            client.get(f"/api/tasks/{number}", headers={"X-Request-Id": f"made-up-{number}"})

    prod()
    unknown = ("other", "unknown", "404")
    before = settled(client, program)
    prod()
    after = wait_for(client, {unknown: before[unknown] + 20})
    assert after[unknown] == before[unknown] + 20
    assert set(after) == set(before)


def test_metrics_show_nobodys_data(client: httpx2.Client, alice: Person) -> None:
    task = alice.create("A very private title")
    client.get(f"/api/{alice.subject}/tasks/{task['id']}")
    text = client.get("/metrics").text
    for private in (alice.subject, task["id"], "private", alice.token):
        assert private not in text


def test_metrics_can_have_a_port_of_their_own(settings: Settings, tmp_path: Path) -> None:
    port = programs.free_port()
    variables = {"METRICS_PORT": str(port), "WORKERS": "1", "TMPDIR": str(tmp_path)}
    with (
        programs.serve(settings, tmp_path, **variables) as program,
        httpx2.Client(verify=NO_TLS, trust_env=False, timeout=60) as client,
    ):
        assert client.get(f"{program.url}/metrics").status_code == 404
        program.find_log(route="unknown")
        client.base_url = httpx2.URL(f"http://127.0.0.1:{port}")
        assert ("GET", "/readyz", "200") in counts(client)
        (counted,) = tmp_path.glob("duly-metrics-*")
        for name, content in BAD_FILES.items():
            (counted / name).write_bytes(content)
        assert ("GET", "/readyz", "200") in counts(client)


# Kinds and names as prometheus_client has them; processes that cannot be alive.
BAD_FILES = {
    "counter_4194305.db": b"",  # made just now
    "gauge_livesum_4194305.db": b"",
    "histogram_4194305.db": b"\x09\x00",  # cut off
    "summary_4194305.db": (64).to_bytes(4, "little") + b"\xff" * 60,
    "nobody's.db": b"no metrics at all",
}


@pytest.fixture
def counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where workers count; one that is gone has counted to 3."""
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", str(tmp_path))
    make = values.MultiProcessValue(process_identifier=lambda: 4_194_304)  # type: ignore[no-untyped-call]
    make("counter", "done", "done_total", (), (), "").inc(3)
    return tmp_path


@pytest.mark.parametrize("name", BAD_FILES)
def test_a_file_that_cannot_be_read_hides_nothing_of_the_others(
    counted: Path, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    (counted / name).write_bytes(BAD_FILES[name])
    assert b"\ndone_total 3.0\n" in Exposition().text()
    told = [vars(record)["file"] for record in caplog.records]
    assert told == ([name] if BAD_FILES[name] else [])  # an empty one is nobody's fault


def test_a_file_that_vanishes_while_it_is_read_hides_nothing_of_the_others(counted: Path) -> None:
    (counted / "counter_4194305.db").symlink_to(counted / "gone")  # listed, and not there
    assert b"\ndone_total 3.0\n" in Exposition().text()
