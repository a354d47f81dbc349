"""docs/better-auth.md, followed to the letter."""

import os
import re
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any, get_args

import httpx2
import psycopg
import pytest

from backend.security.refusals import Reason
from backend.security.signing import Issuer
from backend.tests.e2e.conftest import NewDatabase, StartBetterAuth
from backend.tests.e2e.guide import PAGE, Guide, titles
from backend.tests.e2e.people import bearer, claims_of, header_of, signed_up

Follow = Callable[..., Guide]

_FRONTEND = [
    "lib/auth.ts",
    "lib/settings.ts",
    "lib/erase-from-duly.ts",
    "lib/api.ts",
    "lib/duly.d.ts",
    "app/api/auth/[...all]/route.ts",
    "migrate.ts",
]
_DULY = "environment of Duly"
_SEVERAL = "environment of Duly, for several issuers"
_INSIDE = "environment of Duly, beside a frontend inside"
_LENIENT = "environment of Duly, for a frontend that cannot change"
_SECRET = "environment of Duly, and of the frontend, for a shared secret"
_RUN = [
    ".env of the frontend",
    _DULY,
    "start Duly",
    _INSIDE,
    _SEVERAL,
    "app/buy-milk.ts",
    "lib/duly-server.ts",  # these three by test_nextjs.py
    "app/tasks/page.tsx",
    "app/tasks/actions.ts",
    "console",
    "console",
    "lib/shared-secret.ts",
    "lib/auth.ts, changed",
    _SECRET,
    _LENIENT,
    "test_app.py",
    "lib/take-tasks-along.ts",
    "lib/auth.ts, with anonymous users",
]
_ROW = re.compile(r"^\| ((?:`\w+`(?:, )?)+) \|", re.MULTILINE)
_PASSWORD = "a-long-password"


def test_every_block_is_one_that_is_run_below() -> None:
    assert titles() == _RUN


def test_every_reason_is_explained() -> None:
    section = PAGE.partition("## 7.")[2].partition("## 8.")[0]
    named = [word for row in _ROW.findall(section) for word in re.findall(r"`(\w+)`", row)]
    assert sorted(named) == sorted(get_args(Reason))


@pytest.fixture
def follow(new_database: NewDatabase, migrated: str, tmp_path: Path) -> Follow:
    """Begins to follow the page, on a database of its own."""
    return lambda **others: Guide.open(tmp_path, new_database(migrated), **others)


@pytest.fixture
def guide(follow: Follow) -> Guide:
    """Somebody who has copied and written the files of the sections 2, 4 and 6."""
    reader = follow()
    reader.copy(*_FRONTEND)
    reader.write("app/buy-milk.ts")
    return reader


@pytest.mark.e2e
def test_typescript_has_no_objection(guide: Guide) -> None:
    guide.write("lib/shared-secret.ts")
    assert guide.type_errors() == ""
    guide.change("lib/auth.ts", "lib/auth.ts, changed")
    assert guide.type_errors() == ""


@pytest.mark.e2e
def test_the_page_leads_from_auth_ts_to_an_erased_account(guide: Guide) -> None:
    # One test, because starting both programs takes longer than all that is done with them.
    with guide.frontend() as browser:
        with guide.duly() as api:
            _assert_the_sessions_are_what_happens(guide)
            _assert_the_client_is_sparing(guide, api)
            _assert_an_account_is_erased_in_both_places(guide, browser, api)
            dave = _sign_up(browser, "Dave")
            _buy_milk(api, _token(browser))
        _assert_nothing_is_deleted_while_duly_is_down(guide, browser, dave)
        with guide.duly():
            assert _delete_account(browser).status_code == 200
            assert _rows(guide, dave) == (0, 0, 0)


def _assert_the_sessions_are_what_happens(guide: Guide) -> None:
    steps = guide.sessions()
    outputs = guide.play(steps, _DULY)
    different = [
        f"$ {step.command}\n{output}"
        for step, output in zip(steps, outputs, strict=True)
        if not step.describes(output)
    ]
    assert different == []


def _assert_the_client_is_sparing(guide: Guide, api: httpx2.Client) -> None:
    """It asks for a token when it has none, before it expires and after a 401; a page may call."""
    asked = {"Origin": guide.origin, "Access-Control-Request-Method": "POST"}
    preflight = api.options("/api/tasks", headers=asked)
    assert preflight.headers["Access-Control-Allow-Origin"] == guide.origin

    seen = guide.browse()
    token, task = "GET /api/auth/token 200", "GET /api/tasks 200"
    assert seen["signedOut"]["result"] == "Please sign in again."
    assert seen["parallel"] == {"result": [200] * 3, "fetched": [token, *[task] * 3]}
    assert seen["bought"]["fetched"] == ["POST /api/tasks 201"]
    assert seen["refused"]["fetched"] == ["GET /api/tasks 401", token, task]
    assert seen["kept"]["fetched"] == [task]
    assert seen["renewed"]["fetched"] == [token, task]
    assert seen["signedOutAgain"]["result"] == "Please sign in again."


def _assert_an_account_is_erased_in_both_places(
    guide: Guide, browser: httpx2.Client, api: httpx2.Client
) -> None:
    charlie = _sign_up(browser, "Charlie")
    token = _token(browser)
    assert _buy_milk(api, token)["user_id"] == charlie["id"]
    assert _rows(guide, charlie) == (1, 1, 1)
    assert _delete_account(browser).status_code == 200
    assert _rows(guide, charlie) == (0, 0, 0)
    assert browser.get("/token").status_code == 401
    # What section 8 says of tokens that are still held.
    assert api.get("/api/tasks", headers=bearer(token)).json() == []


def _assert_nothing_is_deleted_while_duly_is_down(
    guide: Guide, browser: httpx2.Client, user: dict[str, Any]
) -> None:
    refused = _delete_account(browser)
    assert refused.status_code == 503
    assert refused.json()["message"] == "Please try again later"
    assert _rows(guide, user) == (1, 1, 1)
    assert _token(browser)


@pytest.mark.e2e
def test_the_tokens_of_several_issuers_are_accepted(
    follow: Follow, better_auth: StartBetterAuth, closing: ExitStack
) -> None:
    preview = better_auth()
    guide = follow(**{"https://preview.example.com": preview.url})
    guide.copy(*_FRONTEND)
    with guide.frontend() as browser, guide.duly(_DULY, _SEVERAL) as api:
        alice = _sign_up(browser, "Alice")
        assert _subject(api, _token(browser)) == alice["id"]
        guest = closing.enter_context(signed_up(preview, "Guest"))
        assert _subject(api, guest.token()) == f"preview:{guest.user['id']}"


@pytest.mark.e2e
def test_a_shared_secret_works_where_it_must(guide: Guide) -> None:
    guide.write("lib/shared-secret.ts")
    guide.change("lib/auth.ts", "lib/auth.ts, changed")
    secret = guide.environment(_SECRET)["AUTH_SHARED_SECRET"]
    with guide.frontend(AUTH_SHARED_SECRET=secret) as browser, guide.duly(_DULY, _SECRET) as api:
        alice = _sign_up(browser, "Alice")
        token = _token(browser)
        assert header_of(token)["alg"] == "HS256"
        assert claims_of(token)["exp"] - claims_of(token)["iat"] == 900
        assert _subject(api, token) == alice["id"]


@pytest.mark.e2e
def test_a_frontend_that_cannot_change_is_served(guide: Guide) -> None:
    guide.write("lib/shared-secret.ts")
    secret = guide.environment(_LENIENT)["AUTH_SHARED_SECRET"]
    week = int(time.time()) + 604_800
    with guide.duly(_DULY, _LENIENT) as api:
        token = Issuer.from_secret(secret).sign({"userId": 7, "email": "a@b.c", "exp": week})
        assert _subject(api, token) == "7"


@pytest.mark.e2e
def test_keys_come_from_a_host_inside(follow: Follow, better_auth: StartBetterAuth) -> None:
    # An address of this machine that nobody takes for loopback: it must be named as trusted.
    issuer = better_auth(host="127.0.0.2")
    named = {"http://frontend:3000": issuer.url, "=frontend": "=127.0.0.2"}
    guide = follow(**named, **{"https://app.example.com": issuer.url})
    with signed_up(issuer, "Alice") as alice, guide.duly(_DULY, _INSIDE) as api:
        assert _subject(api, alice.token()) == alice.user["id"]


@pytest.mark.e2e
def test_an_anonymous_user_who_signs_up_keeps_their_tasks(guide: Guide) -> None:
    guide.write("lib/take-tasks-along.ts")
    guide.change("lib/auth.ts", "lib/auth.ts, with anonymous users")
    with guide.frontend() as browser, guide.duly() as api:
        guest = browser.post("/sign-in/anonymous", json={}).raise_for_status().json()["user"]
        milk = _buy_milk(api, _token(browser))
        assert milk["user_id"] == guest["id"]
        alice = _sign_up(browser, "Alice")
        assert alice["id"] != guest["id"]
        [task] = api.get("/api/tasks", headers=bearer(_token(browser))).json()
        kept = ("id", "title", "created_at")
        assert [task[name] for name in kept] == [milk[name] for name in kept]
        assert task["user_id"] == alice["id"]
        assert _rows(guide, guest) == (0, 0, 0)


@pytest.mark.e2e
def test_the_tests_of_an_application_run(follow: Follow) -> None:
    guide = follow()
    guide.write("test_app.py")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-W", "error", "test_app.py"],
        env={"PATH": os.environ["PATH"], "DATABASE_URL": guide.database},
        cwd=guide.directory,
        timeout=60,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "2 passed" in done.stdout, done.stdout + done.stderr


def _sign_up(browser: httpx2.Client, name: str) -> dict[str, Any]:
    account = {"name": name, "email": f"{name.lower()}@example.com", "password": _PASSWORD}
    answer = browser.post("/sign-up/email", json=account).raise_for_status()
    user: dict[str, Any] = answer.json()["user"]
    return user


def _token(browser: httpx2.Client) -> str:
    token: str = browser.get("/token").raise_for_status().json()["token"]
    return token


def _buy_milk(api: httpx2.Client, token: str) -> dict[str, Any]:
    answer = api.post("/api/tasks", headers=bearer(token), json={"title": "Buy milk"})
    task: dict[str, Any] = answer.raise_for_status().json()
    return task


def _delete_account(browser: httpx2.Client) -> httpx2.Response:
    return browser.post("/delete-user", json={"password": _PASSWORD})


def _subject(api: httpx2.Client, token: str) -> str:
    subject: str = (
        api.get("/api/auth/me", headers=bearer(token)).raise_for_status().json()["subject"]
    )
    return subject


def _rows(guide: Guide, user: dict[str, Any]) -> tuple[int, ...]:
    """How many rows there are of a user: Better Auth's, Duly's, and their tasks."""
    query = """
        SELECT (SELECT count(*) FROM "user" WHERE id = %(id)s),
               (SELECT count(*) FROM duly.users WHERE subject = %(id)s),
               (SELECT count(*) FROM duly.tasks WHERE space_id = %(id)s)
    """
    with psycopg.connect(guide.database) as connection:
        row = connection.execute(query, {"id": user["id"]}).fetchone()
    assert row is not None
    return tuple(row)
