"""Streams outlast what befalls the database, and then tell of what they could not."""

from collections.abc import Callable

import psycopg
import pytest
from pydantic import SecretStr

from backend.config import Settings
from backend.security.signing import Issuer
from backend.services import hub
from backend.tests.support.people import Person
from backend.tests.support.proxy import Proxy
from backend.tests.support.service import Service
from backend.tests.support.streams import following


@pytest.fixture(scope="module")
def url(make_database: Callable[[str], str]) -> str:
    """A database that nobody else needs."""
    return make_database("streams")


def rename(url: str, person: Person, title: str) -> None:
    """Write past the service."""
    with psycopg.connect(url) as connection:
        connection.execute(
            "update duly.tasks set title = %s where space_id = %s", [title, person.subject]
        )


def test_an_outage_of_the_database_delays_what_is_told(
    url: str, settings: Settings, issuer: Issuer
) -> None:
    with Proxy(url) as proxy:
        through = settings.model_copy(update={"database_url": SecretStr(proxy.url)})
        with Service(through) as service:
            alice = Person("alice", service, issuer)
            alice.create()
            with following(alice.client) as stream:
                proxy.refuse()
                proxy.cut()
                rename(url, alice, "meanwhile")
                other = Person("bob", service, issuer)
                while other.client.get("/api/tasks").status_code != 503:
                    pass
                proxy.welcome()
                assert stream.titles(1) == ["meanwhile"]
                alice.create("afterwards")
                assert stream.titles(1) == ["afterwards"]
            for person in (alice, other):
                person.client.close()


def test_streams_look_for_themselves_where_the_counters_cannot_be_asked_for(
    url: str, settings: Settings, issuer: Issuer
) -> None:
    with psycopg.connect(url, autocommit=True) as administrator:
        administrator.execute("alter function duly.counters(text[], bigint[]) rename to gone")
        directly = settings.model_copy(update={"database_url": SecretStr(url)})
        with Service(directly) as service:
            alice = Person("alice", service, issuer)
            alice.create()
            with following(alice.client) as stream:
                rename(url, alice, "past the service")
                assert stream.titles(1) == ["past the service"]
            alice.client.close()
        administrator.execute("alter function duly.gone(text[], bigint[]) rename to counters")


def test_who_writes_where_the_stream_is_need_not_wait_for_the_counters(
    url: str, settings: Settings, issuer: Issuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub, "_LOOK_SECONDS", 3_600.0)
    with Service(settings.model_copy(update={"database_url": SecretStr(url)})) as service:
        alice = Person("alice", service, issuer)
        alice.create()
        with following(alice.client) as stream:
            alice.create("at once")
            assert stream.titles(1) == ["at once"]
        alice.client.close()
