"""A connection that breaks, anywhere: never a wrong or a truncated answer, never a hang."""

import asyncio
from contextlib import suppress
from uuid import uuid4

import psycopg
import pytest

from backend.core.problems import Unavailable
from backend.database.connection.pool import Pool, PoolOptions
from backend.database.connection.wire import Wire, WireState
from backend.database.faults import StatementRefused, WireLost
from backend.tests.database.calls import PATIENCE, as_user, options, sql, texts
from backend.tests.support.proxy import Proxy, Weather

pytestmark = pytest.mark.anyio

QUESTION = as_user("alice", sql("select 'row ' || n from generate_series(1, 3) n"))
ANSWER = [["row 1"], ["row 2"], ["row 3"]]
FINE = Weather()


@pytest.fixture(params=[True, False], ids=["prepared", "unprepared"])
def prepare(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)


async def test_a_wire_cut_at_every_byte_of_an_answer_gives_all_of_it_or_nothing(
    proxy: Proxy, *, prepare: bool
) -> None:
    outcomes: list[str] = []
    while not outcomes or outcomes[-1] != "answered":
        wire = await Wire.connect(proxy.url, options(prepare=prepare))
        proxy.set(Weather(cut_after=len(outcomes)))
        try:
            rows = (await wire.send(QUESTION))[1]
        except WireLost:
            outcomes.append("lost")
        else:
            assert texts(rows) == ANSWER
            outcomes.append("answered")
        proxy.set(FINE)
        wire.close()
    # The last message is ReadyForQuery, of six bytes: until all of it is there, nothing is known.
    assert set(outcomes[:-1]) == {"lost"}
    assert len(outcomes) > 150


@pytest.mark.parametrize("answers_first", [True, False])
async def test_the_call_behind_a_cut_fails_alone(proxy: Proxy, *, answers_first: bool) -> None:
    wire = await Wire.connect(proxy.url, options(prepare=False))
    first = wire.send([sql("select 'first'")])
    if answers_first:
        await first
    second = wire.send([sql("select pg_sleep(5)")])
    await asyncio.wait([first])
    proxy.cut()
    assert texts(first.result()[0]) == [["first"]]
    with pytest.raises(WireLost):
        await second
    assert wire.state is WireState.CLOSED


async def test_reads_over_cut_wires_are_answered_all_the_same(proxy: Proxy) -> None:
    pool = Pool(proxy.url, PoolOptions(size=1, prepare=False))
    await pool.start()
    for passing in range(0, 200, 5):
        proxy.set(Weather(cut_after=passing, cuts=1))
        rows = (await pool.call(QUESTION, read_only=True))[1]
        assert texts(rows) == ANSWER
    await pool.close()


async def test_writes_over_cut_wires_happen_once_or_are_reported_as_unknown(
    proxy: Proxy, database_url: str, scratch_table: str
) -> None:
    pool = Pool(proxy.url, PoolOptions(size=1, prepare=False))
    await pool.start()
    acknowledged, unknown = set[str](), set[str]()
    for passing in range(0, 60, 2):
        key = uuid4().hex
        await pool.call([sql("select 1")], read_only=True)  # there is a wire to cut
        proxy.set(Weather(cut_after=passing, cuts=1))
        write = sql(f"insert into {scratch_table} values (:key)", key=key)
        try:
            await pool.call([write], read_only=False)
        except Unavailable:
            unknown.add(key)
        else:
            acknowledged.add(key)
        proxy.set(FINE)
    await pool.close()
    with psycopg.connect(database_url) as connection:
        stored = [key for [key] in connection.execute(f"select key from {scratch_table}")]
    assert len(stored) == len(set(stored))
    assert acknowledged <= set(stored) <= acknowledged | unknown
    assert acknowledged
    assert unknown


async def test_a_garbled_answer_neither_hangs_the_program_nor_repeats_a_write(
    proxy: Proxy, database_url: str, scratch_table: str
) -> None:
    pool = Pool(proxy.url, PoolOptions(size=1, silence=0.5, prepare=False))
    await pool.start()
    for position in range(60):
        write = sql(f"insert into {scratch_table} values (:key) returning 1", key=f"n{position}")
        await pool.call([sql("select 1")], read_only=True)
        proxy.set(Weather(flip_at=position, flips=1))
        async with asyncio.timeout(PATIENCE):
            with suppress(Unavailable):
                await pool.call([write], read_only=False)
        proxy.set(FINE)
    await pool.close()
    doubled = f"select key from {scratch_table} group by key having count(*) > 1"
    with psycopg.connect(database_url) as connection:
        assert connection.execute(doubled).fetchall() == []


async def test_a_half_open_wire_is_given_up_after_the_silence(proxy: Proxy) -> None:
    wire = await Wire.connect(proxy.url, options(silence=0.2))
    await wire.send([sql("select 1")])
    proxy.stall()
    clock = asyncio.get_running_loop().time
    started = clock()
    calls = [wire.send([sql("select 1")]) for _ in range(5)]
    answers = await asyncio.gather(*calls, return_exceptions=True)
    assert [type(answer) for answer in answers] == [WireLost] * 5
    assert 0.2 <= clock() - started < 5  # which is what it would be by default here
    assert wire.state is WireState.CLOSED


async def test_a_slow_server_is_not_a_silent_one(proxy: Proxy) -> None:
    silence = 1.0
    wire = await Wire.connect(proxy.url, options(silence))
    proxy.set(Weather(drip=0.005))
    clock = asyncio.get_running_loop().time
    started = clock()
    rows = (await wire.send(QUESTION))[1]
    assert clock() - started > silence
    assert texts(rows) == ANSWER
    wire.close()


async def test_large_statements_wait_for_a_server_that_reads_slowly(proxy: Proxy) -> None:
    wire = await Wire.connect(proxy.url, options())
    await wire.send([sql("select 1")])
    proxy.stall()
    text = "x" * 1_000_000
    calls = [wire.send([sql("select :text", text=f"{n}{text}")]) for n in range(8)]
    await asyncio.sleep(0.05)  # nothing can be awaited: the point is that nothing happens
    assert wire.in_flight == 8
    proxy.resume()
    answers = await asyncio.gather(*calls)
    assert [texts(rows) == [[f"{n}{text}"]] for n, [rows] in enumerate(answers)] == [True] * 8
    wire.close()


async def test_large_statements_to_a_server_that_never_reads_are_given_up(proxy: Proxy) -> None:
    wire = await Wire.connect(proxy.url, options(silence=0.3))
    proxy.stall()
    calls = [wire.send([sql("select :text", text="x" * 4_000_000)]) for n in range(4)]
    answers = await asyncio.gather(*calls, return_exceptions=True)
    assert [type(answer) for answer in answers] == [WireLost] * 4


async def test_a_terminated_connection_fails_its_calls_without_an_answer(database_url: str) -> None:
    wire = await Wire.connect(database_url, options())
    [[[pid]]] = await wire.send([sql("select pg_backend_pid()")])
    calls = [wire.send([sql("select pg_sleep(5)")]) for _ in range(3)]
    with psycopg.connect(database_url, autocommit=True) as operator:
        operator.execute("select pg_terminate_backend(%s)", [int(pid or 0)])
    answers = await asyncio.gather(*calls, return_exceptions=True)
    assert all(isinstance(answer, WireLost | StatementRefused) for answer in answers)
    assert wire.state is WireState.CLOSED
