"""A user's account: erased whole, and named as the newest token names it."""

import random
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg
import pytest
from psycopg import sql
from psycopg.rows import dict_row

from backend.models.ownership import Owner, owned_tables
from backend.security.signing import Issuer
from backend.tests.support.people import ORIGIN, Person

Row = dict[str, Any]
Rows = dict[str, list[Row]]

_TABLES = """
    select relname from pg_class
    where relnamespace = 'duly'::regnamespace and relkind in ('r', 'p')
    and relname <> 'alembic_version'
"""


@pytest.fixture
def database(database_url: str) -> Iterator["psycopg.Connection[Row]"]:
    with psycopg.connect(database_url, autocommit=True, row_factory=dict_row) as connection:
        yield connection


def rows(database: "psycopg.Connection[Row]") -> Rows:
    """All rows of every table of Duly, whoever they belong to."""
    tables = [row["relname"] for row in database.execute(_TABLES)]
    # As JSON: psycopg reads no time before year 1, and a history may begin at `-infinity`.
    query = sql.SQL("select to_jsonb(each) as found from duly.{} as each")
    return {
        table: [row["found"] for row in database.execute(query.format(sql.Identifier(table)))]
        for table in tables
    }


def owned(found: Rows, person: Person) -> Rows:
    """Those of one person; a table that knows no owner is an error."""

    # The directory has a row about each of them, which is in a space of its own.
    owners = owned_tables() | {"directory": Owner.space("space")}
    return {
        table: [row for row in each if row[owners[table].column] == person.subject]
        for table, each in found.items()
    }


def live(person: Person) -> None:
    """Leave something in every table: tasks open, done and in the trash."""
    person.client.headers["Idempotency-Key"] = "k"
    person.create("Open", description="Not a word of it may stay")
    del person.client.headers["Idempotency-Key"]
    done = person.create("Done")
    person.client.post(f"/api/tasks/{done['id']}/complete")
    gone = person.create("Gone")
    person.client.delete(f"/api/tasks/{gone['id']}")
    person.client.patch("/api/me", json={"time_zone": "Europe/Berlin"})


def sign_in(person: Person, issuer: Issuer, now: float | None = None, **claims: Any) -> None:
    """Give a person a new token."""
    token = issuer.token(person.subject, issuer=ORIGIN, audience=ORIGIN, now=now, **claims)
    person.client.headers["Authorization"] = f"Bearer {token}"


# Erasing


def test_every_row_of_the_caller_goes_and_nobody_elses(
    alice: Person, bob: Person, database: "psycopg.Connection[Row]"
) -> None:
    live(alice)
    live(bob)
    before = rows(database)
    hers = owned(before, alice)
    assert hers.pop("erasures") == [], "she is alone in her space, so this one is never hers"
    assert all(hers.values()), "each table holds something of hers, or this test proves nothing"

    answer = alice.client.delete("/api/me")

    assert (answer.status_code, answer.content) == (204, b"")
    after = rows(database)
    for known in (before, after):  # how far it had counted is kept, and not of whom
        known["spaces"] = [row for row in known["spaces"] if row["id"] != "~directory"]
    for table, left in after.items():
        assert left == [row for row in before[table] if row not in hers.get(table, [])]


def test_nothing_is_erased_when_not_everything_can_be(
    alice: Person, database: "psycopg.Connection[Row]"
) -> None:
    live(alice)
    before = owned(rows(database), alice)
    database.execute(
        "create function public.refuse() returns trigger language plpgsql as "
        "$$ begin raise exception 'no' using errcode = '55P03'; end $$"
    )
    # As late as can be: after every row has been deleted, at the end of the transaction.
    database.execute(
        "create constraint trigger refuse after delete on duly.tasks "
        "deferrable initially deferred for each row execute function public.refuse()"
    )
    try:
        answer = alice.client.delete("/api/me")
        assert answer.status_code == 503
        assert owned(rows(database), alice) == before
    finally:
        database.execute("drop function public.refuse() cascade")
    assert alice.client.delete("/api/me").status_code == 204
    assert not any(owned(rows(database), alice).values())


def test_whoever_comes_back_starts_with_nothing(
    alice: Person, issuer: Issuer, database: "psycopg.Connection[Row]"
) -> None:
    live(alice)
    for _ in range(2):
        assert alice.client.delete("/api/me").status_code == 204
    sign_in(alice, issuer, name="Alice the Second", email="second@example.com")
    assert alice.titles() == []
    assert alice.client.get("/api/trash").json() == []
    assert alice.create("A new life")["title"] == "A new life"
    [user] = owned(rows(database), alice)["users"]
    assert (user["name"], user["email"]) == ("Alice the Second", "second@example.com")


def test_erasing_needs_a_token_and_takes_no_name(alice: Person, bob: Person) -> None:
    live(bob)
    anybody = {"Authorization": ""}
    assert alice.client.delete("/api/me", headers=anybody).status_code == 401
    assert alice.client.delete(f"/api/{bob.subject}/me").status_code == 404
    assert alice.client.delete("/api/me", params={"user_id": bob.subject}).status_code in {204, 422}
    assert sorted(bob.titles()) == ["Done", "Open"]


# Name and e-mail


def test_the_newest_token_wins_in_whatever_order_they_come(
    alice: Person, issuer: Issuer, database: "psycopg.Connection[Row]"
) -> None:
    now = time.time()
    tokens = [
        issuer.token(
            alice.subject,
            issuer=ORIGIN,
            audience=ORIGIN,
            now=now - age,
            name=f"Alice {age} s ago",
            email=f"{age}@example.com",
        )
        for age in range(20)
    ]
    random.Random(7).shuffle(tokens)  # noqa: S311 - the same order every time

    def call(token: str) -> int:
        headers = {"Authorization": f"Bearer {token}"}
        return alice.client.post("/api/tasks", json={"title": "x"}, headers=headers).status_code

    with ThreadPoolExecutor(8) as crowd:
        assert set(crowd.map(call, tokens)) == {201}
    [user] = owned(rows(database), alice)["users"]
    assert (user["name"], user["email"]) == ("Alice 0 s ago", "0@example.com")


@pytest.mark.parametrize("change", ["none", "fresh", "older"])
def test_reading_writes_nothing(
    alice: Person, issuer: Issuer, database: "psycopg.Connection[Row]", change: str
) -> None:
    def version() -> Row | None:
        query = "select xmin::text, ctid::text from duly.users where subject = %s"
        return database.execute(query, [alice.subject]).fetchone()

    renew: dict[str, Callable[[], None]] = {
        "none": lambda: None,
        "fresh": lambda: sign_in(alice, issuer),
        "older": lambda: sign_in(
            alice, issuer, time.time() - 300, name="Old", email="o@example.com"
        ),
    }
    alice.create()
    written = version()
    assert written
    for _ in range(5):
        renew[change]()
        alice.titles()
        alice.client.get("/api/auth/me")
    assert version() == written
