"""Writes of several users that have to wait share a transaction, and so a commit; nothing else."""

import asyncio
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from itertools import chain
from typing import Any

import psycopg
import pytest

from backend.config import Settings
from backend.core.problems import Conflict, Problem, ReadOnly, Unavailable
from backend.database.connection.pool import Pool, PoolOptions
from backend.database.connection.wire import Rows
from backend.security.signing import Issuer
from backend.tests.database.calls import PATIENCE, as_user, held, sql, until
from backend.tests.support.people import Person
from backend.tests.support.proxy import Proxy
from backend.tests.support.service import Service

pytestmark = pytest.mark.anyio

USERS = [f"user-{number:02}" for number in range(10)]
TRANSACTION = "pg_current_xact_id()::text, current_setting('app.user_id')"


@asynccontextmanager
async def writing(url: str) -> AsyncIterator[Pool]:
    """One wire, on which calls that wait share transactions."""
    pool = Pool(url, PoolOptions(size=1, window=1, first=1, most=1, company=16, silence=1_000.0))
    await pool.start()
    try:
        async with asyncio.timeout(10 * PATIENCE):
            yield pool
    finally:
        await pool.close()


async def together(url: str, pool: Pool, commands: dict[str, str]) -> dict[str, Any]:
    """What becomes of a command of each of several users, which had to wait for the same call."""

    async def run(user: str, command: str) -> Rows | Problem:
        try:
            call = as_user(user, sql(command))
            return (await pool.call(call, read_only=False, tag=(user, b"write")))[1]
        except Problem as problem:
            return problem

    with held(url) as hold:
        blocker = asyncio.ensure_future(pool.call(hold.statements, read_only=True))
        await until(lambda: pool.in_flight == 1)
        running = [asyncio.ensure_future(run(*each)) for each in commands.items()]
        await asyncio.sleep(0)
    await blocker
    return dict(zip(commands, await asyncio.gather(*running), strict=True))


def insert(table: str, key: str) -> str:
    return f"insert into {table} values ('{key}') returning key, {TRANSACTION}"


def stored(url: str, table: str) -> list[str]:
    with psycopg.connect(url) as connection:
        return sorted(row[0] for row in connection.execute(f"select key from {table}"))


async def test_they_commit_once_and_each_as_its_own_user(
    database_url: str, scratch_table: str
) -> None:
    async with writing(database_url) as pool:
        commands = {user: insert(scratch_table, user) for user in USERS}
        answers = await together(database_url, pool, commands)
    rows = list(chain.from_iterable(answers.values()))
    assert [(key.decode(), who.decode()) for key, _, who in rows] == [(u, u) for u in USERS]
    assert len({transaction for _, transaction, _ in rows}) == 1
    assert stored(database_url, scratch_table) == USERS


@pytest.mark.parametrize("failing", [[0], [4], [9], [2, 3], list(range(10))])
async def test_one_that_fails_takes_no_other_along(
    failing: list[int], database_url: str, scratch_table: str
) -> None:
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(f"create unique index on {scratch_table} (key)")
        connection.execute(f"insert into {scratch_table} values ('taken')")
    bad = [USERS[number] for number in failing]
    async with writing(database_url) as pool:
        commands = {u: insert(scratch_table, "taken" if u in bad else u) for u in USERS}
        answers = await together(database_url, pool, commands)
    assert [user for user in USERS if isinstance(answers[user], Conflict)] == bad
    good = [user for user in USERS if user not in bad]
    assert all(not isinstance(answers[user], Problem) for user in good)
    assert stored(database_url, scratch_table) == ["taken", *good]


async def test_who_failed_has_a_transaction_of_their_own_for_a_while(
    database_url: str, scratch_table: str
) -> None:
    async with writing(database_url) as pool:
        commands = {user: insert(scratch_table, user) for user in USERS}
        answers = await together(database_url, pool, commands | {USERS[3]: "select 1 / 0"})
        assert isinstance(answers[USERS[3]], Problem)
        answers = await together(database_url, pool, commands)
    transactions = [rows[0][1] for rows in answers.values()]
    assert transactions.count(transactions[3]) == 1
    assert len(set(transactions)) <= 3  # those before, the one alone, those behind


@pytest.mark.parametrize("failing", [[4], [2, 3], list(range(10))])
async def test_who_is_sent_again_is_taken_back_by_nobody(
    failing: list[int], database_url: str
) -> None:
    """What failed for a passing reason has one more time, which is not to be spent on others."""
    bad = [USERS[number] for number in failing]
    refusal = "do $$ begin raise exception 'passing' using errcode = '25006'; end $$"
    async with writing(database_url) as pool:
        commands = {user: refusal if user in bad else "select 1" for user in USERS}
        answers = await together(database_url, pool, commands)
    assert [user for user in USERS if isinstance(answers[user], ReadOnly)] == bad
    assert [user for user in USERS if isinstance(answers[user], list)] == [
        user for user in USERS if user not in bad
    ]


async def test_settings_of_one_mean_nothing_to_the_next(database_url: str) -> None:
    """Each prelude sets all that the one before has set."""
    shown = "current_setting('app.user_id'), current_setting('app.space_id'), current_user"
    async with writing(database_url) as pool:
        answers = await together(database_url, pool, dict.fromkeys(USERS, f"select {shown}"))
    for user, [row] in answers.items():
        assert [value.decode() for value in row] == [user, user, "duly_api"]


async def test_a_lost_connection_leaves_all_in_doubt_and_none_is_sent_again(
    proxy: Proxy, database_url: str, scratch_table: str
) -> None:
    async with writing(proxy.url) as pool:
        proxy.stall(requests=False)  # PostgreSQL commits, and nobody hears of it
        calls = [
            pool.call(as_user(u, sql(insert(scratch_table, u))), read_only=False, tag=(u, b"w"))
            for u in USERS
        ]
        running = [asyncio.ensure_future(call) for call in calls]
        await until(lambda: stored(database_url, scratch_table) == USERS[:1])
        proxy.cut()
        proxy.resume()
        answers = await asyncio.gather(*running, return_exceptions=True)
    assert isinstance(answers[0], Unavailable)
    # The others had not been sent yet: they share one transaction over the next connection.
    assert len({answer[1][0][1] for answer in answers[1:] if isinstance(answer, list)}) == 1
    assert stored(database_url, scratch_table) == USERS


def test_people_who_write_at_once_over_one_connection_get_their_own(
    settings: Settings, issuer: Issuer
) -> None:
    """Over HTTP, with row-level security, numbers and first visits."""
    narrow = settings.model_copy(update={"database_pool_size": 1})
    with Service(narrow, patience=PATIENCE) as service:
        people = [Person("crowd", service, issuer) for _ in range(24)]

        def write(person: Person) -> list[int]:
            return [person.create(f"{person.subject} {n}")["version"] for n in range(5)]

        with ThreadPoolExecutor(len(people)) as threads:
            versions = list(threads.map(write, people))
        for person, own in zip(people, versions, strict=True):
            assert own == sorted(set(own))
            titles = person.titles(sort="created")
            assert titles == [f"{person.subject} {n}" for n in range(5)]
            person.client.close()
