"""docs/better-auth.md in what `create-next-app` makes with its defaults, built and served."""

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
import pytest

from backend.tests.e2e import node
from backend.tests.e2e.conftest import NewDatabase
from backend.tests.e2e.guide import Guide
from backend.tests.support.people import NO_TLS
from backend.tests.support.processes import Program, started

PACKAGE = node.HERE / "nextjs"
_COPIED = [
    "lib/auth.ts",
    "lib/settings.ts",
    "lib/erase-from-duly.ts",
    "lib/api.ts",
    "lib/duly.d.ts",
    "app/api/auth/[...all]/route.ts",
    "migrate.ts",
]
_WRITTEN = ["app/buy-milk.ts", "lib/duly-server.ts", "app/tasks/page.tsx", "app/tasks/actions.ts"]
# Its own fetches fonts while it builds.
_LAYOUT = """\
import "./globals.css";

export default function RootLayout({ children }: LayoutProps<"/">) {
  return <html lang="en"><body>{children}</body></html>;
}
"""

pytestmark = pytest.mark.e2e


@pytest.fixture
def guide(new_database: NewDatabase, migrated: str, tmp_path: Path) -> Guide:
    """Somebody who follows the page in a new application of Next.js."""
    node.install(PACKAGE)
    modules, app = PACKAGE / "node_modules", tmp_path / "app"
    create = [modules / ".bin" / "create-next-app", app, "--yes", "--skip-install", "--disable-git"]
    node.run(*create, directory=tmp_path)
    assert "cacheComponents: true" in (app / "next.config.ts").read_text("utf-8")
    (app / "app" / "layout.tsx").write_text(_LAYOUT, "utf-8")
    reader = Guide.open(app, new_database(migrated))
    (app / "node_modules").unlink()
    # The bundler follows no link out of the application's folder.
    shutil.copytree(modules, app / "node_modules", symlinks=True, copy_function=_link)
    reader.copy(*_COPIED)
    reader.write(*_WRITTEN)
    return reader


def test_a_server_component_and_a_server_action_of_the_page_work(guide: Guide) -> None:
    variables = {**guide.environment(".env of the frontend"), "NEXT_TELEMETRY_DISABLED": "1"}
    program = guide.directory / "node_modules" / "next" / "dist" / "bin" / "next"
    built = node.run(node.find("node"), program, "build", directory=guide.directory, **variables)
    assert "/tasks" in built
    guide.node("migrate.ts")
    with _served(guide, program, variables) as browser, guide.duly() as api:
        account = {"name": "Alice", "email": "alice@example.com", "password": "a-long-password"}
        browser.post("/api/auth/sign-up/email", json=account).raise_for_status()
        page = browser.get("/tasks").raise_for_status().text
        assert "Buy milk" not in page
        action = re.search(r'name="(\$ACTION_ID_\w+)"', page)
        assert action, page
        # As a browser sends the form before any script has run.
        form = {action[1]: (None, ""), "title": (None, "Buy milk")}
        assert browser.post("/tasks", files=form).is_success
        assert "<li>Buy milk</li>" in browser.get("/tasks").text
        token = browser.get("/api/auth/token").json()["token"]
        tasks = api.get("/api/tasks", headers={"Authorization": f"Bearer {token}"}).json()
        assert [task["title"] for task in tasks] == ["Buy milk"]


@contextmanager
def _served(guide: Guide, program: Path, variables: dict[str, str]) -> Iterator[httpx2.Client]:
    """The built application, and a browser for it."""
    host, port = "127.0.0.1", guide.origin.rpartition(":")[2]
    command = [node.find("node"), str(program), "start", "-H", host, "-p", port]
    running = Program("next", command, {**os.environ, **variables}, guide.directory)
    client = httpx2.Client(base_url=guide.origin, verify=NO_TLS, trust_env=False)
    with started(running), client as browser:
        browser.headers["Origin"] = guide.origin  # as browsers send it with each form
        running.wait_for(lambda: _answers(browser))
        yield browser


def _answers(browser: httpx2.Client) -> bool | None:
    try:
        return browser.get("/api/auth/ok").is_success or None
    except httpx2.TransportError:
        return None


def _link(source: str, target: str) -> None:
    """A file once more, without its bytes where that is possible."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)
