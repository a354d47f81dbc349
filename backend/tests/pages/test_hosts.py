"""The names under which development answers: no page of a stranger reads what is alice's."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from backend.config import Settings
from backend.tests.support.raw_http import Answer, send
from backend.tests.support.service import Service

GUARDED = ["/", "/keys", "/tokens/alice", "/tokens/bob"]
OWN = [
    *("127.0.0.1", "127.0.0.1:8000", "[::1]:8000", "192.168.1.7", "0.0.0.0:8000", "localhost"),
    *("localhost:8000", "LocalHost.", "app.localhost:8000", "duly.test", "DULY.test:8000"),
    *("page.example.com:8000",),
]
FOREIGN = [
    *(
        "evil.example.com",
        "evil.example.com:8000",
        "localhost.example.com",
        "127.0.0.1.example.com",
    ),
    *("notlocalhost", "example.com.", "duly.test.example.com", "app.duly.test", "["),
]


@pytest.fixture(scope="module")
def development(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    settings = Settings(
        _env_file=None,
        database_url=SecretStr(database_url),
        data_dir=tmp_path_factory.mktemp("data"),
        host="duly.test",
        cors_origins=("http://page.example.com:3000",),
    )
    with Service(settings) as running:
        yield running


def ask(service: Service, path: str, host: str) -> Answer:
    text = f"GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"
    return send(service.url, text.encode())


@pytest.mark.parametrize("host", OWN)
@pytest.mark.parametrize("path", GUARDED)
def test_a_host_that_no_stranger_can_have_is_answered(
    path: str, host: str, development: Service
) -> None:
    assert ask(development, path, host).status == 200


@pytest.mark.parametrize("host", FOREIGN)
@pytest.mark.parametrize("path", GUARDED)
def test_a_name_that_may_be_a_strangers_gets_nothing_and_is_told_why(
    path: str, host: str, development: Service
) -> None:
    answer = ask(development, path, host)
    assert answer.status == 421
    problem = answer.json()
    assert problem["code"] == "misdirected_request"
    assert "HOST, CORS_ORIGINS or BETTER_AUTH_URL" in problem["detail"]
    explained = ask(development, problem["type"], host).json()
    assert "`HOST`" in explained["remedy"]
    assert "CORS_ORIGINS" in explained["remedy"]


def test_the_api_minds_no_name(development: Service) -> None:
    """A token is what it asks for, and strangers get none."""
    assert ask(development, "/api/auth/me", "evil.example.com").status == 401
    assert ask(development, "/livez", "evil.example.com").status == 200


def test_the_frontend_is_named_too(database_url: str, tmp_path: Path) -> None:
    settings = Settings(
        _env_file=None,
        database_url=SecretStr(database_url),
        data_dir=tmp_path,
        better_auth_url="https://app.example.com",
    )
    with Service(settings) as service:
        assert ask(service, "/", "app.example.com").status == 200
        assert ask(service, "/", "evil.example.com").status == 421
