"""What has been in the trash for long goes for good, of everybody, and nothing else does."""

import asyncio
import time
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest
from pydantic import SecretStr

from backend.config import Settings
from backend.core.principal import Principal
from backend.database.connection.pool import Pool
from backend.database.session import Session
from backend.jobs.tidy import Tidied, tidy
from backend.security.signing import Issuer
from backend.services import keys
from backend.services.directory import BATCH, DIRECTORY, claim_spaces
from backend.services.tasks import trash as trashes
from backend.services.tidier import Keeping, Tidier
from backend.services.users import Nobody
from backend.tests.jobs.conftest import progress, url
from backend.tests.support.people import Person
from backend.tests.support.service import Service

_PATIENCE = 60.0

OLD_TRASH = """
    insert into duly.tasks (space_id, id, title, parent_id, deleted_at)
    select %(user)s, overlay(overlay(gen_random_uuid()::text placing '7' from 15)
        placing 'a' from 20)::uuid, 'Old', %(parent)s, now() - interval '31 days'
    from generate_series(1, %(many)s) n
"""


@pytest.fixture(scope="module")
def tidied(make_database: Callable[[str], str]) -> Settings:
    """A database of which these tests may count the accounts."""
    return Settings(_env_file=None, database_url=SecretStr(make_database("tidy")))


@pytest.fixture(scope="module")
def running(tidied: Settings, settings: Settings) -> Iterator[Service]:
    there = settings.model_copy(update={"database_url": tidied.database_url})
    with Service(there, patience=5) as running:
        yield running


@pytest.fixture
def database(tidied: Settings) -> Iterator[psycopg.Connection]:
    with psycopg.connect(url(tidied), autocommit=True) as connection:
        yield connection


@pytest.fixture
def meet(running: Service, issuer: Issuer) -> Iterator[Callable[[str], Person]]:
    made: list[Person] = []

    def make(name: str) -> Person:
        made.append(Person(name, running, issuer))
        return made[-1]

    yield make
    for each in made:
        each.client.close()


def trash(person: Person, database: psycopg.Connection, title: str, days: int) -> dict[str, Any]:
    """A task that has been in the trash for so many days."""
    task = person.create(title)
    assert person.client.delete(f"/api/tasks/{task['id']}").status_code == 204
    database.execute(
        "update duly.tasks set deleted_at = now() - %s * interval '1 day'"
        " where space_id = %s and id = %s",
        [days, person.subject, task["id"]],
    )
    return task


def trashed(person: Person) -> list[str]:
    return [task["title"] for task in person.client.get("/api/trash").json()]


def listed(database: psycopg.Connection, user: str) -> int:
    query = "select count(*) from duly.directory where space_id = '~directory' and space = %s"
    [(count,)] = database.execute(query, [user]).fetchall()
    return int(count)


def test_what_has_been_in_the_trash_for_long_goes_of_everybody(
    tidied: Settings, meet: Callable[[str], Person], database: psycopg.Connection
) -> None:
    alice, bob = meet("alice"), meet("bob")
    for person in (alice, bob):
        person.create("Kept")
        trash(person, database, "Gone", 31)
        trash(person, database, "Still there", 29)
    done = tidy(tidied, progress)
    assert (done.tasks, done.failed) == (2, 0)
    assert done.accounts >= 2
    for person in (alice, bob):
        assert trashed(person) == ["Still there"]
        assert person.titles() == ["Kept"]
    assert tidy(tidied, progress).tasks == 0


def test_a_tree_and_a_list_go_whole(
    tidied: Settings, meet: Callable[[str], Person], database: psycopg.Connection
) -> None:
    alice = meet("alice")
    parent = trash(alice, database, "Parent", 40)
    database.execute(
        "with made as (insert into duly.lists (space_id, id, name, deleted_at) values (%(user)s,"
        " '018f0000-0000-7000-8000-000000000009', 'Old', now() - interval '40 days') returning id)"
        " insert into duly.tasks (space_id, id, title, parent_id, deleted_at) select %(user)s,"
        " '018f0000-0000-7000-8000-000000000008', 'Child', %(parent)s, now() - interval '40 days'",
        {"user": alice.subject, "parent": parent["id"]},
    )
    done = tidy(tidied, progress)
    assert (done.tasks, done.lists) == (2, 1)
    for table in ("tasks", "lists where not is_inbox and"):
        query = f"select count(*) from duly.{table} where space_id = %s"
        query = query.replace("and where", "and")
        assert database.execute(query.encode(), [alice.subject]).fetchall() == [(0,)]


def test_it_goes_in_steps_and_clients_learn_that_something_has_changed(
    tidied: Settings,
    meet: Callable[[str], Person],
    database: psycopg.Connection,
) -> None:
    alice = meet("alice")
    alice.create("Kept")
    parent = trash(alice, database, "Parent", 31)["id"]
    for many, above in ((trashes.BATCH, None), (10, parent)):
        values = {"user": alice.subject, "many": many, "parent": above}
        database.execute(OLD_TRASH, values)
    number = "select last_version from duly.spaces where id = %s"
    [(before,)] = database.execute(number, [alice.subject]).fetchall()
    assert tidy(tidied, progress).tasks == trashes.BATCH + 11
    [(after,)] = database.execute(number, [alice.subject]).fetchall()
    assert after >= before + 2
    assert trashed(alice) == []


def test_off_is_off(
    meet: Callable[[str], Person], tidied: Settings, database: psycopg.Connection
) -> None:
    alice = meet("alice")
    trash(alice, database, "Old", 31)
    done = tidy(tidied.model_copy(update={"trash_days": None}), progress)
    assert (done.tasks, done.accounts > 0) == (0, True)
    assert trashed(alice) == ["Old"]


@pytest.mark.parametrize("days", [None, 30])
def test_keys_are_forgotten_a_day_after_their_last_use(
    meet: Callable[[str], Person],
    tidied: Settings,
    database: psycopg.Connection,
    days: int | None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(keys, "BATCH", 1)  # which the statement has not: once more is asked
    alice = meet("alice")
    for key in ("old", "older", "used-since", "new"):
        operations = [{"op": "create", "task": {"title": key}}] * 2
        body = {"operations": operations}
        alice.client.post("/api/tasks/batch", json=body, headers={"Idempotency-Key": key})
    database.execute(
        "update duly.idempotency set at = at - interval '24 hours' where user_id = %s"
        " and (key like 'old%%' or (key = 'used-since' and operation = 0))",
        [alice.subject],
    )
    tidy(tidied.model_copy(update={"trash_days": days}), progress)
    left = database.execute(
        "select key, count(*) from duly.idempotency where user_id = %s group by 1 order by 1",
        [alice.subject],
    )
    assert left.fetchall() == [("new", 2), ("used-since", 2)]


def test_it_says_what_it_did() -> None:
    said = (
        "318 tasks and 2 lists were deleted for good, 5,000 changes were forgotten;"
        " 1,204 accounts were looked at."
    )
    assert str(Tidied(1204, 318, 2, changes=5000)) == said
    assert str(Tidied(1204, 318, 2, 9, 5000)) == f"{said} 9 accounts failed: run it again."


def test_the_directory_has_who_is_there_and_forgets_who_is_erased(
    meet: Callable[[str], Person], database: psycopg.Connection
) -> None:
    alice = meet("alice")
    assert listed(database, alice.subject) == 0
    alice.create("Here")
    assert listed(database, alice.subject) == 1
    assert alice.client.delete("/api/me").status_code == 204
    assert listed(database, alice.subject) == 0


def test_who_was_there_before_the_directory_is_in_it(database: psycopg.Connection) -> None:
    missing = database.execute(
        "select id from duly.spaces where id not like '~%' except"
        " select space from duly.directory where space_id = '~directory'"
    )
    assert missing.fetchall() == []


def test_no_two_workers_are_given_the_same_account(
    tidied: Settings, database: psycopg.Connection
) -> None:
    users = [f"crowd-{n}" for n in range(2 * BATCH + 7)]
    with database.cursor() as cursor:
        cursor.executemany("insert into duly.spaces (id) values (%s)", [(user,) for user in users])
    database.execute("update duly.directory set tidied_at = now() - interval '2 days'")

    async def work(pool: Pool) -> list[str]:
        session = Session(pool, Principal(DIRECTORY, 0), Nobody())
        claimed: list[str] = []
        while batch := await session.run(claim_spaces()):
            assert len(batch) <= BATCH
            claimed += batch
        return claimed

    async def all_work() -> list[list[str]]:
        async def one() -> list[str]:
            pool = Pool(url(tidied))
            await pool.start()
            try:
                return await work(pool)
            finally:
                await pool.close()

        return list(await asyncio.gather(*(one() for _ in range(3))))

    claimed = [user for worker in asyncio.run(all_work()) for user in worker]
    assert len(claimed) == len(set(claimed))
    assert set(users) <= set(claimed)
    assert asyncio.run(all_work()) == [[], [], []]  # until tomorrow


@pytest.mark.parametrize("is_used", [True, False])
def test_the_service_tidies_by_itself_while_it_is_used(
    is_used: bool,  # noqa: FBT001 - a parameter of the test
    tidied: Settings,
    meet: Callable[[str], Person],
    database: psycopg.Connection,
) -> None:
    alice = meet("alice")
    trash(alice, database, "Gone", 31)
    due = "update duly.directory set tidied_at = now() - interval '25 hours' where space = %s"
    database.execute(due, [alice.subject])
    looks = asyncio.run(looked(url(tidied), is_used=is_used, until=lambda: trashed(alice) == []))
    assert looks == is_used
    assert trashed(alice) == ([] if is_used else ["Gone"])


async def looked(url: str, *, is_used: bool, until: Callable[[], bool]) -> bool:
    """Whether a tidier that looks all the time has come so far."""
    pool = Pool(url)
    await pool.start()
    tidier = Tidier(pool, Keeping(30, 90), look_seconds=0.01)
    tidier.is_used = is_used
    ends = time.monotonic() + (_PATIENCE if is_used else 0.3)
    try:
        async with tidier.kept():
            while time.monotonic() < ends:
                await asyncio.sleep(0.02)
                if tidier.is_used is False and is_used and until():
                    return True
    finally:
        await pool.close()
    return until()


def test_requests_say_that_the_service_is_used(
    running: Service, meet: Callable[[str], Person]
) -> None:
    alice = meet("alice")
    tidier = running.app.state.resources.tidier
    tidier.is_used = False
    alice.titles()
    assert tidier.is_used
