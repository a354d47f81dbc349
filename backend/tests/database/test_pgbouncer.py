"""Behind a transaction pooler: calls of many users share its few connections, and nothing else."""

import asyncio
import random
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import psycopg
import pytest

from backend.core.principal import Principal
from backend.core.problems import NotFound, Problem, Unavailable
from backend.database.connection.pool import Pool, PoolOptions
from backend.database.session import Session
from backend.schemas.task import TaskCreate, TaskQuery
from backend.services import tasks
from backend.services.users import KnownUsers
from backend.tests.database.calls import NOBODY, OWNERS, PATIENCE, WHO, as_user, sql, texts, until
from backend.tests.support import pgbouncer
from backend.tests.support.pgbouncer import PgBouncer
from backend.tests.support.proxy import Proxy

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.skipif(pgbouncer.PROGRAM is None, reason="pgbouncer is not installed"),
]


@pytest.fixture
def pooled(database_url: str, tmp_path: Path) -> Iterator[str]:
    """The shared database behind a pooler of two connections."""
    with PgBouncer(database_url, tmp_path) as running:
        yield running.url


async def ask(pool: Pool, number: int, users: int, outcomes: Counter[str]) -> None:
    """One call of one user; every fifth is refused by PostgreSQL."""
    user = f"pooled-{number % users}"
    own = sql("select current_setting('app.user_id', true), cast(:n as text)", n=number)
    bad = [sql("select 1 / cast(:zero as int)", zero=0)] if number % 5 == 0 else []
    try:
        answer = await pool.call(as_user(user, own, OWNERS, *bad), read_only=True)
    except Problem as problem:
        outcomes[f"{problem.status}"] += 1
    else:
        foreign = {owner for [owner] in texts(answer[2])} - {user}
        right = texts(answer[1]) == [[user, str(number)]] and not foreign
        outcomes["right" if right else "FOREIGN"] += 1


@pytest.mark.parametrize("prepare", [False, None], ids=["off", "auto"])
async def test_two_interleaved_users_get_their_own_answers(
    pooled: str, *, prepare: bool | None
) -> None:
    outcomes: Counter[str] = Counter()
    # Every start after the first meets the statements that the one before left prepared.
    for _ in range(3):
        pool = Pool(pooled, PoolOptions(size=3, patience=PATIENCE, prepare=prepare))
        async with asyncio.timeout(PATIENCE):
            await pool.start()
        await asyncio.gather(*(ask(pool, number, 2, outcomes) for number in range(1_000)))
        assert [texts(rows) for rows in await pool.call([WHO], read_only=True)] == [NOBODY]
        await pool.close()
    assert outcomes == {"right": 2_400, "422": 600}


async def test_bursts_that_reach_the_pooler_in_one_piece_stay_apart(pooled: str) -> None:
    pool = Pool(pooled, PoolOptions(patience=PATIENCE, prepare=False))
    await pool.start()
    outcomes: Counter[str] = Counter()

    async def ask_much(number: int) -> None:
        user, padding = f"burst-{number % 50}", "x" * (number * 37 % 3_000)
        own = sql(
            "select current_setting('app.user_id', true), current_user::text, cast(:n as text),"
            " cast(:padding as text)",
            n=number,
            padding=padding,
        )
        _, rows = await pool.call(as_user(user, own), read_only=True)
        right = texts(rows) == [[user, "duly_api", str(number), padding]]
        outcomes["right" if right else "FOREIGN"] += 1

    await asyncio.gather(*map(ask_much, range(5_000)))
    await pool.close()
    assert outcomes == {"right": 5_000}


async def test_ten_thousand_mixed_requests_of_fifty_users_over_three_wires(pooled: str) -> None:
    pool = Pool(pooled, PoolOptions(size=3, patience=PATIENCE))
    await pool.start()
    outcomes: Counter[str] = Counter()
    known = KnownUsers()
    people = [Session(pool, Principal(f"mixed-{number}", 0), known) for number in range(50)]
    made = list[tuple[int, UUID]]()
    chance = random.Random(7)  # noqa: S311 - the same mix every time

    async def request(number: int) -> None:
        who = chance.randrange(50)
        db, other = people[who], chance.choice(made) if made else None
        match chance.randrange(4):
            case 0 if number < 2_000:
                task_id, _ = await db.run(tasks.create_task(TaskCreate(title=f"of mixed-{who}")))
                made.append((who, UUID(task_id)))
            case 1 if other:
                try:
                    found = await db.run(tasks.get_task(other[1]))
                except NotFound:
                    outcomes["wrong" if other[0] == who else "hidden"] += 1
                    return
                outcomes["wrong" if f"of mixed-{who}".encode() not in found.body else "own"] += 1
            case 2 if other and other[0] != who:
                with pytest.raises(NotFound):
                    await db.run(tasks.complete_task(other[1], completed=True))
                outcomes["untouched"] += 1
            case _:
                page = await db.run(tasks.list_tasks(TaskQuery(limit=20)))
                foreign = page.body.count(b'"user_id"') - page.body.count(b'"mixed-%d"' % who)
                outcomes["wrong" if foreign else "listed"] += 1

    for start in range(0, 10_000, 500):
        await asyncio.gather(*map(request, range(start, start + 500)))
    await pool.close()
    assert outcomes["wrong"] == 0
    assert outcomes["hidden"] > 1_000
    assert outcomes["own"] > 10
    assert outcomes["untouched"] > 1_000
    assert len(made) > 400


async def test_a_write_whose_answer_the_pooler_lost_is_not_repeated(
    proxy: Proxy, tmp_path: Path, database_url: str, scratch_table: str
) -> None:
    with PgBouncer(proxy.url, tmp_path) as running:
        pool = Pool(running.url, PoolOptions(size=1, prepare=False))
        await pool.start()
        proxy.stall(requests=False)
        write = sql(f"insert into {scratch_table} values ('through the pooler')")
        call = asyncio.ensure_future(pool.call([write], read_only=False))
        count = f"select count(*) from {scratch_table} where key = 'through the pooler'"
        with psycopg.connect(database_url, autocommit=True) as connection:
            await until(lambda: connection.execute(count).fetchone() == (1,))
            proxy.cut()  # PostgreSQL has committed; PgBouncer will never know
            proxy.resume()
            with pytest.raises(Unavailable):
                await call
            assert connection.execute(count).fetchone() == (1,)
        await pool.close()


async def test_a_begin_undoes_nothing_that_was_acknowledged(
    pooled: str, database_url: str, scratch_table: str
) -> None:
    pool = Pool(pooled, PoolOptions(size=1, patience=PATIENCE))
    await pool.start()

    async def write(number: int) -> str | None:
        key = f"after a begin {number}"
        command = sql(f"insert into {scratch_table} values (:key)", key=key)
        try:
            await pool.call([sql("begin")] if number == 20 else [command], read_only=False)
        except Unavailable:
            return None
        return key

    # Behind the begin nothing had been sent yet: all of it is written over another wire.
    acknowledged = await asyncio.gather(*map(write, range(100)))
    assert [number for number, key in enumerate(acknowledged) if key is None] == [20]
    await pool.close()
    with psycopg.connect(database_url) as connection:
        stored = {key for [key] in connection.execute(f"select key from {scratch_table}")}
    assert {key for key in acknowledged if key} <= stored


async def test_three_thousand_shapes_get_their_own_answers(pooled: str) -> None:
    pool = Pool(pooled, PoolOptions(size=3, patience=PATIENCE))
    await pool.start()

    async def ask_shape(number: int) -> bool:
        shape = sql(f"select {number}, current_setting('app.user_id')")
        answer = await pool.call(as_user(f"shape-{number}", shape), read_only=True)
        return texts(answer[1]) == [[str(number), f"shape-{number}"]]

    for start in range(0, 3_000, 500):
        answers = await asyncio.gather(*map(ask_shape, range(start, start + 500)))
        assert all(answers)
    await pool.close()
