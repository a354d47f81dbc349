"""What is slow for one user, or waits for the disk, holds nobody else up for long."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from backend.database.connection.pool import PoolOptions
from backend.database.connection.pools import Pools
from backend.database.statements import Bound
from backend.tests.database.calls import as_user, held, sql, texts
from backend.tests.support.patient import PatientLoop
from backend.tests.support.proxy import Proxy

pytestmark = pytest.mark.anyio

SLOW = ("alice", b"slow")
QUICK = ("bob", b"quick")
PID = "select pg_backend_pid()"


@pytest.fixture
def anyio_backend() -> tuple[str, dict[str, object]]:
    """How long something takes is up to the test: nothing is slow because the machine is busy."""
    return "asyncio", {"loop_factory": PatientLoop}


def let_time_pass() -> None:
    """What is in PostgreSQL's hands now is slow."""
    loop = asyncio.get_running_loop()
    assert isinstance(loop, PatientLoop)
    loop.ahead += 0.3


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


async def dawdle(pools: Pools, url: str) -> str | None:
    """The process that ran a slow call."""
    with held(url) as hold:
        call = asyncio.ensure_future(process(pools, SLOW, *hold.statements))
        await hold.met()
        let_time_pass()
    return await call


async def test_what_was_slow_has_wires_of_its_own_until_it_is_quick(database_url: str) -> None:
    async with running(database_url, size=1) as pools:
        usual = await process(pools, SLOW)
        assert await dawdle(pools, database_url) == usual  # who could know
        own = await dawdle(pools, database_url)
        assert own != usual
        assert await process(pools, QUICK) == usual
        assert await process(pools, ("alice", b"quick")) == usual
        assert await process(pools, SLOW) == own  # quick this time
        assert await process(pools, SLOW) == usual


async def test_a_statement_that_was_cancelled_was_slow(database_url: str) -> None:
    async with running(database_url, size=1) as pools:
        usual = await process(pools, SLOW)
        with held(database_url) as hold:
            call = asyncio.ensure_future(process(pools, SLOW, *hold.statements))
            await hold.met()
            call.cancel()
            let_time_pass()
        await process(pools, QUICK)
        assert await process(pools, SLOW) != usual


async def test_nobody_waits_for_somebody_elses_statements_that_are_known_to_be_slow(
    database_url: str,
) -> None:
    async with running(database_url, size=2) as pools:
        await dawdle(pools, database_url)
        with held(database_url) as hold:
            dawdlers = [
                asyncio.ensure_future(process(pools, SLOW, *hold.statements)) for _ in range(4)
            ]
            await hold.met()
            for _ in range(100):
                await process(pools, QUICK)
            assert not any(dawdler.done() for dawdler in dawdlers)
        await asyncio.gather(*dawdlers)


async def test_the_slow_pool_connects_when_it_is_needed(database_url: str) -> None:
    with Proxy(database_url) as proxy:
        async with running(proxy.url, size=1) as pools:
            await dawdle(pools, database_url)
            assert proxy.open_links == 2
            await process(pools, SLOW)
            assert proxy.open_links == 3


async def test_reads_do_not_wait_behind_writes(database_url: str) -> None:
    async with running(database_url, size=4) as pools:
        with held(database_url) as hold:
            write = as_user("alice", *hold.statements)
            stalled = [asyncio.ensure_future(pools.call(write, read_only=False)) for _ in range(20)]
            await hold.met()
            for _ in range(50):
                await process(pools, QUICK)
            assert not any(write.done() for write in stalled)
        await asyncio.gather(*stalled)
