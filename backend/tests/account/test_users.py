"""How users come, are known by their latest token, and go."""

import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg
import pytest

from backend.security.signing import Issuer
from backend.tests.support.people import ORIGIN, Person

Row = tuple[Any, ...]


@pytest.fixture
def known(database_url: str) -> Any:
    """What the database knows about a person: email, name, or None."""

    def look(person: Person) -> Row | None:
        with psycopg.connect(database_url) as connection:
            query = "select email, name from duly.users where subject = %s"
            return connection.execute(query, [person.subject]).fetchone()

    return look


def sign_in(person: Person, issuer: Issuer, now: float | None = None, **claims: Any) -> None:
    """Give a person a new token."""
    token = issuer.token(person.subject, issuer=ORIGIN, audience=ORIGIN, now=now, **claims)
    person.client.headers["Authorization"] = f"Bearer {token}"


def test_the_first_write_makes_the_user_known(alice: Person, known: Any) -> None:
    assert known(alice) is None
    alice.create()
    assert known(alice) == (f"{alice.subject}@example.com", alice.subject)


def test_reading_makes_nobody_known(alice: Person, known: Any) -> None:
    assert alice.titles() == []
    assert alice.client.get("/api/trash").json() == []
    assert alice.client.get("/api/auth/me").json()["time_zone"] == "UTC"
    assert known(alice) is None


def test_a_request_that_is_refused_makes_nobody_known(alice: Person, known: Any) -> None:
    for path in ("/api/somebody/tasks", "/api/tasks?limit=0", "/nowhere", "/api/tasks/x"):
        alice.client.get(path)
    assert known(alice) is None


def test_a_new_name_and_address_are_taken_from_the_next_token_that_writes(
    alice: Person, issuer: Issuer, known: Any
) -> None:
    alice.create()
    sign_in(alice, issuer, name="Alice L.", email="new@example.com")
    alice.create()
    assert known(alice) == ("new@example.com", "Alice L.")


def test_a_token_without_them_takes_nothing_away(alice: Person, issuer: Issuer, known: Any) -> None:
    alice.create()
    before = known(alice)
    sign_in(alice, issuer, name=None, email=None)
    alice.create()
    assert known(alice) == before


def test_a_late_request_with_an_older_token_brings_nothing_back(
    alice: Person, issuer: Issuer, known: Any
) -> None:
    sign_in(alice, issuer, name="New", email="new@example.com")
    alice.create()
    sign_in(alice, issuer, now=time.time() - 300, name="Old", email="old@example.com")
    alice.create()
    assert known(alice) == ("new@example.com", "New")


def test_first_requests_at_the_same_time_make_one_user(alice: Person, known: Any) -> None:
    with ThreadPoolExecutor(16) as crowd:
        tasks = list(crowd.map(lambda n: alice.create(f"{n}"), range(16)))
    versions = sorted(task["version"] for task in tasks)
    assert versions == list(range(versions[0], versions[0] + 16))
    assert known(alice)


def test_an_erased_user_leaves_nothing_behind(alice: Person, bob: Person, known: Any) -> None:
    for person in (alice, bob):
        kept, deleted = person.create(), person.create()
        person.client.delete(f"/api/tasks/{deleted['id']}")
        assert kept
    answer = alice.client.delete("/api/me")
    assert answer.status_code == 204
    assert known(alice) is None
    assert alice.titles() == []
    assert alice.client.get("/api/trash").json() == []
    assert bob.titles() == ["Buy milk"]
    assert known(bob)


def test_who_comes_back_after_that_starts_anew(alice: Person) -> None:
    old = alice.create()
    alice.client.delete("/api/me")
    assert alice.client.delete("/api/me").status_code == 204
    assert alice.client.get("/api/auth/me").json()["subject"] == alice.subject
    # No entity tag and no cursor from before means anything now.
    assert alice.create("A new life", id=old["id"])["version"] > old["version"]
    assert alice.titles() == ["A new life"]
