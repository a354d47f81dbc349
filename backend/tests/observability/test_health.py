"""What health checks are told."""

from collections.abc import Callable

import httpx2
import pytest
from pydantic import SecretStr

from backend.config import Settings
from backend.security.signing import Issuer
from backend.tests.support.key_server import KeyServer
from backend.tests.support.people import NO_TLS, Person
from backend.tests.support.service import Service


def ask(service: Service, path: str, **headers: str) -> httpx2.Response:
    with httpx2.Client(base_url=service.url, verify=NO_TLS, trust_env=False) as client:
        return client.get(path, headers=headers)


def verdict(answer: httpx2.Response) -> dict[str, bool]:
    return {name: answer.json()[name] for name in ("ready", "database", "keys")}


def test_a_healthy_service_is_alive_and_ready(service: Service) -> None:
    assert ask(service, "/livez").json() == {"status": "alive"}
    answer = ask(service, "/readyz")
    assert answer.status_code == 200
    assert verdict(answer) == {"ready": True, "database": True, "keys": True}


@pytest.mark.parametrize("path", ["/livez", "/readyz", "/metrics", "/problems/not_found"])
def test_a_token_that_is_not_needed_does_no_harm(path: str, service: Service) -> None:
    for token in ("x", Issuer.generate().token("a", issuer="b", audience="c")):
        assert ask(service, path, Authorization=f"Bearer {token}").status_code == 200


def test_without_its_database_it_is_alive_but_not_ready(settings: Settings) -> None:
    nowhere = SecretStr("postgresql://nobody@127.0.0.1:1/nothing")
    with Service(settings.model_copy(update={"database_url": nowhere})) as service:
        assert ask(service, "/livez").status_code == 200
        answer = ask(service, "/readyz")
        assert answer.status_code == 503
        assert verdict(answer) == {"ready": False, "database": False, "keys": True}


def test_without_its_database_every_request_is_told_when_to_come_back(
    settings: Settings, person: Callable[[str], Person]
) -> None:
    nowhere = SecretStr("postgresql://nobody@127.0.0.1:1/nothing")
    token = f"Bearer {person('alice').token}"
    with Service(settings.model_copy(update={"database_url": nowhere})) as service:
        answer = ask(service, "/api/tasks", Authorization=token)
    assert answer.status_code == 503
    assert answer.json()["code"] == "database_unavailable"
    assert int(answer.headers["retry-after"]) >= 1


def test_without_its_key_source_it_is_not_ready_and_signs_nobody_out(
    settings: Settings, issuer: Issuer, person: Callable[[str], Person]
) -> None:
    token = f"Bearer {person('alice').token}"
    with KeyServer(issuer) as keys:
        keys.mode = "down"
        there = Settings(_env_file=None, **{**dict(settings), "auth_jwks_url": keys.url})
        with Service(there) as service:
            ready = ask(service, "/readyz")
            assert ready.status_code == 503
            assert verdict(ready) == {"ready": False, "database": True, "keys": False}
            answer = ask(service, "/api/tasks", Authorization=token)
    assert answer.status_code == 503
    assert answer.json()["code"] == "keys_unavailable"
    assert int(answer.headers["retry-after"]) >= 1
    assert "www-authenticate" not in answer.headers
