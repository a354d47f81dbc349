"""A real nginx, and a real Caddy, in front of `duly serve`: as `deploy/` configures them."""

import json
import shutil
import subprocess
from collections.abc import Iterator
from urllib.parse import quote

import httpx2
import pytest

from backend.config import Settings
from backend.security.signing import Issuer
from backend.tests.support.fronts import Front, MakeFront, caddy, nginx
from backend.tests.support.people import ORIGIN, Person
from backend.tests.support.program import ServedProgram, serve

LONG = "x" * 600  # so that the answer is compressed
SOMEBODY = "127.0.0.2"  # loopback has many addresses; only the first one is the proxy's


@pytest.fixture(scope="module")
def duly(settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedProgram]:
    changes = {"TRUSTED_PROXIES": "127.0.0.1", "WORKERS": "1"}
    with serve(settings, tmp_path_factory.mktemp("duly"), **changes) as running:
        yield running


FRONTS: dict[str, MakeFront] = {"nginx": nginx, "caddy": caddy}


@pytest.fixture(scope="module", params=FRONTS)
def proxy(
    request: pytest.FixtureRequest,
    duly: ServedProgram,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Front]:
    with FRONTS[request.param](duly.port, tmp_path_factory.mktemp("front"), {}) as running:
        yield running


@pytest.fixture(scope="module")
def stripping(duly: ServedProgram, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Front]:
    """nginx as many write it: it takes the prefix off, and so decodes the path."""
    left, off = "set $prefix /duly;\n        proxy_pass http://duly;", "proxy_pass http://duly/;"
    changes = {left: f"set $prefix /duly;\n        {off}"}
    with nginx(duly.port, tmp_path_factory.mktemp("stripping"), changes) as running:
        yield running


@pytest.fixture
def alice(duly: ServedProgram, proxy: Front, issuer: Issuer) -> Iterator[Person]:
    """Alice, who comes from an address of her own and takes compressed answers."""
    person = Person("alice", duly, issuer)
    person.client.close()
    person.client = client(proxy, person.token)
    yield person
    person.client.close()


def client(proxy: Front, token: str) -> httpx2.Client:
    transport = httpx2.HTTPTransport(verify=proxy.trust, local_address=SOMEBODY)
    headers = {"Authorization": f"Bearer {token}", "Accept-Encoding": "gzip"}
    return httpx2.Client(base_url=proxy.url, headers=headers, transport=transport, timeout=60)


def test_tls_ends_at_the_proxy(alice: Person) -> None:
    answer = alice.client.get("/api/auth/me")
    assert answer.json()["subject"] == alice.subject
    assert "max-age" in answer.headers["strict-transport-security"]
    assert str(alice.client.base_url).startswith("https://")


def test_http_2_is_spoken_to_clients(proxy: Front, alice: Person) -> None:
    curl = shutil.which("curl")
    if curl is None or "HTTP2" not in subprocess.check_output([curl, "-V"], text=True):
        pytest.skip("curl with HTTP/2 is not installed")
    made = subprocess.run(
        [
            *(curl, "-sS", "--http2", "--cacert", str(proxy.certificate)),
            *("-H", f"Authorization: Bearer {alice.token}", "-H", "Content-Type: application/json"),
            *("-d", '{"title": "Over HTTP/2"}', "-w", "\n%{http_version} %{http_code}"),
            f"{proxy.url}/api/tasks",
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    task, _, end = made.stdout.rpartition("\n")
    assert end == "2 201"
    assert alice.client.get("/api/tasks").json() == [json.loads(task)]


def test_what_it_compresses_can_be_written_on_condition(alice: Person) -> None:
    task = alice.create(description=LONG)
    path = f"/api/tasks/{task['id']}"
    seen = alice.client.get(path)
    assert seen.headers["content-encoding"] == "gzip"
    if seen.headers["server"].startswith("nginx"):
        assert seen.headers["etag"] == f'W/"{task["version"]}"'
    known = {"If-None-Match": seen.headers["etag"]}
    assert alice.client.get(path, headers=known).status_code == 304
    condition = {"If-Match": seen.headers["etag"]}
    written = alice.client.patch(path, json={"description": "y"}, headers=condition)
    assert written.status_code == 200
    late = alice.client.patch(path, json={"description": "z"}, headers=condition)
    assert (late.status_code, late.json()["current"]["description"]) == (412, "y")


def test_links_lead_back_below_a_prefix(proxy: Front, stripping: Front, alice: Person) -> None:
    for each in (proxy, stripping):
        with client(each, alice.token) as through:
            made = through.post("/duly/api/tasks", json={"title": "a"})
            assert made.headers["location"] == f"/duly/api/tasks/{made.json()['id']}"
            assert through.get(made.headers["location"]).json() == made.json()
            through.post("/duly/api/tasks", json={"title": "b"})
            page = through.get("/duly/api/tasks?limit=1")
            assert through.get(page.links["next"]["url"]).status_code == 200
            problem = through.get("/duly/api/nothing").json()
            assert through.get(problem["type"]).json()["code"] == "not_found"
            assert through.get("/duly/openapi.json").json()["servers"] == [{"url": "/duly"}]


@pytest.mark.parametrize(
    "subject",
    [
        *("github/1", "https://issuer.example/u/1", "trailing/", "a//b", "x%2Fy", "a b", "a;b"),
        *("auth0|1", "tasks", "v1", "ümlaut", "日本", "a?b#c", "%", "x/tasks", "a+b"),
    ],
)
def test_every_user_id_gets_through(
    subject: str, proxy: Front, stripping: Front, issuer: Issuer
) -> None:
    token = issuer.token(subject, issuer=ORIGIN, audience=ORIGIN)
    for each, prefix in ((proxy, ""), (proxy, "/duly"), (stripping, "/duly")):
        with client(each, token) as through:
            through.delete(f"{prefix}/api/me")
            path = f"{prefix}/api/{quote(subject, safe='')}/tasks"
            made = through.post(path, json={"title": "a"})
            assert made.status_code == 201, made.text
            assert through.get(path).json() == [made.json()]
            assert through.get(made.headers["location"]).json() == made.json()


def test_the_log_has_the_address_of_the_client(alice: Person, duly: ServedProgram) -> None:
    headers = {"X-Forwarded-For": "203.0.113.9", "Forwarded": "for=203.0.113.9"}
    answer = alice.client.get("/api/tasks", headers=headers)
    line = duly.find_log(request_id=answer.headers["x-request-id"])
    assert line["client"] == SOMEBODY


def test_a_page_of_another_origin_may_call_through_it(alice: Person) -> None:
    asking = {
        "Origin": ORIGIN,
        "Access-Control-Request-Method": "PATCH",
        "Access-Control-Request-Headers": "authorization,if-match,traceparent",
    }
    preflight = alice.client.options("/api/tasks", headers=asking)
    assert preflight.headers["access-control-allow-origin"] == ORIGIN
    for number, status in ((1, 413), (2, 431), (3, 404)):
        answer = [
            lambda: alice.client.post(
                "/api/tasks", content=b"x" * 70_000, headers={"Origin": ORIGIN}
            ),
            lambda: alice.client.get("/api/tasks", headers={"Origin": ORIGIN, "X": "x" * 17_000}),
            lambda: alice.client.get("/nowhere", headers={"Origin": ORIGIN}),
        ][number - 1]()
        assert answer.status_code == status
        assert answer.headers["access-control-allow-origin"] == ORIGIN


def test_what_only_machines_ask_is_not_shown(alice: Person) -> None:
    for path in (
        "/metrics",
        "/metrics/",
        "/duly/metrics",
        "//metrics",
        "/metric%73",
        "/x/../metrics",
    ):
        answer = alice.client.get(path)
        assert answer.status_code == 404
        assert "duly_" not in answer.text
    assert alice.client.get("/readyz").status_code == 200
