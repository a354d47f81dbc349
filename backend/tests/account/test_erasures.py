"""Accounts and trashes of many rows: they go in steps, and nobody sees one half gone."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import psycopg
import pytest
from pydantic import SecretStr

from backend.config import Settings
from backend.core.problems import BeingErased
from backend.security.signing import Issuer
from backend.services.eraser import LOOK_SECONDS
from backend.tests.support import program as programs
from backend.tests.support.people import Person
from backend.tests.support.program import ServedProgram

A = TypeVar("A")

MANY = 20_000
_PATIENCE = 60.0

# A disk on which each tenth task takes 1 ms to delete: all take 2 s, and a statement has 1.8.
SLOW_DISK = """
    create function public.take_time() returns trigger language plpgsql as $$
    begin
        if get_byte(uuid_send(old.id), 15) < 26 then
            perform pg_sleep(0.001);
        end if;
        return old;
    end $$;
    create trigger take_time before delete on duly.tasks
        for each row execute function public.take_time();
"""
FILL = """
    insert into duly.tasks (space_id, id, title, deleted_at)
    select %(subject)s, overlay(overlay(gen_random_uuid()::text placing '7' from 15)
        placing 'a' from 20)::uuid, 'Task ' || n, case when %(trashed)s then now() end
    from generate_series(1, %(many)s) n
"""


@pytest.fixture(scope="module")
def url(make_database: Callable[[str], str]) -> str:
    url = make_database("erasures")
    with psycopg.connect(url) as connection:
        connection.execute(SLOW_DISK)
    return url


@pytest.fixture
def database(url: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(url, autocommit=True) as connection:
        yield connection


@pytest.fixture(scope="module")
def there(settings: Settings, url: str) -> Settings:
    return settings.model_copy(update={"database_url": SecretStr(url)})


@pytest.fixture(scope="module")
def running(there: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedProgram]:
    """Two workers, which learn from each other by the database alone."""
    with programs.serve(there, tmp_path_factory.mktemp("program")) as running:
        yield running


@pytest.fixture
def people(running: ServedProgram, issuer: Issuer) -> Iterator[Callable[[str], Person]]:
    made: list[Person] = []

    def make(name: str) -> Person:
        made.append(Person(name, running, issuer))
        return made[-1]

    yield make
    for each in made:
        each.client.close()


def fill(database: psycopg.Connection, person: Person, *, trashed: bool = False) -> None:
    values = {"subject": person.subject, "trashed": trashed, "many": MANY}
    database.execute(FILL, values)


def number(database: psycopg.Connection, person: Person) -> int:
    row = database.execute("select count(*) from duly.tasks where space_id = %s", [person.subject])
    return int(row.fetchone()[0])  # type: ignore[index]  # a count is always there


def wait_for(condition: Callable[[], A | None]) -> A:
    """The first true answer."""
    ends = time.monotonic() + _PATIENCE
    while time.monotonic() < ends:
        if answer := condition():
            return answer
        time.sleep(0.05)
    raise TimeoutError


def erase(person: Person) -> int:
    """Ask for it once."""
    answer = person.client.delete("/api/me")
    assert answer.content == b""
    assert answer.status_code in {202, 204}, answer.text
    assert ("retry-after" in answer.headers) == (answer.status_code == 202)
    return answer.status_code


def is_erased(person: Person) -> bool:
    return erase(person) == 204


def state(person: Person, database: psycopg.Connection) -> list[list[Any]]:
    """All of a person's tasks, their space and their user."""
    tables = (("tasks", "space_id"), ("spaces", "id"), ("users", "subject"))
    return [
        database.execute(
            f"select * from duly.{table} where {owner} = %s".encode(), [person.subject]
        ).fetchall()
        for table, owner in tables
    ]


def test_a_large_account_is_closed_at_once_and_soon_gone(
    people: Callable[[str], Person], database: psycopg.Connection
) -> None:
    alice, bob = people("alice"), people("bob")
    alice.create("Mine")
    fill(database, alice)
    bob.create("Not hers")
    fill(database, bob, trashed=True)
    before = state(bob, database)

    assert erase(alice) == 202

    refusal = alice.client.post("/api/tasks", json={"title": "Too late"})
    assert (refusal.status_code, refusal.json()["code"]) == (409, "being_erased")
    assert int(refusal.headers["retry-after"]) >= 1
    wait_for(lambda: is_erased(alice))
    assert state(alice, database) == [[], [], []]
    assert state(bob, database) == before
    assert bob.create("Goes on")["version"] == before[1][0][1] + 1
    # The workers learn of the end as they did of the beginning.
    wait_for(lambda: alice.client.get("/api/tasks").status_code == 200)
    assert alice.titles() == []
    assert alice.create("A new life")["version"] == 1
    assert alice.titles() == ["A new life"]


def test_nobody_sees_an_account_half_erased(
    people: Callable[[str], Person], database: psycopg.Connection
) -> None:
    alice = people("alice")
    alice.create("Mine")
    fill(database, alice)
    whole = MANY + 1

    def counted() -> int | None:
        """By whichever worker takes the connection; None once it refuses."""
        answer = alice.client.get("/api/tasks?count=exact&limit=1", headers={"Connection": "close"})
        if answer.status_code == BeingErased.status:
            assert answer.json()["code"] == "being_erased"
            return None
        return int(answer.headers["total-count"])

    assert erase(alice) == 202
    waits = "select extract(epoch from claimed_until - created_at) from duly.erasures"
    assert database.execute(waits).fetchall()[0][0] > LOOK_SECONDS, "or a worker may not know yet"
    seen = [counted()]
    while number(database, alice):
        seen.append(counted())
    assert set(seen) <= {whole, None}
    assert None in seen


def test_the_erasure_goes_on_after_a_restart_when_nobody_asks_again(
    there: Settings, tmp_path: Path, issuer: Issuer, database: psycopg.Connection
) -> None:
    (tmp_path / "first").mkdir()
    (tmp_path / "second").mkdir()
    with programs.serve(there, tmp_path / "first", WORKERS="1") as first:
        alice = Person("alice", first, issuer)
        with alice.client:
            alice.create("Mine")
            fill(database, alice)
            assert erase(alice) == 202
    # Before the first step: whoever erases waits until every worker knows.
    assert number(database, alice) == MANY + 1
    with programs.serve(there, tmp_path / "second", WORKERS="1"):
        wait_for(lambda: number(database, alice) == 0)
        wait_for(lambda: state(alice, database) == [[], [], []])
    left = "select count(*) from duly.erasures where subject = %s"
    assert database.execute(left, [alice.subject]).fetchone() == (0,)


def test_who_was_erased_late_is_not_erased_again(
    people: Callable[[str], Person], database: psycopg.Connection
) -> None:
    """An entry of the list without a mark, which nothing makes, harms nobody."""
    alice = people("alice")
    alice.create("Kept")
    database.execute(
        "insert into duly.erasures (space_id, subject, claimed_until)"
        " values ('~erasures', %s, now() - interval '1 hour')",
        [alice.subject],
    )
    left = "select count(*) from duly.erasures where subject = %s"

    def struck_off() -> bool:
        alice.client.get("/api/tasks")
        return database.execute(left, [alice.subject]).fetchone() == (0,)

    wait_for(struck_off)
    wait_for(lambda: alice.client.get("/api/tasks").status_code == 200)
    assert alice.titles() == ["Kept"]


def test_a_large_trash_is_emptied_and_takes_nothing_else_along(
    people: Callable[[str], Person], database: psycopg.Connection
) -> None:
    alice, bob = people("alice"), people("bob")
    kept = alice.create("Kept")
    fill(database, alice, trashed=True)
    bob.create("His")
    fill(database, bob, trashed=True)
    before = state(bob, database)

    while (answer := alice.client.delete("/api/trash")).status_code == 202:
        assert int(answer.headers["retry-after"]) >= 1

    assert answer.status_code == 204, answer.text
    assert alice.client.get("/api/trash").json() == []
    assert alice.client.get("/api/tasks").json() == [kept]
    assert number(database, alice) == 1
    assert state(bob, database) == before
