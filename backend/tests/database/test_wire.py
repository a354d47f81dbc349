"""One connection, many users: everybody gets their own answer, and nothing of anybody else's."""

import asyncio
from collections import Counter
from itertools import cycle

import psycopg
import pytest

from backend.database.connection.wire import Rows, Wire, WireOptions, WireState
from backend.database.faults import StatementRefused, WireLost
from backend.database.statements import Bound
from backend.tests.database.calls import (
    NOBODY,
    OWNERS,
    PATIENCE,
    WHO,
    as_user,
    held,
    options,
    sql,
    texts,
)

pytestmark = pytest.mark.anyio

USERS = [f"crowd-{number}" for number in range(20)]
CALLS = 6_000
# What goes wrong in some calls, and what PostgreSQL says to it.
REFUSALS = [
    (sql("select 1 / cast(:zero as int)", zero=0), "22012"),
    (sql("insert into duly.tasks (id, title) values (gen_random_uuid(), 'x')"), "23514"),
    (sql("update duly.tasks set version = 1"), "42501"),
    (sql("select no_such_column"), "42703"),
    (sql("selec"), "42601"),
]


@pytest.fixture(params=[True, False], ids=["prepared", "unprepared"])
def prepare(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)


@pytest.fixture
def crowd(database_url: str) -> list[str]:
    """Users with one task each."""
    with psycopg.connect(database_url) as connection:
        for number, user in enumerate(USERS):
            connection.execute(
                "insert into duly.spaces (id) values (%s) on conflict do nothing", [user]
            )
            connection.execute(
                "insert into duly.tasks (space_id, id, title)"
                " values (%s, %s::uuid, 'mine') on conflict do nothing",
                [user, f"018f0000-0000-7000-8000-{number:012d}"],
            )
    return USERS


async def test_six_thousand_interleaved_calls_get_their_own_answers(
    database_url: str, crowd: list[str], *, prepare: bool
) -> None:
    wires = [await Wire.connect(database_url, options(prepare=prepare)) for _ in range(3)]
    outcomes: Counter[str] = Counter()

    async def call(number: int, wire: Wire) -> None:
        user = crowd[number % len(crowd)]
        own = sql("select current_setting('app.user_id', true), cast(:n as text)", n=number)
        statements = as_user(user, own, OWNERS)
        refusal = None
        if number % 5 == 0:
            bad, refusal = REFUSALS[number // 5 % len(REFUSALS)]
            statements.insert(1 + number % 3, bad)
        answer = wire.send(statements)
        if number % 7 == 0:
            answer.cancel()  # the caller has left
        try:
            _, mine, owners = await answer
            right = texts(mine) == [[user, str(number)]] and texts(owners) == [[user]]
            outcomes["right" if right and refusal is None else "wrong"] += 1
        except StatementRefused as refused:
            outcomes["refused" if refused.sqlstate == refusal else "wrong"] += 1
        except asyncio.CancelledError:
            outcomes["left"] += 1

    await asyncio.gather(*map(call, range(CALLS), cycle(wires)))
    assert outcomes == {"right": 4_114, "refused": 1_028, "left": 858}
    assert [texts(rows) for wire in wires for rows in await wire.send([WHO])] == [NOBODY] * 3
    for wire in wires:
        wire.close()


@pytest.mark.parametrize(
    "statements",
    [
        as_user("alice", sql("select 1")),
        as_user("alice", sql("select 1 / cast(:zero as int)", zero=0)),
        as_user("alice", sql("selec")),
        [*as_user("alice"), *as_user("bob"), sql("select 1 / cast(:zero as int)", zero=0)],
        [sql("select 1 / cast(:zero as int)", zero=0), *as_user("alice")],
    ],
    ids=["success", "failure", "syntax error", "two preludes", "failure before the prelude"],
)
async def test_nothing_of_a_call_survives_it(
    database_url: str, statements: list[Bound], *, prepare: bool
) -> None:
    wire = await Wire.connect(database_url, options(prepare=prepare))
    call, after = wire.send(statements), wire.send([WHO])
    await asyncio.wait([call])
    assert call.exception() is None or isinstance(call.exception(), StatementRefused)
    assert [texts(rows) for rows in await after] == [NOBODY]
    wire.close()


async def test_an_error_undoes_the_whole_call_and_only_that(
    database_url: str, *, prepare: bool
) -> None:
    wire = await Wire.connect(database_url, options(prepare=prepare))
    await wire.send([sql("create temp table kept (n int unique deferrable initially deferred)")])

    def add(number: int) -> Bound:
        return sql("insert into kept values (cast(:n as int))", n=number)

    calls = [
        wire.send([add(1)]),
        wire.send([add(2), sql("select no_such_column"), add(3)]),
        wire.send([add(4), add(4)]),  # refused at the commit only
        wire.send([]),
        wire.send([add(5)]),
    ]
    answers = await asyncio.gather(*calls, return_exceptions=True)
    assert [getattr(each, "sqlstate", None) for each in answers] == [
        None,
        "42703",
        "23505",
        None,
        None,
    ]
    [rows] = await wire.send([sql("select n from kept order by n")])
    assert texts(rows) == [["1"], ["5"]]
    wire.close()


async def test_a_caller_that_stops_waiting_disturbs_nobody(database_url: str) -> None:
    wire = await Wire.connect(database_url, options())
    with held(database_url) as hold:
        others = [wire.send([sql("select cast(:n as text)", n=n)]) for n in range(3)]
        impatient = wire.send(hold.statements)
        await hold.met()
        assert impatient.cancel()
        later = [wire.send([sql("select cast(:n as text)", n=n)]) for n in range(3, 6)]
    answers = await asyncio.gather(*others, *later)
    assert [texts(rows) for [rows] in answers] == [[[str(n)]] for n in range(6)]
    wire.close()


async def test_a_call_that_cannot_be_sent_whole_never_becomes_part_of_the_next(
    database_url: str,
) -> None:
    wire = await Wire.connect(database_url, options())
    not_bytes: list[bytes | None] = ["oops"]  # type: ignore[list-item]  # what a bug would pass
    bad = Bound(sql("select cast(:n as text)", n=1).statement, not_bytes)
    with pytest.raises(TypeError):
        wire.send(as_user("alice", bad))
    with pytest.raises(WireLost):  # rather than answering the next caller as alice
        wire.send([WHO])


async def test_a_statement_is_prepared_once_and_again_after_its_preparation_failed(
    database_url: str,
) -> None:
    wire = await Wire.connect(database_url, options(prepare=True))
    good, names = sql("select 'good'"), sql("select name from pg_prepared_statements")
    skipped = wire.send([sql("selec"), good, good])
    twice = wire.send([good, good])
    await asyncio.wait([skipped])
    assert isinstance(skipped.exception(), StatementRefused)
    assert [texts(rows) for rows in await twice] == [[["good"]], [["good"]]]
    assert [texts(rows) for rows in await wire.send([good])] == [[["good"]]]
    [known] = await wire.send([names])
    assert [good.statement.name.decode()] in texts(known)
    wire.close()


async def test_a_wire_says_how_many_calls_it_has_room_for(database_url: str) -> None:
    plain = WireOptions(silence=5, prepare=True, on_retire=lambda: None, window=3)
    wire = await Wire.connect(database_url, plain)
    calls = [wire.send([sql("select 1")]) for _ in range(2)]
    assert wire.room == 1
    await asyncio.gather(*calls)
    assert wire.room == 3
    wire.send_one_at_a_time()
    assert wire.room == 1
    wire.close()


async def test_a_draining_wire_answers_what_it_took_and_takes_no_more(database_url: str) -> None:
    retired: list[WireState] = []
    wire = await Wire.connect(
        database_url, WireOptions(5, prepare=True, on_retire=lambda: retired.append(wire.state))
    )
    calls = [wire.send([sql("select pg_sleep(0.05), 'done'")]) for _ in range(3)]
    wire.drain()
    wire.drain()
    with pytest.raises(WireLost):
        wire.send([sql("select 1")])
    assert [texts(rows)[0][1] for [rows] in await asyncio.gather(*calls)] == ["done"] * 3
    assert wire.state is WireState.CLOSED
    wire.close()
    assert retired == [WireState.DRAINING]


async def test_closing_a_wire_fails_what_is_in_flight(database_url: str) -> None:
    wire = await Wire.connect(database_url, options())
    calls = [wire.send([sql("select pg_sleep(1)")]) for _ in range(3)]
    wire.close()
    answers = await asyncio.gather(*calls, return_exceptions=True)
    assert [type(answer) for answer in answers] == [WireLost] * 3
    assert wire.state is WireState.CLOSED


async def test_calls_may_be_sent_the_moment_another_is_answered(database_url: str) -> None:
    wire = await Wire.connect(database_url, options())
    done: asyncio.Future[list[Rows]] = asyncio.get_running_loop().create_future()

    def again(answer: "asyncio.Future[list[Rows]]") -> None:
        [[[number]]] = answer.result()
        if number == b"50":
            done.set_result(answer.result())
        else:
            step = sql("select cast(:n as int) + 1", n=int(number or 0))
            wire.send([step]).add_done_callback(again)

    wire.send([sql("select 1")]).add_done_callback(again)
    assert texts((await done)[0]) == [["50"]]
    wire.close()


async def test_notices_notifications_and_changed_parameters_are_no_answers(
    database_url: str, *, prepare: bool
) -> None:
    wire = await Wire.connect(database_url, options(prepare=prepare))
    chatter = [
        sql("do $$ begin raise notice 'hear, hear'; end $$"),
        sql("do $$ begin execute 'listen news'; end $$"),
        sql("notify news"),
        sql("do $$ begin set application_name = 'chatter'; end $$"),
        sql("do $$ begin set client_min_messages = 'debug5'; end $$"),
    ]
    calls = [wire.send([*chatter, sql("select cast(:n as text)", n=n)]) for n in range(5)]
    answers = await asyncio.gather(*calls)
    assert [texts(answer[-1]) for answer in answers] == [[[str(n)]] for n in range(5)]
    assert all(not rows for answer in answers for rows in answer[:-1])
    wire.close()


async def test_what_is_not_a_statement_of_rows_cannot_hang_the_program(database_url: str) -> None:
    wire = await Wire.connect(database_url, options(silence=0.5, prepare=False))
    async with asyncio.timeout(PATIENCE):
        with pytest.raises(WireLost):
            await wire.send([sql("copy (select 1) to stdout")])
    assert wire.state is WireState.CLOSED
