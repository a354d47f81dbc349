"""The writes of a space are serial: no deadlock, no lost effect, numbers as they commit."""

import asyncio
import os
import random
import time
from collections import Counter
from collections.abc import AsyncIterator
from uuid import UUID

import psycopg
import pytest

from backend.core.ids import new_id
from backend.core.principal import Principal
from backend.core.problems import Problem
from backend.database.connection.pool import Pool, PoolOptions
from backend.database.operations import Operation
from backend.database.queries import update
from backend.database.session import Session
from backend.database.statements import Fragment, Statement
from backend.models import Task
from backend.schemas.task import TaskCreate, TaskUpdate
from backend.services import tasks
from backend.services.users import KnownUsers
from backend.tests.database.test_schema import acting

pytestmark = pytest.mark.anyio

WRITERS = 8
STORM_SECONDS = float(os.environ.get("STORM_SECONDS", "2"))


@pytest.fixture
async def db(database_url: str) -> AsyncIterator[Session]:
    """A user whose writes go over many connections at once."""
    pool = Pool(database_url, PoolOptions(size=WRITERS))
    await pool.start()
    yield Session(pool, Principal(f"storm-{new_id()}", expires_at=0), KnownUsers())
    await pool.close()


def rows_of(url: str, subject: str) -> dict[int, str]:
    """The titles of a user's tasks by version."""
    with psycopg.connect(url) as connection:
        command = "select version, title from duly.tasks where space_id = %s"
        return dict(connection.execute(command, [subject]).fetchall())


def some_write(ids: list[UUID]) -> list[Operation[object]]:
    """A change, a move to the trash and back, a batch in any order, or an emptied trash."""
    one, title = random.choice(ids), f"t{random.random()}"  # noqa: S311 - no secret
    match random.randrange(8):  # noqa: S311 - as above
        case 0:
            return [tasks.delete_task(one)]
        case 1:
            return [tasks.restore_task(one)]
        case 2:
            return [tasks.empty_trash()]
        case 3:
            new = new_id()
            ids[random.randrange(len(ids))] = new  # noqa: S311 - as above
            return [tasks.create_task(TaskCreate(id=new, title=title))]
        case 4 | 5:
            chosen = random.sample(ids, 5)
            return [tasks.update_task(each, TaskUpdate(title=title)) for each in chosen]
        case _:
            return [tasks.update_task(one, TaskUpdate(title=title))]


async def test_a_storm_of_one_users_writes_ends_in_no_deadlock(
    db: Session, database_url: str
) -> None:
    ids = [new_id() for _ in range(50)]
    for task_id in ids:
        await db.run(tasks.create_task(TaskCreate(id=task_id, title="x")))
    seen: Counter[str] = Counter()
    versions: list[tuple[int, ...]] = []  # of each call, in the order of their answers
    until = time.monotonic() + STORM_SECONDS

    async def write() -> None:
        while time.monotonic() < until:
            for answer in await db.run_all(some_write(ids), atomic=False):
                seen[type(answer).__name__] += 1
                if version := getattr(answer, "version", None):
                    versions.append(version)

    await asyncio.gather(*(write() for _ in range(WRITERS)))
    # A deadlock, a timeout or a lost connection would be `Unavailable` or `DeadlineExceeded`.
    assert seen.keys() <= {"Representation", "NotFound", "NoneType", "tuple"}
    assert seen["Representation"] > 100
    with psycopg.connect(database_url) as connection:
        [(rows, distinct, highest, reserved)] = connection.execute(
            "select count(*), count(distinct version), max(version), (select last_version"
            " from duly.spaces where id = space_id) from duly.tasks where space_id = %s"
            " group by space_id",
            [db.principal.subject],
        ).fetchall()
    assert rows == distinct
    assert highest <= reserved


async def test_numbers_become_visible_in_their_order(db: Session, database_url: str) -> None:
    """Whoever reads all numbers up to n has seen every one that will ever be below n."""
    await db.run(tasks.create_task(TaskCreate(title="x")))
    subject, until = db.principal.subject, time.monotonic() + STORM_SECONDS / 2
    seen: set[int] = set()
    late: list[int] = []

    async def write() -> None:
        while time.monotonic() < until:
            batch = [tasks.create_task(TaskCreate(title="x")) for _ in range(3)]
            await db.run_all(batch, atomic=True)

    async def read() -> None:
        while time.monotonic() < until:
            found = await asyncio.to_thread(rows_of, database_url, subject)
            late.extend(number for number in found.keys() - seen if number < max(seen, default=0))
            seen.update(found)

    await asyncio.gather(read(), *(write() for _ in range(WRITERS)))
    assert late == []
    assert len(seen) > 50


async def test_a_batch_and_a_single_write_do_not_wait_for_each_other(
    db: Session, database_url: str
) -> None:
    """A batch locks one row, then another; a single write wants the other, then the counter."""
    ids = [new_id(), new_id()]
    for each in ids:
        await db.run(tasks.create_task(TaskCreate(id=each, title="x")))
    for _ in range(20):
        batch = [tasks.update_task(each, TaskUpdate(title="batch")) for each in ids]
        single = tasks.update_task(ids[1], TaskUpdate(title="single"))
        answers = await asyncio.gather(
            db.run_all(batch, atomic=True), db.run(single), db.run_all(batch[::-1], atomic=True)
        )
        assert not [each for each in answers if isinstance(each, Problem)]
    assert len(rows_of(database_url, db.principal.subject)) == 2


async def test_a_change_of_all_tasks_meets_one_that_was_being_added(
    db: Session, database_url: str
) -> None:
    """Without the lock its snapshot would be older than the task it had waited for."""
    await db.run(tasks.create_task(TaskCreate(title="there before")))
    everything = Statement(*update(Task, {"completed_at": Fragment("now()")}, returning="title"))
    with acting(database_url, db.principal.subject) as other:  # holds the lock, as a write does
        other.execute("insert into duly.tasks (id, title) values (%s, 'added')", [new_id()])
        changing = asyncio.create_task(
            db.run(Operation((everything.bind(),), lambda rows: rows[0], writes=True))
        )
        waiting = "select count(*) from pg_locks where locktype = 'advisory' and not granted"
        with psycopg.connect(database_url, autocommit=True) as watcher:
            async with asyncio.timeout(30):
                while watcher.execute(waiting).fetchone() == (0,):  # noqa: ASYNC110 - no event
                    await asyncio.sleep(0.01)
    assert {row[0] for row in await changing} == {b"added", b"there before"}


@pytest.mark.parametrize("rows", [1, 2, 17, 18, 1_041, 1_042, 3_000])
def test_the_numbers_of_one_transaction_are_distinct_whatever_its_size(
    rows: int, database_url: str
) -> None:
    user = f"block-{new_id()}"
    insert = (
        "insert into duly.tasks (id, title) select overlay(gen_random_uuid()::text"
        " placing '7' from 15 for 1)::uuid, 'x' from generate_series(1, %s) returning version"
    )
    for start in (0, rows):
        with acting(database_url, user) as connection:
            found = [row[0] for row in connection.execute(insert, [rows])]
        assert len(set(found)) == rows
        assert min(found) > start
        with psycopg.connect(database_url) as connection:
            [(reserved,)] = connection.execute(
                "select last_version from duly.spaces where id = %s", [user]
            ).fetchall()
        assert reserved >= max(found)


def test_ten_thousand_rows_in_one_statement_are_not_quadratic(database_url: str) -> None:
    """One update of the counter for each row took 11 s; a tenth of the rows must take a tenth."""
    took = {}
    for rows in (1_000, 10_000):
        with acting(database_url, f"bulk-{rows}-{new_id()}") as connection:
            started = time.process_time(), time.monotonic()
            connection.execute(
                "insert into duly.tasks (id, title) select overlay(gen_random_uuid()::text"
                " placing '7' from 15 for 1)::uuid, 'x' from generate_series(1, %s)",
                [rows],
            )
            took[rows] = time.monotonic() - started[1]
    assert took[10_000] < 40 * took[1_000]
