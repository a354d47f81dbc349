"""Operations that were made apart share a transaction, and a round trip."""

import json
from collections.abc import AsyncIterator, Sequence
from datetime import date
from typing import Any
from uuid import UUID

import psycopg
import pytest

from backend.core.dates import Due
from backend.core.ids import new_id
from backend.core.principal import Principal
from backend.core.problems import (
    Conflict,
    DeadlineExceeded,
    Entangled,
    NotFound,
    Problem,
    StaleVersion,
)
from backend.database.connection.pool import Pool, PoolOptions
from backend.database.operations import Operation
from backend.database.session import Session
from backend.schemas.task import TaskCreate, TaskQuery, TaskUpdate
from backend.services import tasks
from backend.services.users import KnownUsers
from backend.tests.database.calls import until
from backend.tests.support.proxy import Proxy

pytestmark = pytest.mark.anyio

ONE, TWO, THREE = (str(new_id()) for _ in range(3))


@pytest.fixture
async def db(proxy: Proxy) -> AsyncIterator[Session]:
    """A user with no task, whom the process knows."""
    pool = Pool(proxy.url, PoolOptions(size=1))
    await pool.start()
    session = Session(pool, Principal(f"many-{new_id()}", expires_at=0), KnownUsers())
    await session.run(tasks.list_tasks(TaskQuery()))
    yield session
    await pool.close()


def create(task_id: Any, title: str = "x") -> Operation[Any]:
    return tasks.create_task(TaskCreate(id=task_id, title=title))


async def titles(db: Session) -> list[str]:
    page = await db.run(tasks.list_tasks(TaskQuery(sort="title")))
    return [part.split('"')[0] for part in page.body.decode().split('"title":"')[1:]]


# Each fails among two others that would succeed: refused by PostgreSQL, or told by its rows.
FAILURES: dict[str, tuple[Operation[Any], type[Problem]]] = {
    "an id that is taken": (create(ONE, "again"), Conflict),
    "a task that is not there": (tasks.update_task(new_id(), TaskUpdate(title="y")), NotFound),
    "a task to delete that is not there": (tasks.delete_task(new_id()), NotFound),
    "a task to restore that is not there": (tasks.restore_task(new_id()), NotFound),
    "a task to read that is not there": (tasks.get_task(new_id()), NotFound),
    "a version that is not current": (tasks.delete_task(UUID(ONE), versions=[99]), StaleVersion),
    "a version to complete": (
        tasks.complete_task(UUID(ONE), completed=True, versions=[99]),
        StaleVersion,
    ),
    "a version to restore": (tasks.restore_task(UUID(ONE), versions=[99]), StaleVersion),
    "a version of an empty patch": (tasks.update_task(UUID(ONE), TaskUpdate(), [99]), StaleVersion),
}


@pytest.mark.parametrize("name", FAILURES)
async def test_atomic_takes_all_back_when_one_fails(name: str, db: Session) -> None:
    failing, problem = FAILURES[name]
    await db.run(create(ONE, "was there"))
    with pytest.raises(problem) as failure:
        await db.run_all([create(TWO), failing, create(THREE)], atomic=True)
    assert failure.value.position == 1
    assert await titles(db) == ["was there"]


@pytest.mark.parametrize("name", FAILURES)
async def test_not_atomic_keeps_those_that_succeed(name: str, db: Session) -> None:
    failing, problem = FAILURES[name]
    await db.run(create(ONE, "was there"))
    first, failed, last = list[Any](
        await db.run_all([create(TWO, "a"), failing, create(THREE, "b")], atomic=False)
    )
    assert first[0] == TWO
    assert isinstance(failed, problem)
    assert last[0] == THREE
    assert await titles(db) == ["a", "b", "was there"]


@pytest.mark.parametrize("atomic", [True, False])
async def test_several_that_succeed_are_one_round_trip(
    db: Session, proxy: Proxy, *, atomic: bool
) -> None:
    _, made = await db.run(create(THREE))
    before = proxy.messages["S"]
    operations = [
        create(ONE),
        tasks.update_task(UUID(ONE), TaskUpdate(title="y")),  # sees what the one before did
        tasks.delete_task(UUID(ONE), versions=[made.version + 2]),
        tasks.restore_task(UUID(ONE)),
        create(TWO),
    ]
    answers: list[Any] = [*await db.run_all(operations, atomic=atomic)]
    assert proxy.messages["S"] == before + 1
    assert not [answer for answer in answers if isinstance(answer, Problem)]
    assert b'"title":"y"' in answers[3].body
    assert await titles(db) == ["x", "x", "y"]


@pytest.mark.parametrize("atomic", [True, False])
async def test_nothing_to_do_is_done(db: Session, proxy: Proxy, *, atomic: bool) -> None:
    before = proxy.messages["S"]
    assert await db.run_all(list[Operation[None]](), atomic=atomic) == []
    assert proxy.messages["S"] == before


async def test_one_that_its_rows_refuse_costs_the_others_nothing(db: Session, proxy: Proxy) -> None:
    before = proxy.messages["S"]
    failing = tasks.update_task(new_id(), TaskUpdate(title="y"))
    answers = await db.run_all([create(ONE), failing, create(TWO)], atomic=False)
    assert proxy.messages["S"] == before + 1
    assert [isinstance(answer, Problem) for answer in answers] == [False, True, False]


RECURRING: dict[str, Any] = {"due_date": date(2026, 3, 1), "recurrence": "FREQ=DAILY"}


def recurring(task_id: str) -> Operation[Any]:
    return tasks.create_task(TaskCreate(id=task_id, title="x", **RECURRING))


def complete(task_id: str, occurrence: str | None = None) -> Operation[Any]:
    named = Due(date.fromisoformat(occurrence)) if occurrence else None
    return tasks.complete_task(UUID(task_id), completed=True, occurrence=named)


def dues(answers: Sequence[Any]) -> list[str]:
    """When the tasks of some answers are due."""
    return [json.loads(each.body)["due_date"] for each in answers]


async def test_what_answers_with_another_operation_is_gone_on_with_all_at_once(
    db: Session, proxy: Proxy
) -> None:
    await db.run_all([recurring(ONE), recurring(TWO), create(THREE)], atomic=False)
    before = proxy.messages["S"]
    operations = [complete(ONE), complete(THREE), complete(TWO)]
    first, other, last = list[Any](await db.run_all(operations, atomic=False))
    assert proxy.messages["S"] == before + 2
    assert dues([first, last]) == ["2026-03-02", "2026-03-02"]
    assert b'"completed":true' in other.body


async def test_atomic_goes_on_with_all_of_them_in_one_transaction(
    db: Session, proxy: Proxy
) -> None:
    await db.run_all([recurring(ONE), recurring(TWO), create(THREE)], atomic=False)
    before = proxy.messages["S"]
    rename = tasks.update_task(UUID(ONE), TaskUpdate(title="y"))
    operations = [rename, complete(ONE), complete(THREE), complete(TWO)]
    _, first, other, last = list[Any](await db.run_all(operations, atomic=True))
    assert proxy.messages["S"] == before + 3  # all of them, why one failed, all of them
    assert dues([first, last]) == ["2026-03-02", "2026-03-02"]
    assert b'"title":"y"' in first.body
    assert b'"completed":true' in other.body


async def test_atomic_takes_a_step_back_when_another_operation_fails(db: Session) -> None:
    await db.run(recurring(ONE))
    with pytest.raises(NotFound) as failure:
        await db.run_all([complete(ONE), tasks.delete_task(UUID(TWO))], atomic=True)
    assert failure.value.position == 1
    assert dues([await db.run(tasks.get_task(UUID(ONE)))]) == ["2026-03-01"]


@pytest.mark.parametrize("atomic", [True, False])
async def test_an_occurrence_that_is_done_already_is_done(db: Session, *, atomic: bool) -> None:
    await db.run_all([recurring(ONE), complete(ONE)], atomic=False)
    operations = [complete(ONE, "2026-03-01"), create(TWO)]
    first, _ = list[Any](await db.run_all(operations, atomic=atomic))
    assert dues([first]) == ["2026-03-02"]
    assert await titles(db) == ["x", "x"]


async def test_a_version_that_an_operation_before_it_changes_is_stale(db: Session) -> None:
    _, made = await db.run(create(ONE))
    rename = tasks.update_task(UUID(ONE), TaskUpdate(title="y"))
    done = tasks.complete_task(UUID(ONE), completed=True, versions=[made.version])
    with pytest.raises(StaleVersion) as failure:
        await db.run_all([rename, done], atomic=True)
    assert failure.value.position == 1
    assert await titles(db) == ["x"]


async def test_one_task_goes_on_twice_but_not_in_one_transaction(db: Session) -> None:
    await db.run(recurring(ONE))
    with pytest.raises(Entangled) as failure:
        await db.run_all([complete(ONE), complete(ONE)], atomic=True)
    assert failure.value.position == 1
    assert dues([await db.run(tasks.get_task(UUID(ONE)))]) == ["2026-03-01"]
    answers = await db.run_all([complete(ONE), complete(ONE)], atomic=False)
    assert dues(answers) == ["2026-03-02", "2026-03-03"]


async def test_what_is_answered_comes_from_the_rows_alone(db: Session) -> None:
    """The same rows, the same answer: what a replay of a request will rest on."""
    operation = create(ONE)
    rows: list[Any] = [[(b'{"id":"x"}', b"7", TWO.encode())]]
    assert operation.read(rows) == operation.read(rows) == (TWO, (b'{"id":"x"}', 7))
    assert db.principal.subject not in str(operation)


async def test_a_user_who_was_erased_elsewhere_comes_back_with_the_next_write(
    db: Session, database_url: str
) -> None:
    await db.run(create(ONE))
    with psycopg.connect(database_url) as elsewhere:
        for table, owner in (("spaces", "id"), ("users", "subject")):
            command = f"delete from duly.{table} where {owner} = %s"
            elsewhere.execute(command.encode(), [db.principal.subject])
    assert await titles(db) == []
    await db.run(create(TWO, "new"))
    assert await titles(db) == ["new"]


async def test_a_write_waits_for_the_others_of_its_space_and_a_read_does_not(
    db: Session, database_url: str
) -> None:
    with psycopg.connect(database_url) as other:
        lock = "select pg_advisory_xact_lock(hashtextextended(%s, 0))"
        other.execute(lock, [db.principal.subject])
        assert await titles(db) == []
        with pytest.raises(Problem) as refused:  # in time, and with the wire intact
            await db.run(create(ONE))
        assert refused.value.status == 503
        assert await titles(db) == []
    await until(lambda: True)
    await db.run(create(ONE))


async def test_several_that_wait_too_long_are_told_once_and_do_not_wait_each(
    db: Session, database_url: str
) -> None:
    await db.run(create(ONE))
    with psycopg.connect(database_url) as other:  # an administrator, who takes no write lock
        other.execute("select from duly.spaces where id = %s for update", [db.principal.subject])
        with pytest.raises(DeadlineExceeded):
            await db.run_all([create(ONE), create(TWO)], atomic=False)
    await db.run_all([create(ONE), create(TWO)], atomic=False)
    assert await titles(db) == ["x", "x"]
