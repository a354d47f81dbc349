"""Pages of frontends in Chromium: another origin, a real Better Auth, cookies beside the token."""

import json
from typing import Any

import pytest

from backend.tests.e2e import node
from backend.tests.e2e.better_auth import BetterAuth
from backend.tests.e2e.conftest import StartBetterAuth, StartDuly
from backend.tests.e2e.test_pages import BROWSER, CHROMIUM, in_chromium

pytestmark = [pytest.mark.e2e, in_chromium]

_SECRET = "a secret of at least thirty-two bytes"
# Better Auth insists on both beside `jwt.sign`; nothing reads them.
_SIGNING = {
    "jwt": {
        "jwks": {
            "remoteUrl": "https://keys.example.com",
            "keyPairConfig": {"alg": "ES256"},
        }
    },
    "sharedSecret": _SECRET,
}


@pytest.fixture
def visit(duly: StartDuly) -> Any:
    """What a page of an issuer's origin reads of Duly with these settings."""

    def visit(frontend: BetterAuth, main: BetterAuth | None = None, **settings: str) -> Any:
        api = duly(main or frontend, {"CORS_ORIGINS": frontend.url, **settings})
        seen = node.report(
            BROWSER / "frontend.mjs",
            chromium=CHROMIUM,
            origin=frontend.url,
            duly=str(api.base_url).rstrip("/"),
            name="alice",
        )
        return seen["page"]

    return visit


def _is_served(page: Any, user_id: str) -> None:
    """All of it worked, and the page could read it."""
    assert page["made"]["status"] == 201
    assert page["made"]["body"]["user_id"] == user_id
    assert page["made"]["etag"] == '"1"'
    assert page["listed"]["body"] == [page["made"]["body"]]
    assert page["changed"]["status"] == 200
    assert (page["stale"]["status"], page["stale"]["body"]["code"]) == (412, "stale_version")
    assert (page["others"]["status"], page["others"]["body"]["code"]) == (403, "wrong_user")
    assert page["me"]["body"]["subject"] == user_id


def test_a_page_of_another_origin_calls_with_its_cookies(
    better_auth: StartBetterAuth, visit: Any
) -> None:
    page = visit(better_auth(), BETTER_AUTH_URL="{url}")
    _is_served(page, page["user"])


def test_a_page_of_an_origin_that_is_not_named_reads_nothing(
    better_auth: StartBetterAuth, visit: Any
) -> None:
    named = {"BETTER_AUTH_URL": "{url}", "CORS_ORIGINS": "https://other.example.com"}
    page = visit(better_auth(), **named)
    assert {"blocked"} == {*page["made"], *page["listed"], *page["me"]}


def test_a_user_of_a_further_issuer_uses_the_bare_subject(
    better_auth: StartBetterAuth, visit: Any
) -> None:
    main, preview = better_auth(), better_auth()
    more = {
        "name": "preview",
        "issuer": preview.url,
        "audience": preview.url,
        "jwks_url": f"{preview.api}/jwks",
    }
    issuers = json.dumps([more]).replace("{", "{{").replace("}", "}}")
    page = visit(preview, main, BETTER_AUTH_URL="{url}", AUTH_ISSUERS=issuers)
    _is_served(page, f"preview:{page['user']}")


def test_a_token_without_issuer_and_audience_opens_nothing_unless_it_is_allowed(
    better_auth: StartBetterAuth, visit: Any
) -> None:
    frontend = better_auth(**_SIGNING, unbound=True)
    page = visit(frontend, AUTH_SHARED_SECRET=_SECRET, AUTH_ISSUER="{url}", AUTH_AUDIENCE="{url}")
    assert page["claims"].keys().isdisjoint({"iss", "aud", "sub"})
    assert {page[name]["status"] for name in ("made", "listed", "me")} == {401}


def test_a_token_without_issuer_and_audience_is_served_where_it_is_allowed(
    better_auth: StartBetterAuth, visit: Any
) -> None:
    frontend = better_auth(**_SIGNING, unbound=True)
    page = visit(frontend, AUTH_SHARED_SECRET=_SECRET, AUTH_LENIENT_CLAIMS="true")
    assert page["claims"]["userId"] == page["user"]
    _is_served(page, page["user"])
