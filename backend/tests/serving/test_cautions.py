"""What works but should be otherwise: said at each start, and by the doctor."""

import time
from pathlib import Path
from typing import Any

import httpx2
import pytest

from backend.config import Settings
from backend.doctor.run import examine
from backend.security.signing import Issuer
from backend.tests.support import program as programs
from backend.tests.support.key_server import KeyServer
from backend.tests.support.people import NO_TLS, Person

INSIDE = "127.0.0.2"  # this machine, but nobody takes it for loopback
SECRET = "a secret that both sides have known for long"
LENIENT = {"auth_shared_secret": SECRET, "auth_lenient_claims": "true"}
NAMED = {"auth_issuer": "a", "auth_audience": "a", "auth_jwks_trusted_hosts": "frontend"}
DATABASE = {"environment": "production", "database_url": "postgresql://db/duly"}
PREVIEW = (
    '[{"name": "preview", "issuer": "p", "audience": "p", "jwks_url": "http://preview:3000/jwks"}]'
)


def made(**values: Any) -> Settings:
    return Settings(_env_file=None, **values)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        (LENIENT, "AUTH_LENIENT_CLAIMS"),
        ({"better_auth_url": "http://192.168.1.7:3000"}, "from 192.168.1.7 in clear text"),
        ({"auth_jwks_url": "http://frontend:3000/jwks"}, "from frontend in clear text"),
        ({"auth_issuers": PREVIEW}, "from preview in clear text"),
        (NAMED | DATABASE | {"auth_jwks_url": "http://FRONTEND/jwks"}, "from frontend in clear"),
    ],
)
def test_what_weakens_something_is_told(values: dict[str, Any], words: str) -> None:
    [_] = [note for note in made(**values).notes if words in note]
    [warning] = [
        finding
        for finding in examine(made(**values))
        if finding.check == "settings" and words in finding.detail
    ]
    assert warning.verdict == "warn"


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"better_auth_url": "http://localhost:3000"},
        {"better_auth_url": "http://[::1]:3000"},
        {"better_auth_url": "https://app.example.com"},
        {"auth_shared_secret": SECRET, "auth_issuer": "a", "auth_audience": "a"},
    ],
)
def test_what_is_as_it_should_be_is_not_mentioned(values: dict[str, Any]) -> None:
    assert made(**values).notes == []


def test_each_start_says_so_and_the_keys_are_read(
    settings: Settings, issuer: Issuer, tmp_path: Path
) -> None:
    with KeyServer(issuer, host=INSIDE) as keys:
        inside = {"AUTH_JWKS_URL": keys.url, "AUTH_JWKS_TRUSTED_HOSTS": INSIDE}
        with programs.serve(settings, tmp_path, **inside) as running:
            assert f"from {INSIDE} in clear text" in running.output()
            alice = Person("alice", running, issuer)
            with alice.client:
                assert alice.create("Buy milk")


def test_a_token_without_issuer_and_audience_is_served(settings: Settings, tmp_path: Path) -> None:
    lenient = {"AUTH_SHARED_SECRET": SECRET, "AUTH_LENIENT_CLAIMS": "true", "AUTH_JWKS_URL": ""}
    token = Issuer.from_secret(SECRET).sign({"userId": 7, "exp": int(time.time()) + 900})
    with programs.serve(settings, tmp_path, **lenient) as running:
        assert "AUTH_LENIENT_CLAIMS is on" in running.output()
        answer = httpx2.get(
            f"{running.url}/api/auth/me",
            headers={"Authorization": f"Bearer {token}"},
            verify=NO_TLS,
            trust_env=False,
            timeout=60,
        )
    assert answer.json()["subject"] == "7"
