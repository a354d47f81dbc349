"""What is slow for one user, or waits for the disk or a lock, holds nobody else up for long."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import psycopg
import pytest

from backend.core.ids import new_id
from backend.core.principal import Principal
from backend.core.problems import Unavailable
from backend.database.connection.pool import PoolOptions
from backend.database.connection.pools import Pools
from backend.database.session import Session
from backend.database.statements import Bound
from backend.schemas.task import TaskCreate, TaskUpdate
from backend.services import tasks
from backend.services.users import KnownUsers
from backend.tests.database.calls import PATIENCE, as_user, held, sql, texts
from backend.tests.support.patient import PatientLoop
from backend.tests.support.proxy import Proxy

pytestmark = pytest.mark.anyio

SLOW = ("alice", b"slow")
QUICK = ("bob", b"quick")
PID = "select pg_backend_pid()"


@pytest.fixture
def anyio_backend() -> tuple[str, dict[str, object]]:
    """The loop's clock goes slowly: nothing is slow because the machine is busy."""
    return "asyncio", {"loop_factory": PatientLoop}


@asynccontextmanager
async def running(url: str, size: int) -> AsyncIterator[Pools]:
    pools = Pools(url, PoolOptions(size=size, patience=PATIENCE))
    await pools.start()
    try:
        async with asyncio.timeout(PATIENCE):
            yield pools
    finally:
        await pools.close()


async def process(pools: Pools, tag: tuple[str, bytes] | None, *more: Bound) -> str | None:
    """The process that ran the call."""
    user = tag[0] if tag else ""
    rows = await pools.call([*as_user(user, sql(PID)), *more], read_only=True, tag=tag)
    return texts(rows[1])[0][0]


async def dawdle(pools: Pools, url: str, tag: tuple[str, bytes] = SLOW) -> str | None:
    """The process that ran a slow call in the end: somebody else was answered before."""
    with held(url) as hold:
        call = asyncio.ensure_future(process(pools, tag, *hold.statements))
        await hold.met()
        while not pools.counts_as_slow(tag):
            await process(pools, QUICK)
        assert not call.done()
    return await call


async def until_refused(pools: Pools) -> None:
    """Call until the answer is 503."""
    with suppress(Unavailable):
        while True:
            await process(pools, QUICK)


async def test_nobody_waits_behind_a_slow_statement_even_the_first_time(database_url: str) -> None:
    async with running(database_url, size=1) as pools:
        usual = await process(pools, QUICK)
        with held(database_url) as hold:
            dawdler = asyncio.ensure_future(process(pools, SLOW, *hold.statements))
            await hold.met()
            assert [await process(pools, QUICK) for _ in range(20)] == [usual] * 20
            assert await process(pools, None) == usual  # the program's own: is it ready?
            assert not dawdler.done()
        assert await dawdler != usual


async def test_what_is_slow_has_wires_of_its_own(database_url: str) -> None:
    async with running(database_url, size=1) as pools:
        usual = await process(pools, SLOW)
        own = await dawdle(pools, database_url)
        assert own != usual
        assert await process(pools, SLOW) == own
        assert await process(pools, QUICK) == usual
        assert await process(pools, ("alice", b"quick")) == usual


async def test_what_is_slow_now_and_then_is_slow(database_url: str) -> None:
    async with running(database_url, size=1) as pools:
        own = await dawdle(pools, database_url)
        for _ in range(3):
            assert {await process(pools, SLOW) for _ in range(50)} == {own}
            assert await dawdle(pools, database_url) == own


async def test_whose_statements_of_all_kinds_are_slow_is_slow(database_url: str) -> None:
    async with running(database_url, size=1) as pools:
        usual = await process(pools, ("alice", b"new"))
        for number in range(3):
            await dawdle(pools, database_url, ("alice", b"slow %d" % number))
        assert await process(pools, ("alice", b"new")) != usual
        assert await process(pools, QUICK) == usual


async def test_a_thousand_slow_statements_at_once_leave_the_wires_to_the_others(
    database_url: str,
) -> None:
    async with running(database_url, size=4) as pools:
        with held(database_url) as hold:
            crowd = [
                asyncio.ensure_future(process(pools, SLOW, *hold.statements)) for _ in range(1_000)
            ]
            await hold.met()
            for _ in range(100):
                await process(pools, QUICK)
            assert not any(each.done() for each in crowd)
            for each in crowd:
                each.cancel()
        await process(pools, SLOW)  # nothing is left of them


async def test_the_slow_pool_connects_when_it_is_needed(database_url: str) -> None:
    with Proxy(database_url) as proxy:
        async with running(proxy.url, size=1) as pools:
            assert proxy.open_links == 2
            await dawdle(pools, database_url)
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


async def test_a_lock_on_one_users_row_keeps_nobody_else_from_writing(database_url: str) -> None:
    async with running(database_url, size=1) as pools:
        known = KnownUsers()
        alice, *others = (Session(pools, Principal(f"{new_id()}", 0), known) for _ in range(11))
        task = new_id()
        await alice.run(tasks.create_task(TaskCreate(id=task, title="locked")))
        with psycopg.connect(database_url) as administrator:
            administrator.execute("select 1 from duly.tasks where id = %s for update", [task])
            change = tasks.update_task(task, TaskUpdate(title="changed"))
            waiting = [asyncio.ensure_future(alice.run(change)) for _ in range(20)]
            for _ in range(10):
                await asyncio.gather(
                    *(each.run(tasks.create_task(TaskCreate(title="x"))) for each in others)
                )
            assert not any(each.done() for each in waiting)
        assert len(await asyncio.gather(*waiting)) == 20


async def test_writes_wait_for_each_other_whatever_isolation_the_database_has(scratch: str) -> None:
    with psycopg.connect(scratch, autocommit=True) as owner:
        level = "alter database {} {} default_transaction_isolation"
        name = owner.info.dbname
        owner.execute(level.format(name, "set").encode() + b" = 'repeatable read'")
        try:
            async with running(scratch, size=4) as pools:
                show = [sql("select current_setting('transaction_isolation')")]
                for read_only in (True, False):
                    [rows] = await pools.call(show, read_only=read_only)
                    assert texts(rows) == [["read committed"]]
        finally:
            owner.execute(level.format(name, "reset").encode())


async def test_isolation_that_is_lost_is_noticed_while_the_slow_pool_is_full(scratch: str) -> None:
    async with running(scratch, size=2) as pools:
        with held(scratch) as hold, psycopg.connect(scratch, autocommit=True) as owner:
            crowd = [
                asyncio.ensure_future(process(pools, SLOW, *hold.statements)) for _ in range(100)
            ]
            await hold.met()
            owner.execute("alter table duly.tasks no force row level security")
            try:
                await until_refused(pools)
            finally:
                owner.execute("alter table duly.tasks force row level security")
            for each in crowd:
                each.cancel()
