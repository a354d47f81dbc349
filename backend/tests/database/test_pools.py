"""What is slow for one user, or waits for the disk, holds nobody else up for long."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from backend.database.connection.pool import PoolOptions
from backend.database.connection.pools import Pools
from backend.database.statements import Bound
from backend.tests.database.calls import as_user, sql, texts
from backend.tests.support.proxy import Proxy

pytestmark = pytest.mark.anyio

SLOW = ("alice", b"slow")
QUICK = ("bob", b"quick")
PID = "select pg_backend_pid()"


@asynccontextmanager
async def running(url: str, size: int) -> AsyncIterator[Pools]:
    pools = Pools(url, PoolOptions(size=size))
    await pools.start()
    try:
        yield pools
    finally:
        await pools.close()


async def process(pools: Pools, tag: tuple[str, bytes], *more: Bound) -> str | None:
    """The process that ran the call."""
    rows = await pools.call([*as_user(tag[0], sql(PID)), *more], read_only=True, tag=tag)
    return texts(rows[1])[0][0]


async def test_what_was_slow_has_wires_of_its_own_until_it_is_quick(database_url: str) -> None:
    dawdle = sql("select pg_sleep(0.3)")
    async with running(database_url, size=1) as pools:
        usual = await process(pools, SLOW)
        assert await process(pools, SLOW, dawdle) == usual  # who could know
        own = await process(pools, SLOW, dawdle)
        assert own != usual
        assert await process(pools, QUICK) == usual
        assert await process(pools, ("alice", b"quick")) == usual
        assert await process(pools, SLOW) == own  # quick this time
        assert await process(pools, SLOW) == usual


async def test_a_statement_that_was_cancelled_was_slow(database_url: str) -> None:
    async with running(database_url, size=1) as pools:
        usual = await process(pools, SLOW)
        call = asyncio.ensure_future(process(pools, SLOW, sql("select pg_sleep(0.4)")))
        await asyncio.sleep(0.1)
        call.cancel()
        await process(pools, QUICK)
        assert await process(pools, SLOW) != usual


async def test_nobody_waits_for_long_for_somebody_elses_slow_statements(database_url: str) -> None:
    clock = asyncio.get_running_loop().time
    async with running(database_url, size=2) as pools:
        ends = clock() + 1.5

        async def dawdle() -> None:
            while clock() < ends:
                await process(pools, SLOW, sql("select pg_sleep(0.3)"))

        dawdlers = [asyncio.ensure_future(dawdle()) for _ in range(4)]
        waits = []
        while not all(dawdler.done() for dawdler in dawdlers):
            began = clock()
            await process(pools, QUICK)
            waits.append(clock() - began)
        waits.sort()
        assert len(waits) > 100
        assert waits[len(waits) * 95 // 100] < 0.1


async def test_the_slow_pool_connects_when_it_is_needed(database_url: str) -> None:
    with Proxy(database_url) as proxy:
        async with running(proxy.url, size=1) as pools:
            await process(pools, SLOW, sql("select pg_sleep(0.3)"))
            assert proxy.open_links == 2
            await process(pools, SLOW)
            assert proxy.open_links == 3


async def test_reads_do_not_wait_behind_writes(database_url: str) -> None:
    clock = asyncio.get_running_loop().time
    async with running(database_url, size=4) as pools:
        stalled = [
            asyncio.ensure_future(
                pools.call(as_user("alice", sql("select pg_sleep(0.5)")), read_only=False)
            )
            for _ in range(20)
        ]
        began = clock()
        for _ in range(50):
            await process(pools, QUICK)
        assert clock() - began < 0.4
        assert not any(write.done() for write in stalled)
        for write in stalled:
            write.cancel()
