"""Every write can be sent again under its key: it has the first answer, and no second effect."""

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from backend.models.ownership import owned_tables
from backend.security.signing import Issuer
from backend.tests.performance.test_traffic import KINDS, prepared
from backend.tests.support.paths import operations
from backend.tests.support.people import Person
from backend.tests.support.service import Service

WRITES = [name for name, kind in KINDS.items() if not kind.request.startswith("GET ")]
ERASURE = "erase me"
"""Of which nothing is kept, since nothing may be; once more it does nothing either."""


@pytest.fixture
def guest(service: Service, issuer: Issuer) -> Iterator[Person]:
    person = Person("guest", service, issuer)
    yield person
    person.client.close()


def everything(url: str, person: Person) -> dict[str, Any]:
    """All rows of a person."""
    with psycopg.connect(url) as connection:
        return {
            table: connection.execute(
                f"select to_jsonb(t) from duly.{table} t where {owner.column} = %s order by 1",
                [person.subject],
            ).fetchall()
            for table, owner in owned_tables().items()
        }


@pytest.mark.parametrize("name", WRITES)
def test_a_write_sent_again_is_answered_as_it_was_and_does_nothing(
    name: str, alice: Person, guest: Person, database_url: str
) -> None:
    send = prepared(alice, KINDS[name], guest)
    alice.client.headers["Idempotency-Key"] = name.replace(" ", "-")
    first = send()
    after = everything(database_url, alice)
    second = send()
    assert first.is_success
    assert "Idempotency-Replayed" not in first.headers
    assert everything(database_url, alice) == after
    assert (second.status_code, second.content) == (first.status_code, first.content)
    for field in ("ETag", "Location"):
        assert second.headers.get(field) == first.headers.get(field)
    assert second.headers.get("Idempotency-Replayed") == (None if name == ERASURE else "true")


@pytest.mark.parametrize("name", WRITES)
def test_a_write_refuses_a_key_that_is_none(name: str, alice: Person, guest: Person) -> None:
    send = prepared(alice, KINDS[name], guest)
    for key in ("", "a b", "k" * 256):
        alice.client.headers["Idempotency-Key"] = key
        answer = send()
        assert answer.status_code == 422, key
        assert [each["pointer"] for each in answer.json()["errors"]] == ["/header/Idempotency-Key"]


@pytest.mark.parametrize("name", [name for name in WRITES if name != ERASURE])
def test_another_request_cannot_use_a_key(name: str, alice: Person, guest: Person) -> None:
    send = prepared(alice, KINDS[name], guest)
    alice.client.headers["Idempotency-Key"] = "one"
    assert alice.client.post("/api/tasks", json={"title": "Something else"}).status_code == 201
    answer = send()
    assert (answer.status_code, answer.json()["code"]) == (422, "key_reused")


def test_every_write_is_tried(service: Service) -> None:
    writes = {
        str(each)
        for each in operations(service.app)
        if not (each.public or each.names_user or each.method in {"GET", "HEAD"})
    }
    assert writes == {KINDS[name].request.partition("?")[0] for name in WRITES}
