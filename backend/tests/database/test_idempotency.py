"""Operations that have a key each, and what keeps their rows."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.core.ids import new_id
from backend.core.principal import Principal
from backend.core.problems import Conflict, DeadlineExceeded, KeyInUse, KeyReused
from backend.database.connection.pool import Pool, PoolOptions
from backend.database.idempotency import literals, rows_of
from backend.database.journal import Journal
from backend.database.nesting import nested
from backend.database.operations import Key, Operation
from backend.database.session import Session
from backend.database.statements import Statement
from backend.schemas.task import TaskCreate, TaskQuery
from backend.services import tasks
from backend.services.users import KnownUsers

pytestmark = pytest.mark.anyio

Make = Callable[..., Session]


@pytest.fixture
async def sessions(database_url: str) -> AsyncIterator[Make]:
    """Makes sessions of one user, over two pools as two processes have them."""
    pools = [Pool(database_url, PoolOptions(size=2)) for _ in range(2)]
    for pool in pools:
        await pool.start()
    user, known = Principal(f"keys-{new_id()}", expires_at=0), KnownUsers()

    def make(key: Key | None = None, pool: int = 0) -> Session:
        journal = None if key is None else Journal(lambda: key, lambda _: None)
        return Session(pools[pool], user, known, journal=journal)

    yield make
    for pool in pools:
        await pool.close()


def create(title: str, task_id: Any = None) -> Operation[Any]:
    return tasks.create_task(TaskCreate(id=task_id, title=title))


def key(name: str, said: str = "the same") -> Key:
    return Key(name, said)


async def titles(session: Session) -> list[str]:
    page = await session.run(tasks.list_tasks(TaskQuery(sort="title")))
    return [part.split('"')[0] for part in page.body.decode().split('"title":"')[1:]]


async def test_of_commands_with_keys_those_that_are_new_are_done(sessions: Make) -> None:
    taken = new_id()
    first = await sessions().run_all(
        [create("a", taken), create("b", taken)], atomic=False, keys=[key("1"), key("2")]
    )
    again = await sessions(pool=1).run_all(
        [create("c"), create("a", taken), create("b", taken), create("d"), create("e")],
        atomic=False,
        keys=[key("3"), key("1"), key("2"), None, key("1", "something else")],
    )
    assert again[1] == first[0]
    assert isinstance(first[1], Conflict)
    assert isinstance(again[2], Conflict), "as it was answered"
    assert isinstance(again[4], KeyReused)
    assert await titles(sessions()) == ["a", "c", "d"]


async def test_commands_sent_twice_at_once_are_done_once(sessions: Make) -> None:
    async def send(pool: int) -> list[Any]:
        operations = [create(f"{number}") for number in range(20)]
        keys = [key(f"{number}") for number in range(20)]
        return [*await sessions(pool=pool).run_all(operations, atomic=False, keys=keys)]

    answers = await asyncio.gather(*(send(number % 2) for number in range(6)))
    assert all(each == answers[0] for each in answers)
    assert len(await titles(sessions())) == 20


async def test_a_key_that_is_in_use_is_told_from_another_write_that_takes_long(
    sessions: Make, database_url: str
) -> None:
    """Somebody holds the lock of the space; only one of them holds that of the key as well."""
    user = sessions().principal.subject
    await sessions().run(create("x"))
    with psycopg.connect(database_url) as holder:
        holder.execute("select pg_advisory_xact_lock(hashtextextended(%s, 0))", [user])
        holder.execute("select pg_advisory_xact_lock(hashtextextended(%s, 1))", [f"{user} used"])
        attempts = (sessions(key(name)).run(create("y")) for name in ("used", "free"))
        failures = await asyncio.gather(*attempts, return_exceptions=True)
    assert [type(each) for each in failures] == [KeyInUse, DeadlineExceeded]
    assert await titles(sessions()) == ["x"]


VALUES = st.none() | st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))


@given(st.lists(st.lists(VALUES, min_size=1, max_size=4)))
def test_rows_come_back_as_they_were(rows: list[list[str | None]]) -> None:
    as_sent = [tuple(None if text is None else text.encode() for text in row) for row in rows]
    assert rows_of(literals(as_sent)) == as_sent


async def test_rows_are_kept_as_postgresql_writes_them(database_url: str) -> None:
    texts = ["", " ", "(", ")", ",", '"', "\\", "\n", "plain", '{"a": "\\"b\\", (c)"}', "é", "''"]
    row = [*texts, None]
    with psycopg.connect(database_url) as connection:
        columns = ", ".join("%s::text" for _ in row)
        [(literal,)] = connection.execute(
            f"select string_agg(r::text, '') from (values ({columns}), ({columns})) r", row * 2
        ).fetchall()
    kept = tuple(None if text is None else text.encode() for text in row)
    assert rows_of(literal.encode()) == [kept, kept]


@pytest.mark.parametrize(
    ("inner", "gives_rows"),
    [
        ("SELECT 1 AS a", True),
        ("INSERT INTO t DEFAULT VALUES RETURNING a", True),
        ("INSERT INTO t DEFAULT VALUES", False),
        ("WITH b AS (INSERT INTO t DEFAULT VALUES RETURNING a) SELECT a FROM b", True),
        ("WITH b (x, y) AS (SELECT 1, ')'), c AS MATERIALIZED (SELECT 2)\nDELETE FROM t", False),
        ("WITH RECURSIVE b (a) AS (SELECT 1) UPDATE t SET a = b.a FROM b RETURNING t.a", True),
        ("UPDATE t SET a = (SELECT 1 WHERE ') RETURNING (' = '')", False),
    ],
)
async def test_any_statement_can_be_a_part_of_another(
    inner: str, database_url: str, *, gives_rows: bool
) -> None:
    found = nested(Statement(inner), "inner_one")
    assert found.gives_rows is gives_rows
    end = "SELECT * FROM inner_one" if gives_rows else "SELECT"
    with psycopg.connect(database_url) as connection:
        connection.execute("create temporary table t (a int default 1)")
        connection.execute(Statement(found.start, f"\n{end}").sql)
