"""What goes from the trash for good: one tree, all of it, what has been there for long."""

from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest

from backend.core.ids import new_id
from backend.core.principal import Principal
from backend.core.problems import NotFound
from backend.database.connection.pool import Pool
from backend.database.operations import Operation
from backend.database.session import Session
from backend.schemas.task import TaskCreate
from backend.services import tasks
from backend.services.tasks import trash
from backend.services.users import KnownUsers
from backend.tests.support.people import Person
from backend.tests.tasks.test_tree import delete, now, post, tree


def titles(person: Person) -> list[str]:
    return sorted(task["title"] for task in person.client.get("/api/trash?limit=200").json())


def test_a_purged_task_is_gone_with_all_below_it(alice: Person) -> None:
    root, _, leaf = tree(alice)
    other = alice.create("other")
    for task in (leaf, root, other):
        delete(alice, task)
    path = f"/api/trash/{root['id']}"
    assert alice.client.delete(path).status_code == 204
    assert titles(alice) == ["other"]
    assert alice.client.delete(path).status_code == 404


def test_a_part_can_be_purged_alone(alice: Person) -> None:
    root, part, _ = tree(alice)
    delete(alice, root)
    assert alice.client.delete(f"/api/trash/{part['id']}").status_code == 204
    assert titles(alice) == ["level 0"]
    post(alice, root, "restore")


def test_only_ones_own_trash_can_be_purged(alice: Person, bob: Person) -> None:
    live, theirs = alice.create(), bob.create("theirs")
    delete(bob, theirs)
    for name in (live["id"], theirs["id"], str(new_id()), "x"):
        assert alice.client.delete(f"/api/trash/{name}").status_code == 404
    assert now(alice, live) == [live]
    assert titles(bob) == ["theirs"]


def test_a_stale_version_purges_nothing(alice: Person) -> None:
    task = alice.create()
    delete(alice, task)
    [current] = alice.client.get("/api/trash").json()
    path = f"/api/trash/{task['id']}"
    answer = alice.client.delete(path, headers={"If-Match": f'"{task["version"]}"'})
    assert answer.status_code == 412
    assert answer.json()["current"] == current
    headers = {"If-Match": f'"{current["version"]}"'}
    assert alice.client.delete(path, headers=headers).status_code == 204


def test_an_emptied_trash_has_no_trees_left(alice: Person) -> None:
    kept = alice.create("kept")
    for _ in range(3):
        root, part, _ = tree(alice)
        delete(alice, part)
        delete(alice, root)
    assert alice.client.delete("/api/trash").status_code == 204
    assert titles(alice) == []
    assert alice.client.get("/api/tasks").json() == [kept]


@pytest.fixture
async def alone(database_url: str) -> AsyncIterator[Session]:
    """Somebody with a session of their own, who makes the database know them."""
    pool = Pool(database_url)
    await pool.start()
    session = Session(pool, Principal(f"alone-{new_id()}", expires_at=0), KnownUsers())
    await session.run(tasks.create_task(TaskCreate(title="live")))
    yield session
    await pool.close()


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


def fill(url: str, session: Session, days: int = 0, below: UUID | None = None) -> UUID:
    """A task in somebody's trash since so many days."""
    task = new_id()
    with psycopg.connect(url) as connection:
        connection.execute(
            "insert into duly.tasks (space_id, id, title, parent_id, deleted_at)"
            " values (%s, %s, 'old', %s, %s)",
            [session.principal.subject, task, below, datetime.now(UTC) - timedelta(days=days)],
        )
    return task


def left(url: str, session: Session) -> int:
    with psycopg.connect(url) as connection:
        row = connection.execute(
            "select count(*) from duly.tasks where space_id = %s", [session.principal.subject]
        ).fetchone()
    assert row
    return int(row[0])


async def steps(session: Session, operation: Callable[..., Operation[Any]], *first: Any) -> int:
    """Run all steps of it; how many there were."""
    state, taken = await session.run(operation(*first)), 1
    while state:
        state, taken = await session.run(operation(*first, state)), taken + 1
    return taken


@pytest.mark.anyio
async def test_what_has_been_there_for_so_many_days_goes(alone: Session, database_url: str) -> None:
    root = fill(database_url, alone, 40)
    fill(database_url, alone, 41, below=root)
    fill(database_url, alone, 29)
    await steps(alone, tasks.purge_old, 30)
    assert left(database_url, alone) == 2
    await steps(alone, tasks.purge_old, 29)
    assert left(database_url, alone) == 1


@pytest.mark.anyio
async def test_a_trash_without_trees_goes_in_one_step(alone: Session, database_url: str) -> None:
    for _ in range(3):
        fill(database_url, alone)
    assert await steps(alone, tasks.empty_trash) == 1
    assert left(database_url, alone) == 1


@pytest.mark.anyio
@pytest.mark.parametrize("operation", [tasks.empty_trash, tasks.purge_task])
async def test_no_step_takes_more_than_a_batch(
    operation: Callable[..., Operation[Any]],
    alone: Session,
    database_url: str,
) -> None:
    """More below one task than a step may take."""
    root = fill(database_url, alone)
    parent = fill(database_url, alone, below=root)
    with psycopg.connect(database_url) as connection:
        connection.execute("set enable_seqscan = off")  # or it plans for a table that is small
        connection.execute(
            "insert into duly.tasks (space_id, id, title, parent_id, deleted_at) select %s,"
            " ('018f0000-0000-7000-8000-' || substr(md5(random()::text), 1, 12))::uuid,"
            " 'wide', %s, now() from generate_series(1, %s)",
            [alone.principal.subject, parent, trash.BATCH],
        )
    before = left(database_url, alone)
    state: Any = None
    while True:
        if operation is tasks.purge_task:
            state = not await alone.run(tasks.purge_task(root))
        else:
            state = await alone.run(tasks.empty_trash(state))
        after = left(database_url, alone)
        assert 0 <= before - after <= trash.BATCH
        before = after
        if not state:
            break
    assert after == 1
    with pytest.raises(NotFound):
        await alone.run(tasks.purge_task(root))
