"""Users take turns: who asks much waits behind what they asked, and nobody else does."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

import pytest

from backend.core.problems import Overloaded
from backend.database.connection.pool import Pool, PoolOptions
from backend.database.connection.wire import Rows
from backend.tests.database.calls import PATIENCE, as_user, held, sql, until
from backend.tests.support.patient import PatientLoop

pytestmark = pytest.mark.anyio

Answer = asyncio.Future[list[Rows]]


@pytest.fixture
def anyio_backend() -> tuple[str, dict[str, object]]:
    """How long calls wait is up to the tests."""
    return "asyncio", {"loop_factory": PatientLoop}


def let_time_pass(seconds: float) -> None:
    loop = asyncio.get_running_loop()
    assert isinstance(loop, PatientLoop)
    loop.ahead += seconds


@asynccontextmanager
async def narrow(url: str, **options: float) -> AsyncIterator[Pool]:
    """One wire, and one call on it at a time unless `options` say otherwise."""
    given = {"size": 1, "window": 1, "silence": 1_000.0} | options
    pool = Pool(url, PoolOptions(**given))  # type: ignore[arg-type]  # named as there
    await pool.start()
    try:
        async with asyncio.timeout(10 * PATIENCE):
            yield pool
    finally:
        await pool.close()


class Asking:
    """Calls of several users over one pool, and who was answered when."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self.order: list[str] = []

    def ask(self, user: str, times: int) -> list[Answer]:
        return [asyncio.ensure_future(self._ask(user)) for _ in range(times)]

    async def _ask(self, user: str) -> list[Rows]:
        call = as_user(user, sql("select 1"))
        rows = await self._pool.call(call, read_only=True, tag=(user, b"one"))
        self.order.append(user)
        return rows


@contextmanager
def occupied(url: str, pool: Pool) -> Iterator[None]:
    """While the only place in PostgreSQL is taken."""
    with held(url) as hold:
        call = asyncio.ensure_future(pool.call(hold.statements, read_only=True))
        yield
    call.add_done_callback(lambda done: done.exception())


async def test_users_take_turns_however_much_one_of_them_asks(database_url: str) -> None:
    async with narrow(database_url, first=32) as pool:
        asking = Asking(pool)
        with occupied(database_url, pool):
            await until(lambda: pool.in_flight == 1)
            answers = asking.ask("alice", 200)
            await asyncio.sleep(0)
            answers += asking.ask("bob", 3) + asking.ask("carol", 2)
            await asyncio.sleep(0)
        await asyncio.gather(*answers)
    others = [place for place, user in enumerate(asking.order) if user != "alice"]
    assert len(others) == 5
    assert max(others) < 15  # of 205


async def test_who_asks_a_few_things_at_once_waits_like_who_asks_one(database_url: str) -> None:
    async with narrow(database_url, first=32) as pool:
        asking = Asking(pool)
        with occupied(database_url, pool):
            await until(lambda: pool.in_flight == 1)
            answers = asking.ask("alice", 6)
            await asyncio.sleep(0)
            for number in range(20):
                answers += asking.ask(f"other-{number}", 1)
            await asyncio.sleep(0)
        await asyncio.gather(*answers)
    assert asking.order[:6] == ["alice"] * 6


async def test_callers_who_have_left_cost_no_turn(database_url: str) -> None:
    async with narrow(database_url) as pool:
        asking = Asking(pool)
        count = [sql("select nextval('pg_temp.run')")]
        await pool.call([sql("create temporary sequence run")], read_only=False)
        with occupied(database_url, pool):
            await until(lambda: pool.in_flight == 1)
            left = [
                asyncio.ensure_future(pool.call(count, read_only=True, tag=("alice", b"count")))
                for _ in range(500)
            ]
            await asyncio.sleep(0)
            for each in left:
                each.cancel()
            answers = asking.ask("alice", 2) + asking.ask("bob", 2)
            await asyncio.sleep(0)
        await asyncio.gather(*answers)
        assert asking.order == ["alice", "alice", "bob", "bob"]
        assert await pool.call(count, read_only=True) == [[(b"1",)]]  # none of them was run


async def test_a_user_whose_calls_are_not_known_yet_has_few_in_flight(database_url: str) -> None:
    async with narrow(database_url, window=32, first=2) as pool:
        with held(database_url) as hold:
            calls = [
                asyncio.ensure_future(pool.call(hold.statements, read_only=True, tag=(user, b"x")))
                for user in ["alice"] * 50 + ["bob"] * 50
            ]
            await hold.met()
            assert pool.in_flight == 4
        await asyncio.gather(*calls)


async def test_a_user_has_one_write_in_flight(database_url: str, scratch_table: str) -> None:
    async with narrow(database_url, size=4, window=32, first=1, most=1) as pool:
        await until(lambda: pool.wires == 4)
        with held(database_url) as hold:
            write = [*hold.statements, sql(f"insert into {scratch_table} values ('a')")]
            calls = [
                asyncio.ensure_future(pool.call(write, read_only=False, tag=("alice", b"")))
                for _ in range(20)
            ]
            await hold.met()
            assert pool.in_flight == 1
            await asyncio.gather(*Asking(pool).ask("bob", 5))
        await asyncio.gather(*calls)
        [rows] = await pool.call([sql(f"select count(*) from {scratch_table}")], read_only=True)
        assert rows == [(b"20",)]


async def test_who_waits_too_long_is_told_and_who_came_later_is_answered(database_url: str) -> None:
    async with narrow(database_url, patience=1.4) as pool:
        asking = Asking(pool)
        with occupied(database_url, pool):
            await until(lambda: pool.in_flight == 1)
            early = asking.ask("alice", 100)
            await asyncio.sleep(0)
            let_time_pass(1.3)
            late = asking.ask("bob", 2)
            await asyncio.sleep(0)
            let_time_pass(0.2)
            refused = await asyncio.gather(*early, return_exceptions=True)
        await asyncio.gather(*late)
    assert {type(answer) for answer in refused} == {Overloaded}
    assert asking.order == ["bob", "bob"]


async def test_more_than_a_thousand_waiting_calls_of_one_user_are_refused_in_their_time(
    database_url: str,
) -> None:
    async with narrow(database_url, patience=1.4) as pool:
        asking = Asking(pool)
        with occupied(database_url, pool):
            await until(lambda: pool.in_flight == 1)
            answers = asking.ask("alice", 1_010)
            await asyncio.sleep(0)
            assert not any(answer.done() for answer in answers)  # a refusal has its pace
        done = await asyncio.gather(*answers[:1_000])
        let_time_pass(1.5)
        refused = await asyncio.gather(*answers[1_000:], return_exceptions=True)
    assert len(done) == 1_000
    assert [type(answer) for answer in refused] == [Overloaded] * 10


async def test_one_at_a_time_is_sent_through_a_pooler(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The sign of a transaction pooler.
    monkeypatch.setattr("backend.database.connection.wire.Wire.backend_pid", 0)
    async with narrow(database_url, window=32) as pool:
        with held(database_url) as hold:
            calls = [
                asyncio.ensure_future(pool.call(hold.statements, read_only=True)) for _ in range(9)
            ]
            await hold.met()
            assert pool.in_flight == 1
        assert len(await asyncio.gather(*calls)) == 9
