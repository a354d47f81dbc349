"""The pages for people: the welcome of development, and the description of the API."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urljoin

import httpx2
import pytest
from pydantic import SecretStr

from backend.config import Settings
from backend.pages.welcome import ASSETS
from backend.tests.support.people import NO_TLS
from backend.tests.support.service import Service

Browse = Callable[..., httpx2.Client]

OF_DEVELOPMENT = ["/", *(f"/welcome/{Path(name).name}" for name in ASSETS)]
OF_DEVELOPMENT_KEYS = ["/tokens/alice", "/tokens/bob", "/keys"]
_IMPORT = re.compile(r'^import .* from "\./([^"]+)";$', re.MULTILINE)
_LINK = re.compile(r'(?:href|src)="([^"]+)"')


@pytest.fixture
def browse(database_url: str, tmp_path: Path) -> Iterator[Browse]:
    """Clients of services with these settings; without any, of one as `make run` starts it."""
    opened: list[Service | httpx2.Client] = []

    def open_one(**changes: object) -> httpx2.Client:
        url = SecretStr(database_url)
        plain = Settings(_env_file=None, database_url=url, data_dir=tmp_path / ".duly")
        service = Service(plain.model_copy(update=changes)).__enter__()
        client = httpx2.Client(base_url=service.url, verify=NO_TLS, trust_env=False, timeout=60)
        opened.extend([client, service])
        return client

    yield open_one
    for each in opened:
        each.__exit__(None, None, None)


@pytest.fixture
def browser(browse: Browse) -> httpx2.Client:
    return browse()


@pytest.mark.parametrize("path", ["/", "/docs", "/docs/"])
def test_every_link_of_a_page_leads_somewhere_on_this_server(
    path: str, browser: httpx2.Client
) -> None:
    page = browser.get(path)
    assert page.status_code == 200
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    links = _LINK.findall(page.text)
    assert len(links) >= 6
    for link in links:
        # Behind a proxy that takes a prefix off, all of them begin with it again.
        seen = urljoin(f"https://proxy.example/some/prefix{path}", link)
        prefix = "https://proxy.example/some/prefix/"
        assert seen.startswith(prefix), link
        answer = browser.get("/" + seen.removeprefix(prefix))
        assert answer.status_code == 200, link


def test_every_script_that_the_page_imports_is_there(browser: httpx2.Client) -> None:
    wanted, seen = {"welcome.js"}, set[str]()
    while missing := wanted - seen:
        name = missing.pop()
        script = browser.get(f"/welcome/{name}")
        assert script.headers["content-type"] == "text/javascript; charset=utf-8"
        wanted.update(_IMPORT.findall(script.text))
        seen.add(name)
    # And nothing else is served.
    assert seen == {Path(name).name for name in ASSETS if name.endswith(".js")}


@pytest.mark.parametrize("path", ["/", "/docs", "/duly", "/duly/", "/duly/docs", "/duly/docs/"])
def test_with_a_prefix_that_is_known_the_links_of_a_page_begin_with_it(
    path: str, browse: Browse
) -> None:
    browser = browse(root_path="/duly")
    for link in _LINK.findall(browser.get(path).text):
        assert link.startswith("/duly/"), link
        assert browser.get(link).status_code == 200, link


@pytest.mark.parametrize("path", ["/", "/docs"])
def test_a_page_may_run_only_files_of_this_server(path: str, browser: httpx2.Client) -> None:
    page = browser.get(path)
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'; connect-src 'self'; " in policy
    assert "script-src 'self'; style-src 'self'; " in policy
    assert "unsafe" not in policy
    assert "http" not in policy
    # What the policy would stop is not there.
    assert re.findall(r"<style|\sstyle=|\son\w+=|<script(?![^>]*\ssrc=)", page.text) == []


@pytest.mark.parametrize("person", ["alice", "bob"])
def test_the_page_has_tokens_of_two_invented_people(person: str, browser: httpx2.Client) -> None:
    token = browser.get(f"/tokens/{person}").text.strip()
    answer = browser.get("/api/auth/me", headers={"Authorization": f"Bearer {token}"})
    assert answer.json()["subject"] == person


@pytest.mark.parametrize("person", ["", "carol", "alice%2F..%2Fcarol", "Alice"])
def test_of_nobody_else_is_there_a_token(person: str, browser: httpx2.Client) -> None:
    answer = browser.get(f"/tokens/{person}")
    assert answer.status_code == 404
    assert answer.json()["code"] == "not_found"


def test_the_keys_are_those_of_the_tokens(browser: httpx2.Client) -> None:
    [key] = browser.get("/keys").json()["keys"]
    assert "d" not in key
    assert set(key) >= {"kid", "kty", "x"}


@pytest.mark.parametrize("path", [*OF_DEVELOPMENT, *OF_DEVELOPMENT_KEYS])
def test_production_has_no_welcome_and_no_tokens(path: str, service: Service) -> None:
    answer = httpx2.get(service.url + path, verify=NO_TLS, trust_env=False, timeout=60)
    assert answer.status_code == 404
    assert answer.json()["code"] == "not_found"
    assert answer.headers["content-security-policy"].startswith("default-src 'none'; frame-")


def test_with_a_real_issuer_the_page_names_it_and_nobody_gets_a_token(browse: Browse) -> None:
    browser = browse(better_auth_url="http://localhost:3000")
    page = browser.get("/").text
    assert 'data-tokens="issuer"' in page
    assert "Your users come from http://localhost:3000" in page
    assert 'href="http://localhost:3000/api/auth/jwks"' in page
    assert '<span >, and <a href="http://localhost:3000/api/auth/token">' in page
    assert {browser.get(path).status_code for path in OF_DEVELOPMENT_KEYS} == {404}
    assert 'data-user=""' in browser.get("/docs").text


def test_where_the_token_is_not_known_no_link_is_shown(browse: Browse) -> None:
    browser = browse(auth_shared_secret=SecretStr("x" * 32), auth_issuer="the app")
    page = browser.get("/").text
    assert "Your users come from the app" in page
    assert "<span hidden>, and <a" in page


def test_what_a_setting_says_cannot_become_markup(browse: Browse) -> None:
    page = browse(auth_issuer='"><script src=x>', auth_jwks_url="http://127.0.0.1:1/").get("/").text
    assert "<script src=x>" not in page
    assert "&quot;&gt;&lt;script src=x&gt;" in page


def test_without_documents_the_page_does_not_link_them(browse: Browse) -> None:
    browser = browse(docs_enabled=False)
    links = re.findall(r'<a href="\./(?:docs|openapi\.json)" (\w*)>', browser.get("/").text)
    assert links == ["hidden", "hidden"]
    for path in ("/docs", "/docs/swagger-ui-bundle.js", "/docs/documentation.js"):
        assert browser.get(path).status_code == 404


def test_a_page_takes_get_and_head_alone(browser: httpx2.Client) -> None:
    assert browser.head("/").status_code == 200
    refused = browser.post("/")
    assert refused.status_code == 405
    assert refused.headers["allow"] == "GET, HEAD"


def test_a_page_asks_for_no_token_and_looks_at_none(browser: httpx2.Client) -> None:
    for path in ("/", "/docs", "/tokens/alice"):
        assert browser.get(path, headers={"Authorization": "Bearer x"}).status_code == 200
