"""Behind a path prefix: whatever the service links to leads back through the proxy."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from ipaddress import ip_network
from typing import Any
from urllib.parse import urljoin

import pytest
from pydantic import SecretStr, ValidationError
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from backend.config import Settings
from backend.main import create_app
from backend.security.signing import Issuer
from backend.tests.support.asgi import ask
from backend.tests.support.people import Person
from backend.tests.support.service import Service
from backend.web.application import Duly
from backend.web.terms import PUBLIC

HERE = (ip_network("127.0.0.1"),)


@dataclass
class Proxy:
    """How a proxy in front of the service behaves.

    Attributes:
        prefix: Below which clients find the service.
        strips: Whether it takes that off the path.
        fields: What it adds to a request.
    """

    person: Person
    prefix: str
    strips: bool
    fields: dict[str, str] = field(default_factory=dict)

    def __call__(self, method: str, path: str, **more: Any) -> Any:
        """Send a request of a client to a path that begins with the prefix."""
        assert path.startswith(f"{self.prefix}/"), f"{path} leads past the proxy"
        target = path.removeprefix(self.prefix) if self.strips else path
        return self.person.client.request(method, target, headers=self.fields, **more)


WAYS: dict[str, tuple[dict[str, Any], str, bool, dict[str, str]]] = {
    "ROOT_PATH, taken off": ({"root_path": "/duly"}, "/duly", True, {}),
    "ROOT_PATH, left": ({"root_path": "/duly"}, "/duly", False, {}),
    "ROOT_PATH like a path of its own, taken off": ({"root_path": "/api"}, "/api", True, {}),
    "ROOT_PATH like a path of its own, left": ({"root_path": "/api"}, "/api", False, {}),
    "said, taken off": (
        {"trusted_proxies": HERE},
        "/duly",
        True,
        {"X-Forwarded-Prefix": "/duly"},
    ),
    "said, left": ({"trusted_proxies": HERE}, "/a/b", False, {"X-Forwarded-Prefix": "/a/b/"}),
    "said by two": ({"trusted_proxies": HERE}, "/a/b", True, {"X-Forwarded-Prefix": "/a, b"}),
    "said otherwise than set": (
        {"trusted_proxies": HERE, "root_path": "/old"},
        "/new",
        True,
        {"X-Forwarded-Prefix": "/new"},
    ),
    "in development": (
        {"environment": "development"},
        "/duly",
        True,
        {"X-Forwarded-Prefix": "/duly"},
    ),
    "encoded": ({"root_path": "/d%C3%BCly"}, "/d%C3%BCly", False, {}),
}


@contextmanager
def calling(settings: Settings, issuer: Issuer, changes: dict[str, Any]) -> Iterator[Person]:
    """Somebody who calls a service with other settings."""
    with Service(settings.model_copy(update=changes)) as service:
        person = Person("alice", service, issuer)
        with person.client:
            yield person


@pytest.fixture(params=WAYS)
def through(request: pytest.FixtureRequest, settings: Settings, issuer: Issuer) -> Iterator[Proxy]:
    changes, prefix, strips, fields = WAYS[request.param]
    with calling(settings, issuer, changes) as person:
        yield Proxy(person, prefix, strips, fields)


def test_every_link_leads_back_through_the_proxy(through: Proxy) -> None:
    prefix = through.prefix
    for path in (f"{prefix}/api/tasks", f"{prefix}/api/{through.person.subject}/tasks"):
        made = [through("POST", path, json={"title": title}) for title in "ab"]
        assert [answer.status_code for answer in made] == [201, 201]
        assert made[0].headers["location"] == f"{path}/{made[0].json()['id']}"
        assert through("GET", made[0].headers["location"]).json() == made[0].json()
        page = through("GET", path, params={"limit": 1})
        following = page.links["next"]["url"]
        assert following.startswith(f"{path}?")
        assert through("GET", following).status_code == 200
    problem = through("GET", f"{prefix}/api/tasks?limit=0").json()
    assert through("GET", problem["type"]).json()["code"] == problem["code"]
    document = through("GET", f"{prefix}/openapi.json").json()
    assert document["servers"] == [{"url": prefix}]
    links = re.findall(r'(?:src|href)="([^"]+)"', through("GET", f"{prefix}/docs").text)
    assert links
    for link in links:
        assert through("GET", urljoin(f"{prefix}/docs", link)).status_code == 200
    hint = through("GET", f"{prefix}/v1/tasks").json()["detail"]
    assert hint == f"Did you mean `{prefix}/api/tasks`?"


def test_who_reaches_the_service_past_the_proxy_is_served_too(
    settings: Settings, issuer: Issuer
) -> None:
    with calling(settings, issuer, {"trusted_proxies": HERE}) as person:
        task = person.client.post("/api/tasks", json={"title": "a"})
        assert task.headers["location"] == f"/api/tasks/{task.json()['id']}"
        assert "servers" not in person.client.get("/openapi.json").json()


@pytest.mark.parametrize(
    "changes", [{}, {"trusted_proxies": (ip_network("10.0.0.0/8"),)}], ids=["nobody", "others"]
)
def test_who_is_not_trusted_says_nothing(
    changes: dict[str, Any], settings: Settings, issuer: Issuer
) -> None:
    with calling(settings, issuer, changes) as person:
        headers = {"X-Forwarded-Prefix": "/duly"}
        answer = person.client.post("/api/tasks", json={"title": "a"}, headers=headers)
        assert answer.headers["location"] == f"/api/tasks/{answer.json()['id']}"
        assert person.client.get("/duly/api/tasks", headers=headers).status_code == 404


@pytest.mark.parametrize("said", ["https://evil.example.com", "/a/../b", "/a//b", "/%", "/a, /.."])
def test_what_is_no_path_counts_for_nothing(said: str, settings: Settings, issuer: Issuer) -> None:
    with calling(settings, issuer, {"trusted_proxies": HERE}) as person:
        headers = {"X-Forwarded-Prefix": said}
        answer = person.client.post("/api/tasks", json={"title": "a"}, headers=headers)
        assert answer.headers["location"] == f"/api/tasks/{answer.json()['id']}"


@pytest.mark.parametrize(
    ("given", "read"), [("duly/", "/duly"), ("/", ""), ("", ""), ("/a/b", "/a/b")]
)
def test_the_setting_is_read_as_people_write_it(given: str, read: str) -> None:
    assert Settings(_env_file=None, root_path=given).root_path == read


@pytest.mark.parametrize("given", ["https://example.com/duly", "/a/../b", "/100%"])
def test_a_prefix_that_is_no_path_stops_the_start(given: str) -> None:
    with pytest.raises(ValidationError, match="takes a path such as /duly"):
        Settings(_env_file=None, root_path=given)


@pytest.mark.parametrize("environment", ["development", "production"])
def test_another_server_may_say_where_the_service_is(environment: str, settings: Settings) -> None:
    app = create_app(settings.model_copy(update={"environment": environment}))
    for path in ("/düly", "/d%C3%BCly"):
        answer = ask(app, "GET /d%C3%BCly/tasks", root_path=path)
        assert answer.json()["detail"] == "Did you mean `/d%C3%BCly/api/tasks`?"
        assert answer.json()["type"] == "/d%C3%BCly/problems/not_found"
        assert ask(app, "GET /d%C3%BCly/problems/not_found", root_path=path).status == 200


def test_what_is_mounted_finds_its_path_below_the_prefix() -> None:
    async def protocol(scope: Scope, receive: Receive, send: Send) -> None:
        answer = f"{scope['root_path']} {scope['path']}"
        await Response(answer)(scope, receive, send)

    settings = Settings(_env_file=None, database_url=SecretStr("postgresql://"), root_path="/duly")
    app = create_app(settings)
    assert isinstance(app, Duly)
    app.mount("/files", protocol, terms=PUBLIC)
    for path in ("/duly/files/x", "/files/x"):
        assert ask(app, f"GET {path}").body == b"/duly/files /duly/files/x"
