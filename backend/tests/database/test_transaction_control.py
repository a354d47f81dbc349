"""A call that changes its transaction or session is not done, and neither is what follows it."""

import asyncio
from collections.abc import AsyncIterator
from uuid import uuid4

import psycopg
import pytest

from backend.core.problems import Unavailable
from backend.database.connection.pool import Pool, PoolOptions
from backend.database.connection.wire import Wire, WireState
from backend.database.faults import StatementRefused, WireLost
from backend.database.statements import Bound
from backend.tests.database.calls import NOBODY, WHO, as_user, options, sql, texts
from backend.tests.support.proxy import Proxy, Weather

pytestmark = pytest.mark.anyio

CONTROL = [
    "begin",
    "start transaction isolation level serializable",
    "commit",
    "rollback",
    "set session characteristics as transaction read only",
    "set application_name = 'somebody'",
    "set local role duly_api",
    "reset all",
    "discard all",
    "listen news",
    "unlisten *",
    "prepare mine as select 1",
    "deallocate all",
    "declare mine cursor with hold for select 1",
    "load 'plpgsql'",
]


@pytest.fixture(params=["pipelined", "one at a time"])
async def wire(request: pytest.FixtureRequest, database_url: str) -> AsyncIterator[Wire]:
    made = await Wire.connect(database_url, options())
    if request.param == "one at a time":
        made.send_one_at_a_time()
    yield made
    made.close()


def insert(table: str, key: str) -> Bound:
    return sql(f"insert into {table} values (:key)", key=key)


def stored(url: str, table: str) -> set[str]:
    with psycopg.connect(url) as connection:
        return {key for [key] in connection.execute(f"select key from {table}")}


@pytest.mark.parametrize("command", CONTROL)
async def test_neither_it_nor_any_call_behind_it_is_acknowledged(
    database_url: str, scratch_table: str, wire: Wire, command: str
) -> None:
    keys = [uuid4().hex for _ in range(200)]
    before = [wire.send([insert(scratch_table, key)]) for key in keys[:100]]
    control = wire.send([sql(command)])
    behind = [wire.send([insert(scratch_table, key)]) for key in keys[100:]]
    await asyncio.wait([*before, control, *behind])
    assert all(call.exception() is None for call in before)
    assert all(isinstance(call.exception(), WireLost) for call in [control, *behind])
    assert wire.state is WireState.CLOSED
    assert set(keys[:100]) <= stored(database_url, scratch_table)


@pytest.mark.parametrize("command", ["begin", "commit", "rollback"])
@pytest.mark.parametrize("place", ["after the prelude", "before an error", "before a bad syntax"])
async def test_it_may_stand_anywhere_in_its_call(wire: Wire, command: str, place: str) -> None:
    calls = {
        "after the prelude": as_user("alice", sql(command), WHO),
        "before an error": [sql(command), sql("select no_such_column"), WHO],
        "before a bad syntax": [sql(command), sql("selec")],
    }
    with pytest.raises(WireLost):
        await wire.send(calls[place])
    assert wire.state is WireState.CLOSED


@pytest.mark.parametrize("command", ["savepoint here", "release here", "commit and chain"])
async def test_what_postgresql_refuses_outside_a_transaction_fails_alone(
    wire: Wire, command: str
) -> None:
    with pytest.raises(StatementRefused):
        await wire.send(as_user("alice", sql(command)))
    assert [texts(rows) for rows in await wire.send([WHO])] == [NOBODY]


async def test_a_create_that_is_answered_after_somebodys_begin_is_there(
    database_url: str, scratch_table: str
) -> None:
    pool = Pool(database_url, PoolOptions(size=1))
    await pool.start()
    opening = asyncio.ensure_future(pool.call([sql("begin")], read_only=False))
    keys, acknowledged = [uuid4().hex for _ in range(100)], set[str]()

    async def create(key: str) -> None:
        try:
            await pool.call([insert(scratch_table, key)], read_only=False)
        except Unavailable:
            return
        acknowledged.add(key)

    await asyncio.gather(*map(create, keys[:50]))
    with pytest.raises(Unavailable):
        await opening
    await asyncio.gather(*map(create, keys[50:]))
    await pool.close()
    assert set(keys[50:]) <= acknowledged <= stored(database_url, scratch_table)


async def test_a_transaction_of_unknown_status_closes_the_wire(proxy: Proxy) -> None:
    wire = await Wire.connect(proxy.url, options())
    proxy.set(Weather(flip_at=5))  # the last byte of ReadyForQuery, all that answers an empty call
    with pytest.raises(WireLost):
        await wire.send([])
    assert wire.state is WireState.CLOSED
