"""A few wires: replaced when they break, closed when nobody calls, never more than asked for."""

import asyncio
import socket
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import psycopg
import pytest

from backend.core.principal import Principal
from backend.core.problems import Unavailable
from backend.database.connection.pool import Pool, PoolOptions
from backend.database.connection.wire import Rows, Tag
from backend.database.faults import IsolationBroken
from backend.database.operations import Operation, nothing
from backend.database.session import Session
from backend.database.statements import Bound
from backend.services.users import KnownUsers
from backend.tests.database.calls import PATIENCE, WHO, as_user, held, prelude, sql, texts, until
from backend.tests.support.private_cluster import PrivateCluster
from backend.tests.support.proxy import Proxy

pytestmark = pytest.mark.anyio

ONE = as_user("alice", sql("select 1"))


@asynccontextmanager
async def running(url: str, **options: float | bool | None) -> AsyncIterator[Pool]:
    """A started pool."""
    pool = Pool(url, PoolOptions(**options))  # type: ignore[arg-type]  # named as there
    await pool.start()
    try:
        yield pool
    finally:
        await pool.close()


@pytest.fixture
def nowhere() -> str:
    """The URL of a server that does not run."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        return f"postgresql://nobody@127.0.0.1:{unused.getsockname()[1]}/duly"


async def test_all_wires_are_made_and_calls_spread_over_them(database_url: str) -> None:
    async with running(database_url, size=3) as pool:
        await until(lambda: pool.wires == 3)
        slow = as_user("alice", sql("select pg_sleep(0.1), pg_backend_pid()"))
        answers = await asyncio.gather(*(pool.call(slow, read_only=True) for _ in range(3)))
        assert len({rows[0][1] for _, rows in answers}) == 3
        assert pool.in_flight == 0


async def test_an_unreachable_database_is_refused_at_once_and_found_again(proxy: Proxy) -> None:
    proxy.refuse()
    async with running(proxy.url, size=2) as pool:
        refused = asyncio.ensure_future(pool.call(ONE, read_only=True))
        await asyncio.sleep(0)
        assert refused.done()  # in its first step: it waits for nothing
        assert isinstance(refused.exception(), Unavailable)
        proxy.welcome()
        await until(lambda: pool.wires == 2)
        assert texts((await pool.call(ONE, read_only=True))[1]) == [["1"]]


async def test_starting_without_a_server_is_no_error(nowhere: str) -> None:
    async with running(nowhere, size=2) as pool:
        with pytest.raises(Unavailable):
            await pool.call(ONE, read_only=True)


async def test_whatever_goes_wrong_when_connecting_is_tried_again(nowhere: str) -> None:
    unspeakable = nowhere.replace("127.0.0.1", "a" * 64)  # not even a question for the DNS
    async with asyncio.timeout(PATIENCE), running(unspeakable, size=1) as pool:
        with pytest.raises(Unavailable):
            await pool.call(ONE, read_only=True)


async def test_connecting_again_and_again_slows_down(proxy: Proxy) -> None:
    proxy.refuse()
    clock = asyncio.get_running_loop().time
    started = clock()
    async with running(proxy.url, size=1):
        await until(lambda: proxy.refused >= 6)
    # Pauses of 0.05, 0.1, 0.2, 0.4 and 0.8 s lie between, each of them halved at most.
    assert clock() - started > 0.77


async def test_callers_wait_for_a_wire_that_is_being_made_again(proxy: Proxy) -> None:
    async with running(proxy.url, size=1) as pool:
        proxy.stall(requests=False)
        proxy.cut()
        await until(lambda: pool.wires == 0)
        calls = [
            asyncio.ensure_future(pool.call(ONE, read_only=number % 2 == 0)) for number in range(20)
        ]
        await asyncio.sleep(0)
        proxy.resume()
        answers = await asyncio.gather(*calls)
        assert [texts(rows) for _, rows in answers] == [[["1"]]] * 20


async def test_wires_that_nobody_uses_are_closed_and_made_again_on_demand(proxy: Proxy) -> None:
    async with running(proxy.url, size=2, idle=0.1) as pool:
        await until(lambda: pool.wires == 0 and proxy.open_links == 0)
        assert texts((await pool.call(ONE, read_only=False))[1]) == [["1"]]
        await until(lambda: pool.wires == 0 and proxy.open_links == 0)


async def test_a_read_in_flight_when_the_pool_closes_fails_at_once(database_url: str) -> None:
    with held(database_url) as hold:
        async with running(database_url, size=2) as pool:
            slow = as_user("alice", *hold.statements)
            reads = [asyncio.ensure_future(pool.call(slow, read_only=True)) for _ in range(3)]
            await until(lambda: pool.in_flight == 3)
        answers = await asyncio.gather(*reads, return_exceptions=True)
    assert [type(answer) for answer in answers] == [Unavailable] * 3


async def test_a_crowd_brings_back_the_wires_that_were_closed(database_url: str) -> None:
    # However long connecting takes: nobody is told that they wait too long, no wire that the server
    # is hung, which says nothing as long as the lock is held.
    patient = {"silence": 1_000.0, "patience": 1_000.0}
    async with running(database_url, size=3, idle=0.1, **patient) as pool:
        await until(lambda: pool.wires == 0)
        with held(database_url) as hold:
            slow = as_user("alice", *hold.statements)
            crowd = [asyncio.ensure_future(pool.call(slow, read_only=True)) for _ in range(40)]
            await until(lambda: pool.wires == 3)
        assert len(await asyncio.gather(*crowd)) == 40


async def test_a_silent_server_costs_the_silence_and_is_replaced(proxy: Proxy) -> None:
    silence = 1.0
    clock = asyncio.get_running_loop().time
    async with running(proxy.url, size=2, silence=silence) as pool:
        await until(lambda: pool.wires == 2)
        proxy.stall()
        started = clock()
        writes = [asyncio.ensure_future(pool.call(ONE, read_only=False)) for _ in range(10)]
        async with asyncio.timeout(PATIENCE):  # the server stays silent until they are answered
            answers = await asyncio.gather(*writes, return_exceptions=True)
        assert clock() - started >= silence
        assert all(isinstance(answer, Unavailable) for answer in answers)
        proxy.resume()
        await until(lambda: pool.wires == 2)
        assert texts((await pool.call(ONE, read_only=True))[1]) == [["1"]]


async def test_text_is_utf8_whatever_the_environment_says(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGCLIENTENCODING", "latin1")
    shout = sql("select upper(:text), char_length(:text)", text="\N{EURO SIGN}uro \N{PILE OF POO}")
    async with running(database_url, size=1) as pool:
        [rows] = await pool.call([shout], read_only=True)
    assert texts(rows) == [["\N{EURO SIGN}URO \N{PILE OF POO}", "6"]]


async def test_a_table_without_row_level_security_stops_the_start(scratch: str) -> None:
    with psycopg.connect(scratch, autocommit=True) as owner:
        owner.execute("alter table duly.tasks disable row level security")
        try:
            with pytest.raises(IsolationBroken, match=r"duly\.tasks"):
                async with running(scratch, size=2):
                    pass
        finally:
            owner.execute("alter table duly.tasks enable row level security")
    async with running(scratch, size=2) as pool:
        assert texts((await pool.call(ONE, read_only=True))[1]) == [["1"]]


@pytest.mark.parametrize("power", ["bypassrls", "superuser"])
async def test_a_role_that_row_level_security_does_not_bind_stops_the_start(
    private: PrivateCluster, power: str
) -> None:
    private.execute(f"alter role duly_api {power}")
    try:
        with pytest.raises(IsolationBroken, match="nosuperuser nobypassrls"):
            async with running(private.url, size=2):
                pass
    finally:
        private.execute(f"alter role duly_api no{power}")


async def test_isolation_that_breaks_later_is_met_by_the_next_wire(scratch: str) -> None:
    async with running(scratch, size=1, idle=0.1) as pool:
        with psycopg.connect(scratch, autocommit=True) as owner:
            owner.execute("alter table duly.users disable row level security")
            try:
                await until(lambda: pool.wires == 0)
                with pytest.raises(Unavailable):
                    await pool.call(ONE, read_only=True)
            finally:
                owner.execute("alter table duly.users enable row level security")


async def test_an_answer_made_for_somebody_else_is_not_shown(database_url: str) -> None:
    class Confused(Pool):
        async def call(
            self,
            statements: Sequence[Bound],
            *,
            read_only: bool,
            tag: Tag | None = None,
            is_once: bool = False,
        ) -> list[Rows]:
            bobs = [prelude("bob"), *statements[1:]]
            return await super().call(bobs, read_only=read_only, tag=tag, is_once=is_once)

    pool = Confused(database_url)
    await pool.start()
    with pytest.raises(Unavailable):
        await Session(pool, Principal("alice", expires_at=0), KnownUsers()).run(
            Operation((WHO,), nothing)
        )
    assert pool.wires == 0
    await pool.close()
