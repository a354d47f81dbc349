"""What failed for a passing reason is sent once more, and never a third time."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import psycopg
import pytest

from backend.core.problems import Unavailable
from backend.database.connection.pool import Pool, PoolOptions
from backend.database.connection.wire import Rows, Wire
from backend.tests.database.calls import PATIENCE, as_user, sql, texts, until
from backend.tests.support.private_cluster import PrivateCluster
from backend.tests.support.proxy import Proxy

pytestmark = pytest.mark.anyio

CUT = "cut"  # the server ends the connection before it answers
PASSING = ["40001", "40P01", "25006", "26000", "42P05", "0A000"]
MIXTURES = [[CUT, code] for code in PASSING] + [[code, CUT] for code in PASSING]
PID = as_user("alice", sql("select pg_backend_pid()"))

_FAULTY = """
create table public.faults (number bigint, fault text);
create sequence public.sends;
create function public.faulty() returns text language plpgsql security definer as $$
declare
    sent bigint = nextval('public.sends');
    wrong text = (select fault from public.faults where number = sent);
begin
    perform pg_terminate_backend(pg_backend_pid()), pg_sleep(1) where wrong = 'cut';
    if wrong is not null then
        raise exception using errcode = wrong, message = 'a passing reason';
    end if;
    return 'answered';
end $$;
"""


class Faults:
    """What goes wrong with the sends of one call: a SQLSTATE or `CUT` for each.

    Args:
        owner: A connection to the database whose `public.faulty()` has these faults.
    """

    call = as_user("alice", sql("select public.faulty()"))

    def __init__(self, owner: psycopg.Connection) -> None:
        self._owner = owner

    def plan(self, *faults: str) -> None:
        self._owner.execute("truncate public.faults")
        self._owner.execute("alter sequence public.sends restart")
        for number, fault in enumerate(faults, 1):
            self._owner.execute("insert into public.faults values (%s, %s)", [number, fault])

    @property
    def sends(self) -> int:
        """How often the call reached PostgreSQL; sequences are not rolled back."""
        row = self._owner.execute(
            "select case when is_called then last_value else 0 end from public.sends"
        ).fetchone()
        return int(row[0]) if row else 0


@pytest.fixture(scope="session")
def faulty(private: PrivateCluster) -> str:
    private.execute(_FAULTY, database="duly")
    return private.url


@pytest.fixture
def faults(faulty: str) -> Iterator[Faults]:
    with psycopg.connect(faulty, autocommit=True) as owner:
        yield Faults(owner)


@asynccontextmanager
async def running(url: str, size: int, *, prepare: bool | None = None) -> AsyncIterator[Pool]:
    """A started pool with all its wires."""
    pool = Pool(url, PoolOptions(size=size, prepare=prepare))
    await pool.start()
    await until(lambda: pool.wires == size)
    try:
        yield pool
    finally:
        await pool.close()


@pytest.fixture(params=[None, True, False], ids=["auto", "prepared", "unprepared"])
def prepare(request: pytest.FixtureRequest) -> bool | None:
    value: bool | None = request.param
    return value


@pytest.mark.parametrize("size", [1, 4, 16])
@pytest.mark.parametrize("planned", [[code] for code in [CUT, *PASSING]] + MIXTURES, ids=str)
async def test_a_read_is_sent_twice_at_most_whatever_the_reasons(
    faulty: str, faults: Faults, planned: list[str], size: int
) -> None:
    faults.plan(*planned * 20)
    async with running(faulty, size) as pool:
        with pytest.raises(Unavailable):
            await pool.call(faults.call, read_only=True)
        assert faults.sends == 2


@pytest.mark.parametrize("fault", [CUT, *PASSING])
async def test_a_read_that_failed_once_is_answered(
    faulty: str, faults: Faults, fault: str, *, prepare: bool | None
) -> None:
    faults.plan(fault)
    async with running(faulty, 4, prepare=prepare) as pool:
        answer = await pool.call(faults.call, read_only=True)
        assert texts(answer[1]) == [["answered"]]
        assert faults.sends == 2


@pytest.mark.parametrize("planned", [[CUT], *([code, CUT] for code in PASSING)], ids=str)
async def test_a_write_whose_outcome_is_unknown_is_not_sent_again(
    faulty: str, faults: Faults, planned: list[str]
) -> None:
    faults.plan(*planned)
    async with running(faulty, 4) as pool:
        with pytest.raises(Unavailable):
            await pool.call(faults.call, read_only=False)
        assert faults.sends == len(planned)


@pytest.mark.parametrize("fault", PASSING)
async def test_a_write_that_was_rolled_back_is_answered_the_second_time(
    faulty: str, faults: Faults, fault: str
) -> None:
    faults.plan(fault)
    async with running(faulty, 4) as pool:
        answer = await pool.call(faults.call, read_only=False)
        assert texts(answer[1]) == [["answered"]]
        assert faults.sends == 2


async def test_what_was_still_queued_behind_a_cut_is_written_once(
    faulty: str, faults: Faults, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The sign of a transaction pooler, through which a wire sends one call at a time.
    monkeypatch.setattr(Wire, "backend_pid", property(lambda _wire: 0))
    faults.plan(CUT)
    async with running(faulty, 1) as pool:
        calls = [pool.call(faults.call, read_only=False) for _ in range(50)]
        answers = await asyncio.gather(*calls, return_exceptions=True)
        assert isinstance(answers[0], Unavailable)
        assert all(isinstance(answer, list) for answer in answers[1:])
        assert faults.sends == 50


async def test_reads_are_answered_when_all_sixteen_wires_are_stale(proxy: Proxy) -> None:
    async with running(proxy.url, 16) as pool:
        proxy.expire()
        assert texts((await pool.call(PID, read_only=True))[1])
        assert proxy.resets == 1
        answers = await asyncio.gather(*(pool.call(PID, read_only=True) for _ in range(50)))
        assert all(texts(rows) for _, rows in answers)


async def test_reads_are_answered_when_the_server_has_restarted_unnoticed(
    private: PrivateCluster,
) -> None:
    for _ in range(10):
        async with running(private.url, 16) as pool:
            private.terminate_backends()  # the event loop sees nothing of it until it is over
            reads = [asyncio.ensure_future(pool.call(PID, read_only=True)) for _ in range(100)]
            assert all(texts(rows) for _, rows in await asyncio.gather(*reads))


async def test_a_lost_read_goes_to_another_wire_when_no_new_one_can_be_made(
    database_url: str, proxy: Proxy
) -> None:
    async with running(proxy.url, 4) as pool:
        [[pid]] = texts((await pool.call(PID, read_only=True))[1])
        proxy.refuse()
        with psycopg.connect(database_url, autocommit=True) as operator:
            operator.execute("select pg_terminate_backend(%s::int)", [pid])
        reads = [asyncio.ensure_future(pool.call(PID, read_only=True)) for _ in range(20)]
        async with asyncio.timeout(PATIENCE):
            answers: list[list[Rows]] = await asyncio.gather(*reads)
        assert all(texts(rows) for _, rows in answers)
        assert pool.wires == 3
