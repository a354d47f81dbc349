"""What health checks are told."""

from collections.abc import Callable

import httpx2
import psycopg
import pytest
from pydantic import SecretStr

from backend.config import Settings
from backend.core.ids import new_id
from backend.core.problems import Overloaded
from backend.observability.readiness import Readiness
from backend.security.signing import Issuer
from backend.tests.support.key_server import KeyServer
from backend.tests.support.people import NO_TLS, Person
from backend.tests.support.service import Service


def ask(service: Service, path: str, **headers: str) -> httpx2.Response:
    with httpx2.Client(base_url=service.url, verify=NO_TLS, trust_env=False, timeout=60) as client:
        return client.get(path, headers=headers)


def verdict(answer: httpx2.Response) -> dict[str, bool]:
    return {name: answer.json()[name] for name in ("ready", "database", "writes", "keys")}


class ReadOnlyDatabase:
    """A database that can be told to take no writes, as a standby never does."""

    def __init__(self, url: str) -> None:
        self.url = url

    def set(self, value: str) -> None:
        """Connections keep what was set when they were made, so they are ended."""
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute("set default_transaction_read_only = off")
            name = connection.info.dbname
            command = f"alter database {name} set default_transaction_read_only = {value}"
            connection.execute(command.encode())
            connection.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity"
                " where datname = current_database() and pid <> pg_backend_pid()"
            )


@pytest.fixture
def read_only_database(make_database: Callable[[str], str]) -> ReadOnlyDatabase:
    database = ReadOnlyDatabase(make_database("read_only"))
    database.set("on")
    return database


def test_a_healthy_service_is_alive_and_ready(service: Service) -> None:
    assert ask(service, "/livez").json() == {"status": "alive"}
    answer = ask(service, "/readyz")
    assert answer.status_code == 200
    assert verdict(answer) == {"ready": True, "database": True, "writes": True, "keys": True}


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
        assert verdict(answer) == {"ready": False, "database": False, "writes": False, "keys": True}


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
            assert verdict(ready) == {
                "ready": False,
                "database": True,
                "writes": True,
                "keys": False,
            }
            answer = ask(service, "/api/tasks", Authorization=token)
    assert answer.status_code == 503
    assert answer.json()["code"] == "keys_unavailable"
    assert int(answer.headers["retry-after"]) >= 1
    assert "www-authenticate" not in answer.headers


def test_without_writes_reads_go_on_and_readiness_says_so(
    settings: Settings, issuer: Issuer, read_only_database: ReadOnlyDatabase
) -> None:
    there = {"database_url": SecretStr(read_only_database.url)}
    with Service(settings.model_copy(update=there)) as service:
        newcomer = Person("newcomer", service, issuer)
        with newcomer.client as client:
            assert client.get("/api/tasks").json() == []
            assert client.get("/api/trash").json() == []
            assert client.get("/api/auth/me").json()["subject"] == newcomer.subject
            assert client.get(f"/api/tasks/{new_id()}").status_code == 404
            for method, path in (
                ("POST", "/api/tasks"),
                ("DELETE", "/api/trash"),
                ("DELETE", "/api/me"),
            ):
                body = {"title": "x"} if method == "POST" else None
                refusal = client.request(method, path, json=body)
                assert (refusal.status_code, refusal.json()["code"]) == (503, "read_only")
                assert int(refusal.headers["retry-after"]) >= 1
            ready = ask(service, "/readyz")
            assert ready.status_code == 200
            assert verdict(ready) == {
                "ready": True,
                "database": True,
                "writes": False,
                "keys": True,
            }

            read_only_database.set("off")

            # Without a restart, as soon as there are new connections.
            created = until(lambda: client.post("/api/tasks", json={"title": "Buy milk"}))
            assert created.status_code == 201
            assert newcomer.titles() == ["Buy milk"]


@pytest.mark.anyio
async def test_a_database_that_answers_others_is_there(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Readiness waits for its turn like everybody; to be told that it took too long is a sign."""

    async def refuse(*_: object, **__: object) -> None:
        raise Overloaded

    held = service.app.state.resources
    readiness = Readiness(held.pools, held.keys)
    monkeypatch.setattr(held.pools, "call", refuse)
    state = await readiness.check()
    assert (state.ready, state.database, state.writes) == (True, True, True)


def until(ask_again: Callable[[], httpx2.Response]) -> httpx2.Response:
    """The first answer that is not a 503, or the last one of many."""
    for _ in range(100):
        answer = ask_again()
        if answer.status_code != 503:
            break
    return answer
