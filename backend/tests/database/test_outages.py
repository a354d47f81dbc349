"""PostgreSQL is killed and stopped while people work: nothing is lost, doubled or leaked."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest

from backend.core.ids import new_id
from backend.core.problems import Unavailable
from backend.database.connection.pool import Pool, PoolOptions
from backend.database.connection.wire import Rows
from backend.tests.database.calls import OWNERS, PATIENCE, as_user, sql, texts, until
from backend.tests.support.private_cluster import PrivateCluster

pytestmark = pytest.mark.anyio

SPACE = sql("insert into duly.spaces default values on conflict do nothing")
PAUSE = 0.01  # seconds between the requests of one person: people are not a load test


@dataclass
class Traffic:
    """What ten readers and ten writers met.

    Attributes:
        acknowledged: Ids of tasks that were answered as written.
        unknown: Ids of tasks whose write was answered with 503.
        outcomes: How often what happened; `wrong` is what must not.
    """

    acknowledged: set[str] = field(default_factory=set)
    unknown: set[str] = field(default_factory=set)
    outcomes: Counter[str] = field(default_factory=Counter)
    going: bool = True

    async def write(self, pool: Pool, user: str) -> None:
        while self.going:
            task = new_id()
            add = sql("insert into duly.tasks (id, title) values (:id, 'x')", id=task)
            try:
                await pool.call(as_user(user, SPACE, add), read_only=False)
            except Unavailable:
                self.unknown.add(str(task))
                self.outcomes["write 503"] += 1
            else:
                self.acknowledged.add(str(task))
                self.outcomes["written"] += 1
            await asyncio.sleep(PAUSE)

    async def read(self, pool: Pool, user: str) -> None:
        while self.going:
            try:
                answer = await pool.call(as_user(user, OWNERS), read_only=True)
            except Unavailable:
                self.outcomes["read 503"] += 1
            else:
                foreign = {owner for [owner] in texts(answer[1])} - {user}
                self.outcomes["wrong" if foreign else "read"] += 1
            await asyncio.sleep(PAUSE)

    async def more(self, outcome: str, number: int) -> None:
        """Wait until `outcome` has happened `number` more times."""
        before = self.outcomes[outcome]
        await until(lambda: self.outcomes[outcome] >= before + number)


@asynccontextmanager
async def traffic(url: str, silence: float = 10) -> AsyncIterator[tuple[Traffic, Pool]]:
    """Ten readers and ten writers at work, each pair a user of its own."""
    pool, seen = Pool(url, PoolOptions(size=3, silence=silence)), Traffic()
    await pool.start()
    users = [f"worker-{new_id()}" for _ in range(10)]
    people = [asyncio.create_task(seen.write(pool, user)) for user in users]
    people += [asyncio.create_task(seen.read(pool, user)) for user in users]
    try:
        await seen.more("read", 50)
        yield seen, pool
        await seen.more("written", 50)  # everything works again
    finally:
        seen.going = False
        await asyncio.gather(*people)
        await pool.close()


def check(seen: Traffic, cluster: PrivateCluster) -> None:
    """Nothing was lost, doubled, leaked or left open."""
    stored = [row[0] for row in cluster.execute("select id::text from duly.tasks", database="duly")]
    assert len(stored) == len(set(stored))
    assert seen.acknowledged <= set(stored)
    # Other tests of this server have stored tasks too; none of theirs is in `unknown`.
    assert seen.outcomes["wrong"] == 0
    assert seen.outcomes["written"] == len(seen.acknowledged)
    idle = "select count(*) from pg_stat_activity where state like 'idle in transaction%'"
    assert cluster.execute(idle) == [(0,)]


async def test_terminated_connections_cost_no_read_and_leave_writes_known_or_503(
    private: PrivateCluster,
) -> None:
    async with traffic(private.url) as (seen, pool):
        for _ in range(5):
            await asyncio.to_thread(private.terminate_backends)
            await seen.more("read", 50)
            await until(lambda: pool.wires == 3)
    check(seen, private)
    assert seen.outcomes["read 503"] == 0


async def test_a_server_that_is_killed_comes_back_without_a_restart_of_duly(
    private: PrivateCluster,
) -> None:
    async with traffic(private.url) as (seen, pool):
        await asyncio.to_thread(private.kill)
        await until(lambda: pool.wires == 0)
        await asyncio.to_thread(private.start)
        await until(lambda: pool.wires > 0)
    check(seen, private)
    assert seen.outcomes["read 503"] > 0


async def test_a_server_that_is_stopped_costs_the_silence_and_comes_back(
    private: PrivateCluster,
) -> None:
    async with traffic(private.url, silence=0.5) as (seen, pool):
        with private.frozen():
            waiting = list[asyncio.Future[list[Rows]]]()
            for number in range(20):
                call = pool.call(as_user("late", OWNERS), read_only=False)
                waiting.append(asyncio.ensure_future(call))
                await asyncio.sleep(0 if number else PAUSE)
            # The 503 comes while the server still hangs.
            async with asyncio.timeout(PATIENCE):
                answers = await asyncio.gather(*waiting, return_exceptions=True)
            assert all(isinstance(answer, Unavailable) for answer in answers)
        await until(lambda: pool.wires > 0)
    check(seen, private)
