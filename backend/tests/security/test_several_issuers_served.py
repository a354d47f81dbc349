"""Several issuers over HTTP, and the setting that lists them."""

import asyncio
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import httpx2
import pytest
from pydantic import ValidationError

from backend.config import Settings
from backend.security.keys.remote import RemoteKeySet, key_sources
from backend.security.signing import Issuer
from backend.tests.security.several import ENTRIES, MOBILE, PREVIEW, configured, entry
from backend.tests.support.key_server import KeyServer
from backend.tests.support.people import NO_TLS, ORIGIN
from backend.tests.support.service import Service

# Over HTTP


@dataclass
class Callers:
    """A service that trusts two issuers, and those who call it with their tokens."""

    service: Service
    main: Issuer
    preview: Issuer

    def ask(self, method: str, path: str, token: str, **more: Any) -> httpx2.Response:
        headers = {"Authorization": f"Bearer {token}"}
        with httpx2.Client(
            base_url=self.service.url, verify=NO_TLS, trust_env=False, timeout=60
        ) as client:
            return client.request(method, path, headers=headers, **more)


@pytest.fixture(scope="module")
def callers(database_url: str) -> Iterator[Callers]:
    main, preview = Issuer.generate(), Issuer.generate()
    with KeyServer(main) as main_keys, KeyServer(preview) as preview_keys:
        settings = Settings(
            _env_file=None,
            environment="production",
            database_url=database_url,
            auth_issuer=ORIGIN,
            auth_audience=(ORIGIN,),
            auth_jwks_url=main_keys.url,
            auth_issuers=[entry("preview", PREVIEW, PREVIEW, preview_keys.url)],
        )
        with Service(settings) as service:
            yield Callers(service, main, preview)


def test_the_same_subject_of_two_issuers_is_two_users(callers: Callers) -> None:
    mine = callers.main.token("alice-of-two", issuer=ORIGIN, audience=ORIGIN)
    hers = callers.preview.token("alice-of-two", issuer=PREVIEW, audience=PREVIEW)
    made = callers.ask("POST", "/api/tasks", mine, json={"title": "Mine"}).json()
    theirs = callers.ask("POST", "/api/tasks", hers, json={"title": "Hers"}).json()
    assert (made["user_id"], theirs["user_id"]) == ("alice-of-two", "preview:alice-of-two")
    assert [task["title"] for task in callers.ask("GET", "/api/tasks", mine).json()] == ["Mine"]
    assert [task["title"] for task in callers.ask("GET", "/api/tasks", hers).json()] == ["Hers"]
    assert callers.ask("GET", f"/api/tasks/{made['id']}", hers).status_code == 404
    assert callers.ask("GET", "/api/auth/me", hers).json()["subject"] == "preview:alice-of-two"


@pytest.mark.parametrize("safe", [":", ""])
def test_the_path_with_a_user_names_the_whole_user_id(callers: Callers, safe: str) -> None:
    hers = callers.preview.token("alice", issuer=PREVIEW, audience=PREVIEW)
    path = f"/api/{quote('preview:alice', safe=safe)}/tasks"
    made = callers.ask("POST", path, hers, json={"title": "Hers"})
    assert made.status_code == 201
    assert callers.ask("GET", made.headers["Location"], hers).status_code == 200
    assert callers.ask("GET", "/api/mobile:alice/tasks", hers).status_code == 403


def test_a_bare_subject_in_the_path_is_the_issuers_own_user(callers: Callers) -> None:
    mine = callers.main.token("alice-bare/1", issuer=ORIGIN, audience=ORIGIN)
    hers = callers.preview.token("alice-bare/1", issuer=PREVIEW, audience=PREVIEW)
    for token, title in ((mine, "Mine"), (hers, "Hers")):
        made = callers.ask("POST", "/api/alice-bare%2F1/tasks", token, json={"title": title})
        assert made.status_code == 201
        assert made.headers["Location"] == f"/api/alice-bare%2F1/tasks/{made.json()['id']}"
        seen = callers.ask("GET", made.headers["Location"], token).json()
        assert (seen["title"], seen["id"]) == (title, made.json()["id"])
        for path in ("/api/alice-bare%2F1/tasks", "/api/alice-bare/1/tasks", "/api/tasks"):
            assert callers.ask("GET", path, token).json() == [made.json()]
        theirs = made.json()["id"]
    assert callers.ask("GET", f"/api/alice-bare%2F1/tasks/{theirs}", mine).status_code == 404
    assert callers.ask("GET", "/api/preview:alice-bare%2F1/tasks", mine).status_code == 403


def test_a_subject_with_a_colon_has_no_bare_form_unless_an_issuer_is_called_so(
    callers: Callers,
) -> None:
    mine = callers.main.token("team:alice", issuer=ORIGIN, audience=ORIGIN)
    assert callers.ask("GET", "/api/team:alice/tasks", mine).status_code == 200
    assert callers.ask("GET", "/api/alice/tasks", mine).status_code == 403
    hers = callers.preview.token("team:alice", issuer=PREVIEW, audience=PREVIEW)
    assert callers.ask("GET", "/api/team:alice/tasks", hers).status_code == 200
    assert callers.ask("GET", "/api/alice/tasks", hers).status_code == 403


def test_whoever_pretends_to_be_another_issuers_user_is_refused(callers: Callers) -> None:
    for token in (
        callers.main.token("preview:alice", issuer=ORIGIN, audience=ORIGIN),
        callers.main.token("alice", issuer=PREVIEW, audience=PREVIEW),
        callers.preview.token("alice", issuer=ORIGIN, audience=ORIGIN),
    ):
        answer = callers.ask("GET", "/api/tasks", token)
        assert answer.status_code == 401
        assert answer.headers["WWW-Authenticate"] == 'Bearer error="invalid_token"'


# The setting


def test_the_setting_is_a_list_in_json(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUTH_ISSUERS", json.dumps(ENTRIES))
    preview, mobile = Settings(_env_file=None).auth_issuers
    assert (preview.name, preview.issuer, preview.audience) == ("preview", PREVIEW, (PREVIEW,))
    assert mobile.audience == ("app", "tablet")
    monkeypatch.setenv("AUTH_ISSUERS", " ")
    assert Settings(_env_file=None).auth_issuers == ()


@pytest.mark.parametrize(
    ("entries", "says"),
    [
        ("preview=https://preview.example.com", "must be a JSON list"),
        ('{"name": "preview"}', "issuer Field required"),
        (["preview"], "valid dictionary or instance"),
        ([{"name": "preview", "issuer": PREVIEW, "audience": "a"}], "jwks_url"),
        ([{**ENTRIES[0], "jwksUrl": "https://x"}], "Extra inputs are not permitted"),
        ([entry("", PREVIEW, "a")], "must match pattern"),
        ([entry("Preview", PREVIEW, "a")], "must match pattern"),
        ([entry("pre:view", PREVIEW, "a")], "must match pattern"),
        ([entry("pre view", PREVIEW, "a")], "must match pattern"),
        ([entry("x" * 33, PREVIEW, "a")], "must match pattern"),
        ([entry("preview", "", "a", "https://x.example.com")], "at least 1 character"),
        ([entry("preview", PREVIEW, "")], "at least 1 item"),
        ([entry("preview", PREVIEW, [])], "at least 1 item"),
        ([entry("preview", PREVIEW, None)], "valid tuple"),
        ([entry("main", PREVIEW, "a")], "AUTH_ISSUERS: the name main is taken"),
        ([ENTRIES[0], entry("preview", MOBILE, "a")], "the name preview is taken"),
        ([ENTRIES[0], entry("other", PREVIEW, "a")], f"the issuer {PREVIEW} is taken"),
        ([entry("preview", ORIGIN, "a")], f"the issuer {ORIGIN} is taken"),
        (
            [entry("preview", PREVIEW, "a", "file:///etc/passwd")],
            "AUTH_ISSUERS[0].jwks_url must be a URL",
        ),
    ],
)
def test_an_unusable_issuer_stops_the_start(entries: object, says: str) -> None:
    with pytest.raises(ValidationError) as refused:
        configured(auth_issuers=entries)
    assert says in str(refused.value)


def test_a_shared_secret_excludes_other_issuers() -> None:
    with pytest.raises(ValidationError, match="AUTH_SHARED_SECRET excludes AUTH_ISSUERS"):
        configured(better_auth_url=None, auth_shared_secret="a secret of thirty-two bytes or more")


def test_each_issuer_has_a_source_of_its_own() -> None:
    sources = key_sources(configured())
    kinds = [type(source) for source in (sources.main, *sources.others.values())]
    assert kinds == [RemoteKeySet] * 3
    assert list(sources.states()) == ["main", "preview", "mobile"]
    asyncio.run(sources.aclose())
