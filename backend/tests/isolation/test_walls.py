"""Two walls keep users apart; each is taken away here, and the other holds."""

import json
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any, NamedTuple

import psycopg
import pytest
from psycopg.types.json import Jsonb

from backend.core.ids import new_id
from backend.core.principal import Principal
from backend.core.problems import Problem
from backend.database.connection.pool import Pool
from backend.database.journal import Journal
from backend.database.operations import Key, Operation
from backend.database.session import Session
from backend.database.statements import Bound, Statement, Value, Where
from backend.models.ownership import owned_tables
from backend.schemas.history import Undone
from backend.schemas.tag import TagRead
from backend.schemas.task import TaskCreate, TaskQuery
from backend.services import tasks
from backend.services.changes import Changes
from backend.services.counters import Head
from backend.services.directory import Stock
from backend.services.lists import ListRepresentation
from backend.services.merges import Merge
from backend.services.purges import Trash
from backend.services.tags import Change
from backend.services.tasks import Page, Representation, TrashLeft
from backend.services.transfers import Lines
from backend.services.users import KnownUsers, MeRepresentation
from backend.tests.isolation.cases import CASES, RECURRING, Meeting, functions

pytestmark = pytest.mark.anyio


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch) -> Callable[[], list[str]]:
    """Takes WHERE out of whatever is sent from now on; the SQL that was."""
    sent: list[str] = []
    whole = Statement.bind

    def bind(statement: Statement, **values: Value) -> Bound:
        parts = [part for part in statement.parts if not isinstance(part, Where)]
        stripped = Statement(*parts)
        sent.append(stripped.sql.decode())
        return whole(stripped, **values)

    monkeypatch.setattr(Statement, "bind", bind)
    return lambda: sent


class House(NamedTuple):
    """A database, and a user in it with all that it knows of her."""

    url: str
    alice: dict[str, Any]


@pytest.fixture(scope="module")
def house(make_database: Callable[[str], str]) -> House:
    """A database whose row-level security nobody else needs."""
    return inhabited(make_database("walls"))


@contextmanager
def no_row_level_security(url: str) -> Iterator[None]:
    """What an administrator can do."""
    with psycopg.connect(url, autocommit=True) as connection:

        def alter(action: str) -> None:
            tables = [
                f"alter table duly.{table} {action} row level security" for table in owned_tables()
            ]
            connection.execute("; ".join(tables).encode())

        alter("disable")
        try:
            yield
        finally:
            alter("enable")


def inhabited(url: str) -> House:
    """With a user who has tasks and lists of every kind."""
    subject = f"alice-{new_id()}"
    with psycopg.connect(url) as connection:
        connection.execute("insert into duly.spaces (id) values (%s)", [subject])
        connection.execute("insert into duly.users (subject) values (%s)", [subject])
        for completed, trashed in ((False, False), (True, False), (False, True)):
            connection.execute(
                "insert into duly.tasks (space_id, id, title, completed_at, deleted_at) values"
                " (%s, %s, 'secret', case when %s then now() end, case when %s then now() end)",
                [subject, new_id(), completed, trashed],
            )
        _add_recurring(connection, subject)
        connection.execute(
            "insert into duly.idempotency (user_id, key, operation, step, fingerprint, request_id,"
            " rows) values (%s, 'k', 0, 0, 'of hers', 'hers', '(secret,1,1)')",
            [subject],
        )
        for trashed in (False, True):
            connection.execute(
                "insert into duly.lists (space_id, id, name, deleted_at) values"
                " (%s, %s, 'secret', case when %s then now() end)",
                [subject, new_id(), trashed],
            )
    return House(url, {"subject": subject} | everything(url, subject))


def _add_recurring(connection: psycopg.Connection[Any], subject: str) -> None:
    """A task that has gone on to its next occurrence, and a part of it that is done."""
    task, part = new_id(), new_id()
    before = {"due_date": "2026-02-28", "below": {str(part): ["2026-02-28", None]}}
    connection.execute(
        "insert into duly.tasks (space_id, id, title, due_date, recurrence, recurrence_from,"
        " recurrence_anchor, stepped_from) values (%s, %s, 'secret', %s, %s, %s, %s, %s)",
        [
            *(subject, task, RECURRING["due_date"], RECURRING["recurrence"]),
            *(RECURRING["recurrence_from"], RECURRING["due_date"], Jsonb(before)),
        ],
    )
    connection.execute(
        "insert into duly.tasks (space_id, id, parent_id, title, completed_at)"
        " values (%s, %s, %s, 'secret', now())",
        [subject, part, task],
    )


def everything(url: str, subject: str) -> dict[str, Any]:
    """All rows of a user in every table, as the superuser sees them."""
    found: dict[str, Any] = {}
    with psycopg.connect(url) as connection:
        for table, owner in owned_tables().items():
            command = f"select to_jsonb(t)::text from duly.{table} t where {owner.column} = %s"
            found[table] = sorted(connection.execute(command.encode(), [subject]).fetchall())
        ids = connection.execute(
            "select id from duly.tasks where space_id = %(subject)s"
            " union select id from duly.lists where space_id = %(subject)s order by 1",
            {"subject": subject},
        )
        found["ids"] = [row[0] for row in ids]
    return found


@asynccontextmanager
async def visit(url: str) -> AsyncIterator[Session]:
    """Bob, who has two tasks: a statement without WHERE must meet somebody's rows."""
    pool = Pool(url)
    await pool.start()
    session = Session(pool, Principal(f"bob-{new_id()}", expires_at=0, name="Bob"), KnownUsers())
    for title in ("one", "two"):
        await session.run(tasks.create_task(TaskCreate(title=title)))
    try:
        yield session
    finally:
        await pool.close()


async def attempt(session: Session, operation: Operation[Any]) -> Any:
    """What an operation answers, a refusal included."""
    try:
        return await session.run(operation)
    except Problem as problem:
        return problem


def test_every_service_function_is_tried() -> None:
    assert {name.split()[0] for name in CASES} == functions().keys()
    assert len(functions()) >= 11


@pytest.mark.parametrize("name", CASES)
async def test_without_where_no_foreign_row_comes_back_or_is_changed(
    name: str, house: House, bare: Callable[[], list[str]]
) -> None:
    async with visit(house.url) as bob:
        await meet(name, house.alice, bob)
    assert not [statement for statement in bare() if " WHERE " in statement.upper()]
    assert everything(house.url, house.alice["subject"]).items() <= house.alice.items()


@pytest.mark.parametrize("name", CASES)
async def test_without_row_level_security_no_foreign_row_comes_back_or_is_changed(
    name: str, house: House
) -> None:
    async with visit(house.url) as bob:
        with no_row_level_security(house.url):
            await meet(name, house.alice, bob)
    assert everything(house.url, house.alice["subject"]).items() <= house.alice.items()


async def meet(name: str, alice: dict[str, Any], bob: Session) -> None:
    """Do it with each thing of alice; nothing of hers is seen."""
    for theirs in alice["ids"]:
        operation = CASES[name].operation(Meeting(bob.principal, theirs))
        result = await attempt(bob, operation)
        assert set(owners(result)) <= {bob.principal.subject}
        assert "secret" not in seen(result)


async def use_key(session: Session) -> list[str | None]:
    """Do something under the key that alice has used, twice; whom the answers name as first."""
    told: list[str | None] = []
    for _ in range(2):
        session._journal = Journal(lambda: Key("k", "of his"), told.append)  # noqa: SLF001 - one for each request
        made = await session.run(tasks.create_task(TaskCreate(title="x")))
        assert "secret" not in seen(made)
    return told


async def test_without_where_no_foreign_key_is_met(
    house: House, bare: Callable[[], list[str]]
) -> None:
    async with visit(house.url) as bob:
        assert await use_key(bob) == [None, None, ""]
    assert any("duly.replay" in statement for statement in bare())
    assert not [statement for statement in bare() if " WHERE " in statement.upper()]
    assert everything(house.url, house.alice["subject"]).items() <= house.alice.items()


async def test_without_row_level_security_no_foreign_key_is_met(house: House) -> None:
    async with visit(house.url) as bob:
        with no_row_level_security(house.url):
            assert await use_key(bob) == [None, None, ""]
    assert everything(house.url, house.alice["subject"]).items() <= house.alice.items()


async def test_without_both_foreign_rows_would_be_seen(
    house: House, bare: Callable[[], list[str]]
) -> None:
    url, alice = inhabited(house.url)  # among the newest
    async with visit(url) as bob:
        with no_row_level_security(url):
            page = await bob.run(tasks.list_tasks(TaskQuery(limit=200)))
    assert alice["subject"] in owners(page)
    assert bare()


def seen(result: object) -> str:
    """All that a caller can see of an answer."""
    return str(result.document("") if isinstance(result, Problem) else result)


def owners(result: object) -> list[str]:
    """Whose rows an answer shows."""
    assert not isinstance(result, int) or result <= 2  # a number of the caller's tasks
    match result:
        case (
            Representation(body=body)
            | ListRepresentation(body=body)
            | MeRepresentation(body=body)
            | (str(), Representation(body=body) | ListRepresentation(body=body))
        ):
            shown = json.loads(body)
            return [shown.get("user_id") or shown["subject"]]
        case Page(body=body, total=total):
            found = [task["user_id"] for task in json.loads(body) if "user_id" in task]
            assert total in (None, len(found))  # a count of other users' rows would give them away
            return found
        case Changes(changes=changes):
            data: list[dict[str, Any]] = [json.loads(each.body)["data"] or {} for each in changes]
            return [each.get("user_id", each.get("subject")) or "" for each in data if each]
        case (
            Problem(members={"current": {"user_id": owner}} | {"current": {"subject": owner}})
            | Head(space=owner)
        ):
            return [owner]
        # Lines do not say whose they are, but their titles do; two tasks are his own.
        case (
            None
            | int()
            | Undone()
            | Change()
            | bytes()
            | TagRead()
            | TrashLeft()
            | Merge()
            | Problem()
            | Lines()
            | Trash(tasks=0 | 2)
            | Stock(spaces=0)
        ):
            return []
        case list():  # of subjects
            return result
    raise TypeError(f"nobody looks into {type(result).__name__} yet")
