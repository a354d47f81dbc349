"""However many shapes of statements a connection meets, it stays as small as it was."""

import asyncio
import gc
import tracemalloc
from collections.abc import AsyncIterator, Iterable

import pytest

from backend.database.connection import call
from backend.database.connection.wire import Wire
from backend.database.faults import StatementRefused
from backend.database.statements import Bound
from backend.tests.database.calls import as_user, options, sql, texts
from backend.tests.support.proxy import Proxy

pytestmark = pytest.mark.anyio

LIMIT = 256
MB = 1_000_000
BROKEN = sql("select 1 / cast(:zero as int)", zero=0)
PREPARED = sql("select count(*) from pg_prepared_statements where not from_sql")
MEMORY = sql("select sum(total_bytes) from pg_backend_memory_contexts")


@pytest.fixture
async def wire(database_url: str) -> AsyncIterator[Wire]:
    made = await Wire.connect(database_url, options())
    yield made
    made.close()


def shape(number: int) -> Bound:
    """One of any number of different texts."""
    return sql(
        f"select {number}, id, title from duly.tasks where title <> :title and version > {number}"
        f" union all select {number}, null, null",
        title="x",
    )


async def ask(wire: Wire, numbers: Iterable[int]) -> None:
    """Use these shapes, a hundred calls in flight."""
    numbers = list(numbers)
    for start in range(0, len(numbers), 100):
        some = numbers[start : start + 100]
        answers = await asyncio.gather(*(wire.send(as_user("alice", shape(n))) for n in some))
        assert [texts(rows)[-1][0] for _, rows in answers] == [str(n) for n in some]


async def figure(wire: Wire, question: Bound) -> int:
    [[[value]]] = await wire.send([question])
    return int(value or 0)


async def test_thousands_of_shapes_leave_a_connection_as_small_as_one(wire: Wire) -> None:
    await ask(wire, range(1_000))
    memory = await figure(wire, MEMORY)
    tracemalloc.start()
    await ask(wire, range(1_000, 4_000))
    gc.collect()
    ours, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert LIMIT - 10 < await figure(wire, PREPARED) <= LIMIT
    assert await figure(wire, MEMORY) < memory + MB / 3
    assert ours < MB / 3


async def test_what_is_used_all_the_time_stays_prepared(wire: Wire) -> None:
    [prelude, usual] = as_user("alice", sql("select 'usual'"))
    made = sql(
        "select min(prepare_time) from pg_prepared_statements where name in (:one, :other)"
        " having count(*) = 2",
        one=prelude.statement.name.decode(),
        other=usual.statement.name.decode(),
    )
    await wire.send([prelude, usual])
    before = await wire.send([made])
    assert before != [[]]
    for start in range(0, 2_000, 100):
        await wire.send([prelude, usual])
        await ask(wire, range(start, start + 100))
    assert await wire.send([made]) == before


async def test_calls_that_fail_leave_no_statement_behind(wire: Wire) -> None:
    calls = []
    for number in range(0, 1_200, 3):
        calls.append(wire.send([shape(number), BROKEN, shape(number + 1)]))
        calls.append(wire.send([BROKEN, shape(number + 1)]))
        calls.append(wire.send([shape(number + 2)]))
    answers = await asyncio.gather(*calls, return_exceptions=True)
    refused = sum(isinstance(answer, StatementRefused) for answer in answers)
    assert (refused, len(answers)) == (800, 1_200)
    assert await figure(wire, PREPARED) <= LIMIT
    await ask(wire, range(1_200))
    assert await figure(wire, PREPARED) <= LIMIT


async def test_a_statement_is_closed_in_the_round_trip_of_a_call(proxy: Proxy) -> None:
    wire = await Wire.connect(proxy.url, options())
    await ask(wire, range(LIMIT + 50))
    proxy.messages.clear()
    for number in range(1_000, 1_020):
        await wire.send(as_user("alice", shape(number)))
    assert proxy.messages == {"C": 20, "P": 20, "D": 40, "B": 40, "E": 40, "S": 20}
    wire.close()


async def test_without_a_way_to_close_statements_the_first_ones_stay_prepared(
    wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(call, "CAN_CLOSE_PREPARED", False)  # as with libpq 16
    await ask(wire, range(1_000))
    assert await figure(wire, PREPARED) == LIMIT


async def test_without_preparing_nothing_is_prepared(database_url: str) -> None:
    wire = await Wire.connect(database_url, options(prepare=False))
    await ask(wire, [1, 1, 2])
    assert await figure(wire, PREPARED) == 0
    wire.close()
