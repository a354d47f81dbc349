"""Each way in which Better Auth can be configured, and what Duly makes of its tokens."""

import time
from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import httpx2
import psycopg
import pytest

from backend.tests.e2e.conftest import SignUp, StartBetterAuth, StartDuly
from backend.tests.e2e.people import bearer, claims_of, header_of

pytestmark = pytest.mark.e2e

Enter = Callable[[str, str, str, str], None]

_SECRET = "a secret of at least thirty-two bytes"
_CALLERS = 6
_ROTATIONS = 4


@dataclass(frozen=True)
class Mode:
    """One line of the table.

    Attributes:
        name: What is special about it.
        issuer: What server.mjs is given.
        settings: What Duly is given.
        algorithm: The `alg` that its tokens must carry; a mode silently ignored shows here.
        status: What Duly must answer.
    """

    name: str
    issuer: Mapping[str, Any] = field(default_factory=dict)
    settings: Mapping[str, str] = field(default_factory=lambda: {"BETTER_AUTH_URL": "{url}"})
    algorithm: str = "EdDSA"
    status: int = 200


def _signed_with(algorithm: str) -> Mode:
    issuer = {"jwt": {"jwks": {"keyPairConfig": {"alg": algorithm}}}}
    return Mode(f"keyPairConfig {algorithm}", issuer, algorithm=algorithm)


def _claims(**claims: Any) -> dict[str, Any]:
    return {"jwt": {"jwt": claims}}


def _ids(kind: str) -> dict[str, Any]:
    return {"auth": {"advanced": {"database": {"generateId": kind}}}}


MODES = [
    Mode("default"),
    *map(_signed_with, ["Ed25519", "ES256", "ES384", "ES512", "RS256", "PS256"]),
    Mode(
        "jwt.sign with a shared secret",
        {
            # Better Auth insists on these two beside jwt.sign; nothing reads them here.
            "jwt": {
                "jwks": {
                    "remoteUrl": "https://keys.example.com",
                    "keyPairConfig": {"alg": "ES256"},
                }
            },
            "sharedSecret": _SECRET,
        },
        {"AUTH_SHARED_SECRET": _SECRET, "AUTH_ISSUER": "{url}", "AUTH_AUDIENCE": "{url}"},
        algorithm="HS256",
    ),
    Mode("definePayload, e-mail only", {"payload": ["email"]}),
    Mode("definePayload, empty", {"payload": []}),
    Mode(
        "issuer with a slash",
        _claims(issuer="https://app.example.com/"),
        {"BETTER_AUTH_URL": "{url}", "AUTH_ISSUER": "https://app.example.com/"},
    ),
    Mode(
        "issuer with a slash, AUTH_ISSUER without",
        _claims(issuer="https://app.example.com/"),
        {"BETTER_AUTH_URL": "{url}", "AUTH_ISSUER": "https://app.example.com"},
        status=401,
    ),
    Mode(
        "audience as an array",
        _claims(audience=["https://web.example.com", "https://api.example.com"]),
        {"BETTER_AUTH_URL": "{url}", "AUTH_AUDIENCE": "https://api.example.com"},
    ),
    Mode("generateId uuid", _ids("uuid")),
    Mode("generateId serial", _ids("serial")),
    Mode(
        "jwksPath and basePath",
        {
            "auth": {"basePath": "/identity"},
            "jwt": {"jwks": {"jwksPath": "/.well-known/jwks.json"}},
        },
        {"BETTER_AUTH_URL": "{url}", "AUTH_JWKS_URL": "{api}/.well-known/jwks.json"},
    ),
    Mode("expirationTime 3600, a number", _claims(expirationTime=3600), status=401),
]


@pytest.fixture
def enter(record_property: Callable[[str, object], None]) -> Enter:
    """Puts a line into the table that conftest.py prints."""
    return lambda *cells: record_property("conformance", cells)


@pytest.mark.parametrize("mode", MODES, ids=lambda mode: mode.name)
def test_a_token_of_this_mode_is_answered_as_expected(
    mode: Mode, better_auth: StartBetterAuth, duly: StartDuly, sign_up: SignUp, enter: Enter
) -> None:
    issuer = better_auth(**mode.issuer)
    alice = sign_up(issuer, "Alice")
    token = alice.token()
    algorithm = header_of(token)["alg"]

    answer = duly(issuer, mode.settings).get("/api/auth/me", headers=bearer(token))

    enter(mode.name, algorithm, str(mode.status), str(answer.status_code))
    assert algorithm == mode.algorithm
    assert answer.status_code == mode.status
    if answer.is_success:
        assert answer.json()["subject"] == alice.user["id"]


@pytest.mark.parametrize("accepted", ["", ",better-auth:session-cache"], ids=["", "audience"])
def test_a_session_cookie_signed_by_the_same_key_is_refused(
    accepted: str, better_auth: StartBetterAuth, duly: StartDuly, sign_up: SignUp, enter: Enter
) -> None:
    cache = {"enabled": True, "strategy": "jwt"}
    issuer = better_auth(auth={"session": {"cookieCache": cache}}, jwt={"sessionCookieCache": True})
    alice = sign_up(issuer, "Alice")
    token = alice.token()
    cookie = alice.browser.cookies["better-auth.session_data"]
    assert header_of(cookie)["kid"] == header_of(token)["kid"]

    # With its audience accepted too, only the type in its header tells it apart.
    api = duly(issuer, {"BETTER_AUTH_URL": "{url}", "AUTH_AUDIENCE": "{url}" + accepted})
    assert _status(api, token) == 200
    status = _status(api, cookie)

    name = "session cookie" + (", its audience accepted" if accepted else "")
    enter(name, header_of(cookie)["alg"], "401", str(status))
    assert status == 401


def test_tokens_of_parallel_first_calls_are_accepted(
    better_auth: StartBetterAuth, duly: StartDuly, sign_up: SignUp, enter: Enter
) -> None:
    issuer = better_auth()
    alice = sign_up(issuer, "Alice")
    with ThreadPoolExecutor(_CALLERS) as pool:
        tokens = list(pool.map(lambda _: alice.token(), range(_CALLERS)))
        api = duly(issuer)
        seen = list(pool.map(lambda token: _status(api, token), tokens))
    _enter_many(enter, "parallel first calls", tokens, seen)
    assert seen == [200] * _CALLERS


def test_keys_made_at_once_under_a_running_service_are_accepted(
    better_auth: StartBetterAuth, duly: StartDuly, sign_up: SignUp, enter: Enter
) -> None:
    issuer = better_auth()
    alice = sign_up(issuer, "Alice")
    api = duly(issuer)
    assert _status(api, alice.token()) == 200

    def sign_in_and_call(_: int) -> tuple[str, int]:
        token = alice.token()
        return token, _status(api, token)

    calls: list[tuple[str, int]] = []
    with (
        ThreadPoolExecutor(_CALLERS) as pool,
        psycopg.connect(issuer.database, autocommit=True) as connection,
    ):
        for _ in range(_ROTATIONS):
            connection.execute("DELETE FROM jwks")
            calls += pool.map(sign_in_and_call, range(_CALLERS))
    tokens, seen = zip(*calls, strict=True)
    _enter_many(enter, "parallel calls after all keys were deleted", tokens, seen)
    assert set(seen) == {200}


def test_no_valid_token_is_refused_while_keys_rotate(
    better_auth: StartBetterAuth, duly: StartDuly, sign_up: SignUp, enter: Enter
) -> None:
    # A key stays published for as long as a token lives that was signed just before it expired.
    issuer = better_auth(
        jwt={
            "jwks": {"rotationInterval": 2, "gracePeriod": 3},
            "jwt": {"expirationTime": "3s"},
        }
    )
    alice = sign_up(issuer, "Alice")
    api = duly(issuer)
    end = time.time() + _ROTATIONS * 2

    def call_until_end(_: int) -> list[tuple[str, int]]:
        held: deque[str] = deque()
        calls = []
        while time.time() < end:
            held.append(alice.token())
            while claims_of(held[0])["exp"] <= time.time() + 1:
                held.popleft()
            calls += [(token, _status(api, token)) for token in (held[0], held[-1])]
        return calls

    with ThreadPoolExecutor(_CALLERS) as pool:
        calls = [call for made in pool.map(call_until_end, range(_CALLERS)) for call in made]
    tokens, seen = zip(*calls, strict=True)
    _enter_many(enter, "keys rotating every 2 s", tokens, seen)
    assert set(seen) == {200}
    assert len({header_of(token)["kid"] for token in tokens}) >= _ROTATIONS - 1


def _status(api: httpx2.Client, token: str) -> int:
    return api.get("/api/tasks", headers=bearer(token)).status_code


def _enter_many(enter: Enter, name: str, tokens: Sequence[str], seen: Sequence[int]) -> None:
    keys = {header_of(token)["kid"] for token in tokens}
    answers = ", ".join(f"{times} x {status}" for status, times in Counter(seen).items())
    enter(f"{name}, keys: {len(keys)}", header_of(tokens[0])["alg"], "only 200", answers)
