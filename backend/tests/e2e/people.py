"""Users who sign in with Better Auth in a browser and call Duly with the token it gives them."""

import base64
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx2

from backend.tests.e2e.better_auth import BetterAuth
from backend.tests.support.people import NO_TLS


@dataclass(frozen=True)
class Person:
    """A user who is signed in.

    Attributes:
        browser: Their browser at Better Auth, which keeps the session cookie.
        user: Their row, as Better Auth shows it.
    """

    browser: httpx2.Client
    user: dict[str, Any]

    def token(self) -> str:
        """A new JWT for the session."""
        answer = self.browser.get("/token").raise_for_status()
        token: str = answer.json()["token"]
        return token

    def session(self) -> httpx2.Response:
        """What Better Auth itself says about who is signed in."""
        return self.browser.get("/get-session").raise_for_status()

    def sign_out(self) -> None:
        """End the session."""
        self.browser.post("/sign-out", json={}).raise_for_status()


@contextmanager
def signed_up(better_auth: BetterAuth, name: str) -> Iterator[Person]:
    """Sign a new user up; `name` is unique among the users of one Better Auth."""
    # Better Auth refuses a POST with a cookie and without the Origin that browsers send.
    headers = {"Origin": better_auth.url}
    with httpx2.Client(
        base_url=better_auth.api, headers=headers, trust_env=False, verify=NO_TLS
    ) as browser:
        account = {
            "name": name,
            "email": f"{name.lower()}@example.com",
            "password": f"{name}-has-a-long-password",
        }
        answer = browser.post("/sign-up/email", json=account).raise_for_status()
        yield Person(browser, answer.json()["user"])


def bearer(token: str) -> dict[str, str]:
    """The header field that carries a token."""
    return {"Authorization": f"Bearer {token}"}


def header_of(token: str) -> dict[str, Any]:
    """The header of a token, not verified."""
    return _part(token, 0)


def claims_of(token: str) -> dict[str, Any]:
    """The claims of a token, not verified."""
    return _part(token, 1)


def _part(token: str, number: int) -> dict[str, Any]:
    # The decoder ignores padding that is too much.
    part: dict[str, Any] = json.loads(base64.urlsafe_b64decode(token.split(".")[number] + "=="))
    return part
