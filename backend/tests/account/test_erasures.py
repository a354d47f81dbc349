"""Accounts and trashes of many rows: they go in steps, and nobody sees one half gone."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import httpx2
import psycopg
import pytest
from pydantic import SecretStr

from backend.config import Settings
from backend.core.problems import BeingErased
from backend.security.signing import Issuer
from backend.services import eraser, erasures
from backend.services.eraser import LOOK_SECONDS
from backend.services.tasks import trash
from backend.tests.support import program as programs
from backend.tests.support.people import NO_TLS, Person
from backend.tests.support.service import Service

A = TypeVar("A")
Pair = tuple[Service, Service]

MANY = 10_500  # three steps
_PATIENCE = 60.0

# Notes how many tasks each transaction deletes of each space.
STEPS = """
    create table public.steps (xact xid8, space_id text, gone bigint);
    grant insert on public.steps to public;
    create function public.note_step() returns trigger language plpgsql as $$
    begin
        insert into public.steps
            select pg_current_xact_id(), space_id, count(*) from gone group by space_id;
        return null;
    end $$;
    create trigger note_step after delete on duly.tasks referencing old table as gone
        for each statement execute function public.note_step();
"""
FILL = """
    insert into duly.tasks (space_id, id, title, deleted_at)
    select %(subject)s, overlay(overlay(gen_random_uuid()::text placing '7' from 15)
        placing 'a' from 20)::uuid, 'Task ' || n, case when %(trashed)s then now() end
    from generate_series(1, %(many)s) n
"""

_ID = "overlay(overlay(gen_random_uuid()::text placing '7' from 15) placing 'a' from 20)::uuid"
# Parts of one task, and lists.
PARTS = f"""
    insert into duly.tasks (space_id, id, title, parent_id)
    select %(subject)s, {_ID}, 'Part ' || n, %(parent)s from generate_series(1, %(many)s) n
"""
LISTS = f"""
    insert into duly.lists (space_id, id, name)
    select %s, {_ID}, 'List ' || n from generate_series(1, %s) n
"""


@pytest.fixture(scope="module")
def url(make_database: Callable[[str], str]) -> str:
    url = make_database("erasures")
    with psycopg.connect(url) as connection:
        connection.execute(STEPS)
    return url


@pytest.fixture
def database(url: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(url, autocommit=True) as connection:
        yield connection


@pytest.fixture(scope="module")
def there(settings: Settings, url: str) -> Settings:
    return settings.model_copy(update={"database_url": SecretStr(url)})


@pytest.fixture(scope="module")
def pair(there: Settings) -> Iterator[Pair]:
    """Two instances, which learn from each other by the database alone, and look often."""
    with (
        pytest.MonkeyPatch.context() as patch,
        Service(there) as first,
        Service(there) as second,
    ):
        patch.setattr(eraser, "LOOK_SECONDS", 0.1)
        yield first, second


@pytest.fixture
def people(pair: Pair, issuer: Issuer) -> Iterator[Callable[[str], Person]]:
    """Makes people, who talk to the first of the two."""
    made: list[Person] = []

    def make(name: str) -> Person:
        made.append(Person(name, pair[0], issuer))
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


def steps(database: psycopg.Connection, person: Person) -> list[int]:
    """How many of a person's tasks each transaction has deleted."""
    query = "select sum(gone)::int from public.steps where space_id = %s group by xact"
    return [row[0] for row in database.execute(query, [person.subject])]


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
    """All of a person's tasks, their space, their user and their lists."""
    tables = (("tasks", "space_id"), ("spaces", "id"), ("users", "subject"), ("lists", "space_id"))
    return [
        database.execute(
            f"select to_jsonb(each) from duly.{table} as each where {owner} = %s".encode(),
            [person.subject],
        ).fetchall()
        for table, owner in tables
    ]


def ask(pair: Pair, person: Person, path: str = "/api/tasks") -> list[httpx2.Response]:
    """What each of the two instances answers."""
    fields = {"Authorization": f"Bearer {person.token}"}
    return [
        httpx2.get(f"{each.url}{path}", headers=fields, verify=NO_TLS, trust_env=False, timeout=60)
        for each in pair
    ]


def all_answer(status: int, pair: Pair, person: Person) -> bool:
    return {answer.status_code for answer in ask(pair, person)} == {status}


def begin(database: psycopg.Connection, person: Person) -> None:
    """Everybody knows, and nothing is gone yet: let the first step come now, not in 3 s."""
    assert number(database, person) == MANY + 1
    command = "update duly.erasures set claimed_until = now() where subject = %s"
    assert database.execute(command, [person.subject]).rowcount == 1


def test_a_large_account_is_closed_at_once_and_soon_gone(
    people: Callable[[str], Person], pair: Pair, database: psycopg.Connection
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
    wait_for(lambda: all_answer(BeingErased.status, pair, alice))
    begin(database, alice)
    wait_for(lambda: is_erased(alice))
    assert not any(state(alice, database))
    assert state(bob, database) == before
    # So that no step takes longer than a statement may.
    assert sum(steps(database, alice)) == MANY + 1
    assert max(steps(database, alice)) <= erasures.BATCH
    assert bob.create("Goes on")["version"] == before[1][0][0]["last_version"] + 1
    # They learn of the end as they did of the beginning.
    wait_for(lambda: all_answer(200, pair, alice))
    assert alice.titles() == []
    assert alice.create("A new life")["version"] > MANY
    assert alice.titles() == ["A new life"]


def test_an_account_goes_in_steps_whatever_hangs_together_in_it(
    people: Callable[[str], Person], database: psycopg.Connection
) -> None:
    """What is below a task goes with it, and what is in a list with that: nothing may go so."""
    alice, bob = people("alice"), people("bob")
    for person in (alice, bob):
        top = person.create("Top")
        below = person.create("Below", parent_id=top["id"])
        values = {"subject": person.subject, "many": erasures.BATCH // 2 + 1}
        for parent in (top, below):
            database.execute(PARTS, values | {"parent": parent["id"]})
        database.execute(LISTS, [person.subject, erasures.LISTS + 1])
    before = state(bob, database)
    assert erase(alice) == 202
    database.execute("update duly.erasures set claimed_until = now()")
    wait_for(lambda: is_erased(alice))
    assert not any(state(alice, database))
    assert sum(steps(database, alice)) == number(database, bob)
    assert max(steps(database, alice)) <= erasures.BATCH
    assert state(bob, database) == before


def test_an_account_of_many_lists_goes_in_steps(
    people: Callable[[str], Person], database: psycopg.Connection
) -> None:
    alice = people("alice")
    alice.create("Mine")
    database.execute(LISTS, [alice.subject, erasures.LISTS * 2])
    assert erase(alice) == 202
    database.execute("update duly.erasures set claimed_until = now()")
    wait_for(lambda: is_erased(alice))
    assert not any(state(alice, database))


def test_nobody_sees_an_account_half_erased(
    people: Callable[[str], Person], pair: Pair, database: psycopg.Connection
) -> None:
    alice = people("alice")
    alice.create("Mine")
    fill(database, alice)
    seen: list[str] = []

    def look() -> list[str]:
        """What each instance counts, or how it refuses."""
        answers = ask(pair, alice, "/api/tasks?count=exact&limit=1")
        return [each.headers.get("total-count") or each.json()["code"] for each in answers]

    def are_refused() -> bool:
        seen.extend(found := look())
        return found == ["being_erased"] * 2

    assert erase(alice) == 202
    wait_for(are_refused)
    begin(database, alice)
    while (found := look()) and number(database, alice):  # or it may be of afterwards: none
        seen.extend(found)
    assert set(seen) <= {str(MANY + 1), "being_erased"}


def test_no_rows_go_before_every_worker_has_looked(database: psycopg.Connection) -> None:
    with database.transaction(force_rollback=True):
        [waits] = database.execute(
            "insert into duly.erasures (space_id, subject) values ('~erasures', 'somebody')"
            " returning extract(epoch from claimed_until - created_at)"
        ).fetchone() or [0]
    assert waits > LOOK_SECONDS


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
            # Or a slow machine ends the program only after the first step.
            database.execute("update duly.erasures set claimed_until = now() + interval '1 hour'")
    begin(database, alice)
    with programs.serve(there, tmp_path / "second", WORKERS="1"):
        wait_for(lambda: not any(state(alice, database)))
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
    assert sum(steps(database, alice)) == MANY
    assert max(steps(database, alice)) <= trash.BATCH
    assert state(bob, database) == before
