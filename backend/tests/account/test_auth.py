"""Who is calling: what counts as a token, and what the caller is told about it."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import httpx2
import pytest

from backend.security.signing import Issuer
from backend.tests.support.people import NO_TLS, ORIGIN, Person
from backend.tests.support.service import Service
from backend.tests.support.target import Target

WHO = [("GET", "/api/auth/me"), ("POST", "/api/auth/verify")]


@pytest.fixture
def anybody(service: Service) -> Iterator[httpx2.Client]:
    """A client without a token."""
    with httpx2.Client(base_url=service.url, verify=NO_TLS, trust_env=False, timeout=60) as client:
        yield client


def status(client: httpx2.Client, *values: str) -> int:
    """The status of a listing with these `Authorization` fields."""
    fields = [("Authorization", value) for value in values]
    return client.get("/api/tasks", headers=fields).status_code


@pytest.mark.parametrize(("method", "path"), WHO)
def test_the_caller_is_told_what_the_token_says(
    method: str, path: str, issuer: Issuer, alice: Person, anybody: httpx2.Client
) -> None:
    now = int(time.time())
    claims: dict[str, Any] = {"email": "alice@example.com", "name": "Alice Liddell"}
    token = issuer.token(alice.subject, issuer=ORIGIN, audience=ORIGIN, now=now, **claims)
    answer = anybody.request(method, path, headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 200
    me = answer.json()
    assert datetime.fromisoformat(me.pop("expires_at")) == datetime.fromtimestamp(now + 900, UTC)
    assert me == {"subject": alice.subject, "time_zone": "UTC", **claims}


@pytest.mark.parametrize("claim", ["email", "name"])
def test_a_token_may_lack_what_is_only_for_display(
    claim: str, target: Target, anybody: httpx2.Client
) -> None:
    token = target.ed.sign(target.claims(**{"name": "Alice", "email": "a@example.com", claim: ...}))
    answer = anybody.get("/api/auth/me", headers={"Authorization": f"Bearer {token}"})
    assert answer.json()[claim] is None


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER", "Bearer "])
def test_the_scheme_may_be_written_in_any_case(
    scheme: str, alice: Person, anybody: httpx2.Client
) -> None:
    assert status(anybody, f"{scheme} {alice.token}") == 200


@pytest.mark.parametrize("key", ["ed", "ec", "rsa"])
def test_every_trusted_key_opens_the_door(key: str, target: Target, anybody: httpx2.Client) -> None:
    signer: Issuer = getattr(target, key)
    assert status(anybody, f"Bearer {signer.sign(target.claims())}") == 200


@pytest.mark.parametrize("value", ["", "Bearer", "Basic eDp5", "Token x", "Digest a=b", "x"])
def test_what_is_no_bearer_token_is_no_token(value: str, anybody: httpx2.Client) -> None:
    answer = anybody.get("/api/tasks", headers={"Authorization": value})
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == 'Bearer error="invalid_token"'


def test_two_authorization_fields_are_refused_even_if_both_are_good(
    alice: Person, anybody: httpx2.Client
) -> None:
    good = f"Bearer {alice.token}"
    assert status(anybody, good, good) == 401
    assert status(anybody, good, "Basic eDp5") == 401
    assert status(anybody, "Basic eDp5", good) == 401


@pytest.mark.parametrize("name", ["token", "access_token", "jwt", "authorization"])
def test_a_token_anywhere_else_is_ignored(name: str, alice: Person, anybody: httpx2.Client) -> None:
    assert anybody.get("/api/tasks", params={name: alice.token}).status_code == 401
    assert anybody.get("/api/tasks", headers={"Cookie": f"{name}={alice.token}"}).status_code == 401
    assert anybody.get("/api/tasks", headers={f"X-{name}": alice.token}).status_code == 401
    assert anybody.post("/api/auth/verify", json={name: alice.token}).status_code == 401


@pytest.mark.parametrize(
    ("seconds", "expected"), [(-960, 401), (-925, 200), (0, 200), (25, 200), (60, 401)]
)
def test_clocks_may_differ_by_half_a_minute(
    seconds: int, expected: int, target: Target, anybody: httpx2.Client
) -> None:
    issued = int(time.time()) + seconds
    token = target.ed.sign(target.claims(iat=issued, exp=issued + 900))
    assert status(anybody, f"Bearer {token}") == expected


def test_a_token_that_lives_for_a_week_is_told_which_setting_allows_that(
    target: Target, anybody: httpx2.Client
) -> None:
    issued = int(time.time())
    token = target.ed.sign(target.claims(iat=issued, exp=issued + 604_800))
    answer = anybody.get("/api/auth/me", headers={"Authorization": f"Bearer {token}"})
    assert (answer.status_code, answer.json()["code"]) == (401, "invalid_token")
    assert "AUTH_MAX_TOKEN_LIFETIME" in answer.json()["detail"]


def test_a_token_stops_working_when_it_expires(target: Target, anybody: httpx2.Client) -> None:
    ends = int(time.time()) + 3
    expires = ends - 30  # seconds of leeway
    token = f"Bearer {target.ed.sign(target.claims(iat=expires - 900, exp=expires))}"
    asked = time.time()
    assert status(anybody, token) == 200
    while status(anybody, token) == 200:
        assert asked < ends
        asked = time.time()
        time.sleep(0.05)
    assert time.time() >= ends
