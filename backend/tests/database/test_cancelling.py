"""A statement that nobody waits for any more ends, and no other with it."""

import asyncio
import random
from collections import Counter
from pathlib import Path

import psycopg
import pytest

from backend.core.problems import Problem
from backend.database.connection.pool import Pool, PoolOptions
from backend.database.connection.pools import Pools
from backend.database.connection.wire import Wire
from backend.database.faults import Preempted, StatementRefused
from backend.tests.database.calls import PATIENCE, as_user, held, options, sql, texts, until
from backend.tests.support import pgbouncer
from backend.tests.support.pgbouncer import PgBouncer

pytestmark = pytest.mark.anyio

ROUNDS = 40


async def test_a_call_whose_caller_has_left_gives_its_wire_back(database_url: str) -> None:
    calm = PoolOptions(size=1, patience=10 * PATIENCE, silence=10 * PATIENCE)
    pool = Pool(database_url, calm)
    await pool.start()
    with held(database_url) as hold:
        call = asyncio.ensure_future(pool.call(hold.statements, read_only=True))
        await hold.met()
        call.cancel()
        async with asyncio.timeout(PATIENCE):  # the lock is held until it is answered
            [rows] = await pool.call([sql("select 'free'")], read_only=True)
    assert texts(rows) == [["free"]]
    assert pool.wires == 1
    await pool.close()


@pytest.mark.skipif(pgbouncer.PROGRAM is None, reason="pgbouncer is not installed")
async def test_a_call_whose_caller_has_left_is_cancelled_through_a_pooler(
    database_url: str, tmp_path: Path
) -> None:
    with PgBouncer(database_url, tmp_path) as pooler:
        calm = PoolOptions(size=1, patience=10 * PATIENCE, silence=10 * PATIENCE)
        pool = Pool(pooler.url, calm)
        await pool.start()
        with held(database_url) as hold:
            call = asyncio.ensure_future(pool.call(hold.statements, read_only=True))
            await hold.met()
            call.cancel()
            async with asyncio.timeout(PATIENCE):
                [rows] = await pool.call([sql("select 'free'")], read_only=True)
        assert texts(rows) == [["free"]]
        await pool.close()


async def test_nothing_is_sent_between_a_cancel_and_its_end(database_url: str) -> None:
    """Cancels that come too late hit what was sent before them, and that is told apart."""
    wire = await Wire.connect(database_url, options())
    outcomes: Counter[str] = Counter()
    for _ in range(300):
        calls = [wire.send([sql("select pg_sleep(0.0003), :n", n=n)]) for n in range(5)]
        await asyncio.sleep(random.uniform(0, 0.002))  # noqa: S311 - anywhere among them
        if wire.current is not None:
            wire.cancel()
            assert wire.is_held_up
        for answer in await asyncio.gather(*calls, return_exceptions=True):
            outcomes[type(answer).__name__] += 1
        await until(lambda: not wire.is_held_up)
        assert texts((await wire.send([sql("select 'unharmed'")]))[0]) == [["unharmed"]]
    wire.close()
    assert set(outcomes) == {"list", "Preempted"}
    assert outcomes["Preempted"] > 30


async def test_a_statement_that_somebody_else_cancels_is_not_repeated(database_url: str) -> None:
    wire = await Wire.connect(database_url, options())
    [[[pid]]] = await wire.send([sql("select pg_backend_pid()")])
    with held(database_url) as hold:
        call = wire.send(hold.statements)
        await hold.met()
        with psycopg.connect(database_url, autocommit=True) as administrator:
            administrator.execute("select pg_cancel_backend(%s)", [int(pid or 0)])
        with pytest.raises(StatementRefused) as refused:
            await call
    assert not isinstance(refused.value, Preempted)
    wire.close()


async def test_in_a_storm_of_callers_who_leave_nobody_else_fails(
    database_url: str, scratch_table: str
) -> None:
    """Reads and writes of forty users beside ten whose slow calls are left at any moment."""
    pools = Pools(database_url, PoolOptions(size=4, patience=PATIENCE))
    await pools.start()
    outcomes: Counter[str] = Counter()
    leaving = True

    async def leave(number: int) -> None:
        while leaving:
            user = f"leaver-{number}"
            slow = as_user(user, sql("select pg_sleep(:s)", s=random.choice(["0.02", "0.05", "9"])))  # noqa: S311
            tag = user, b"slow %d" % random.randrange(9)  # noqa: S311 - no secret
            call = asyncio.ensure_future(
                pools.call(slow, read_only=random.random() < 0.5, tag=tag)  # noqa: S311
            )
            await asyncio.wait([call], timeout=random.uniform(0, 0.15))  # noqa: S311
            outcomes["left" if call.cancel() else "not left"] += 1
            await asyncio.wait([call])

    async def work(number: int) -> None:
        user = f"worker-{number}"
        for step in range(ROUNDS):
            key = f"{user}/{step}"
            add = sql(f"insert into {scratch_table} values (:key) returning key", key=key)
            try:
                rows = await pools.call([add], read_only=False, tag=(user, b"add"))
                own = as_user(user, sql("select current_setting('app.user_id')"))
                answer = await pools.call(own, read_only=True, tag=(user, b"own"))
            except Problem as problem:
                outcomes[f"failed: {problem.__cause__ or problem}"] += 1
            else:
                right = texts(rows[0]) == [[key]] and texts(answer[1]) == [[user]]
                outcomes["right" if right else "wrong"] += 1

    leavers = [asyncio.ensure_future(leave(number)) for number in range(10)]
    while outcomes["left"] < 200:
        await asyncio.gather(*(work(number) for number in range(40)))
    leaving = False
    await asyncio.gather(*leavers)
    await pools.close()
    assert outcomes.keys() <= {"right", "left", "not left"}
    with psycopg.connect(database_url) as connection:
        stored = connection.execute(f"select count(*), count(distinct key) from {scratch_table}")
        assert [(outcomes["right"], 40 * ROUNDS)] == stored.fetchall()
