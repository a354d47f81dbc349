"""What the history has kept for long is forgotten, and it is written down up to where."""

import asyncio
from collections.abc import Callable

import psycopg
import pytest

from backend.database.connection.pool import Pool
from backend.services.history import thinning
from backend.services.tidier import Gone, Keeping, tidy_space
from backend.tests.history.test_pages import history, of, patch
from backend.tests.support.people import Person


@pytest.fixture
def thin(database_url: str) -> Callable[[Person], Gone]:
    """What the daily turn does for somebody."""

    async def tidied(person: Person) -> Gone:
        pool = Pool(database_url)
        await pool.start()
        try:
            return await tidy_space(pool, person.subject, Keeping(None, 90))
        finally:
            await pool.close()

    return lambda person: asyncio.run(tidied(person))


def age(database_url: str, person: Person, upto: int) -> None:
    """Make changes up to a version look 91 days old."""
    with psycopg.connect(database_url) as connection:
        connection.execute(
            "update duly.history set at = at - interval '91 days'"
            " where space_id = %s and version <= %s",
            [person.subject, upto],
        )


def floor(database_url: str, person: Person) -> int:
    with psycopg.connect(database_url) as connection:
        [(number,)] = connection.execute(
            "select history_floor from duly.spaces where id = %s", [person.subject]
        ).fetchall()
    return int(number)


def test_what_is_old_is_forgotten_and_the_floor_is_raised(
    alice: Person, bob: Person, database_url: str, thin: Callable[[Person], Gone]
) -> None:
    task = alice.create()
    changed = patch(alice, task, title="Buy oat milk")
    kept = patch(alice, task, title="Buy bread")
    bob.create()
    assert thin(alice) == Gone()
    age(database_url, alice, changed["version"])
    before = floor(database_url, alice)
    assert thin(alice) == Gone(changes=2)
    assert before < floor(database_url, alice) == changed["version"]
    assert [entry["version"] for entry in history(alice)] == [kept["version"]]
    assert len(history(bob)) == 1
    # A task of which nothing is known any more is there all the same.
    age(database_url, alice, kept["version"])
    assert thin(alice) == Gone(changes=1)
    assert history(alice, of(task)) == []


def test_it_goes_in_steps(alice: Person, database_url: str, thin: Callable[[Person], Gone]) -> None:
    task = alice.create()
    many = thinning.BATCH + 10
    with psycopg.connect(database_url) as connection:
        connection.execute(
            "insert into duly.history (space_id, version, type, entity_id, operation, change)"
            " select id, last_version + n, 'task', %s, last_version + n, 'updated'"
            " from duly.spaces, generate_series(1, %s) n where id = %s",
            [task["id"], many, alice.subject],
        )
    upto = task["version"] + many
    age(database_url, alice, upto)
    assert thin(alice) == Gone(changes=many + 1)
    assert floor(database_url, alice) == upto
