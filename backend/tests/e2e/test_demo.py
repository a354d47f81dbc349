"""The example: how it is built, how large it is, that it is copied, and that it answers."""

import gzip
import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from backend.tests.deploy.test_files import DEPLOY, needs
from backend.tests.e2e import node
from backend.tests.e2e.example import Example, built, started
from backend.tests.support.people import NO_TLS
from backend.tests.support.processes import Program, bare_environment, free_port
from backend.tests.support.processes import started as running
from scripts.demo.application import EXAMPLE, ROOT

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def example(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Example]:
    directory = tmp_path_factory.mktemp("example")
    with started(
        directory,
        *("--seed", "30"),
        RATE_LIMIT="off",
        # What a shell that is set up for production says.
        DATABASE_URL_DIRECT="postgresql://duly@127.0.0.1:1/production",
        AUTH_AUDIENCE="https://api.example.com",
        PGSERVICE="production",
    ) as it:
        yield it


def test_it_is_built_without_network() -> None:
    if not built():
        pytest.skip("this machine lets no program be without network (unshare -rn, ip)")


@pytest.mark.parametrize("route", ["/tasks", "/sign-in", "/sign-up"])
def test_a_page_loads_at_most_200_kb_of_javascript_first(route: str) -> None:
    built()
    told = EXAMPLE / ".next" / "diagnostics" / "route-bundle-stats.json"
    [page] = [each for each in json.loads(told.read_text("utf-8")) if each["route"] == route]
    chunks = [(EXAMPLE / each).read_bytes() for each in page["firstLoadChunkPaths"]]
    assert chunks
    assert sum(len(gzip.compress(each, 9)) for each in chunks) <= 200_000


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of it, as its page has it."""
    node.install(EXAMPLE)
    copy = tmp_path_factory.mktemp("copy") / "examples" / "my-app"
    shutil.copytree(EXAMPLE, copy, ignore=shutil.ignore_patterns("node_modules", ".next"))
    shutil.copytree(ROOT / "clients" / "typescript" / "src", copy / "lib" / "duly-client")
    (copy / "node_modules").symlink_to(EXAMPLE / "node_modules")
    return copy


def test_a_copy_of_it_is_an_application_of_its_own(copy: Path) -> None:
    """To the types; a build would take a minute more."""
    npm = node.find("npm")
    node.run(npm, "run", "lint", directory=copy, NEXT_TELEMETRY_DISABLED="1")
    assert "# fail 0" in node.run(npm, "test", directory=copy)


def test_its_types_are_those_of_the_document(copy: Path) -> None:
    """As `npm run types` makes them, which looks for it two folders above."""
    (copy.parents[1] / "specs").symlink_to(ROOT / "specs")
    types = copy / "lib" / "duly.d.ts"
    before = types.read_text("utf-8")
    node.run(node.find("npm"), "run", "types", directory=copy)
    assert types.read_text("utf-8") == before


def test_the_account_for_showing_has_tasks_in_duly(example: Example) -> None:
    """Also in a shell that is set up for another database and another issuer."""
    told = example.program.output()
    assert f"The demo is at {example.frontend} (open it in a browser)" in told
    with browser(example.frontend, example) as person:
        email, password = told.partition("Sign in as ")[2].split()[0], _password(told)
        account = {"email": email, "password": password}
        person.post("/api/auth/sign-in/email", json=account).raise_for_status()
        assert len(tasks_of(person, example.duly)) > 10  # some are in the trash


@needs("caddy")
def test_the_proxy_of_compose_leads_to_both(example: Example, tmp_path: Path) -> None:
    """Without TLS, which would make it ask for certificates."""
    text = (DEPLOY / "compose.caddy").read_text("utf-8")
    for name, origin in (("frontend:3000", example.frontend), ("duly:8000", example.duly)):
        text = text.replace(name, origin)
    (tmp_path / "Caddyfile").write_text("{\n\tadmin off\n\tauto_https off\n}\n" + text)
    app, duly = (f"http://127.0.0.1:{free_port()}" for _ in range(2))
    variables = {**bare_environment(), "APP_HOST": app, "DULY_HOST": duly, "HOME": str(tmp_path)}
    command = [
        shutil.which("caddy") or "",
        "run",
        "--adapter",
        "caddyfile",
        "--config",
        "Caddyfile",
    ]
    with running(Program("caddy", command, variables, tmp_path)) as caddy:
        caddy.wait_for(lambda: _answers(duly))
        with browser(app, example) as person:
            account = {"name": "Bob", "email": "bob@example.com", "password": "a-long-password"}
            person.post("/api/auth/sign-up/email", json=account).raise_for_status()
            assert person.get("/tasks").is_success
            assert tasks_of(person, duly) == []


def browser(address: str, example: Example) -> httpx2.Client:
    """Somebody's browser on the application, by way of this address."""
    headers = {"Origin": example.frontend}
    return httpx2.Client(base_url=address, headers=headers, verify=NO_TLS, trust_env=False)


def tasks_of(person: httpx2.Client, duly: str) -> list[str]:
    """The titles of all tasks of who is signed in there."""
    token = person.get("/api/auth/token").raise_for_status().json()["token"]
    headers = {"Authorization": f"Bearer {token}"}
    answer = person.get(f"{duly}/api/tasks?limit=100", headers=headers).raise_for_status()
    return [task["title"] for task in answer.json()]


def _password(told: str) -> str:
    return told.partition(" with the password ")[2].split()[0].removesuffix(".")


def _answers(origin: str) -> bool | None:
    try:
        return httpx2.get(f"{origin}/livez", verify=NO_TLS, trust_env=False).is_success or None
    except httpx2.TransportError:
        return None
