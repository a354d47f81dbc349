"""With every WHERE taken out of the statements, row-level security still keeps users apart."""

import inspect
import json
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from types import ModuleType
from typing import Any
from uuid import UUID

import psycopg
import pytest
from sqlalchemy import ClauseElement, literal, select

from backend.core.ids import new_id
from backend.core.principal import Principal
from backend.core.problems import Problem
from backend.database.connection.pool import Pool
from backend.database.connection.wire import Rows, Tag
from backend.database.session import Session
from backend.database.statements import Bound, Statement, Value
from backend.schemas.task import TaskCreate, TaskQuery, TaskUpdate, TrashQuery
from backend.schemas.user import Me
from backend.services import tasks, users
from backend.services.tasks import pages, writes
from backend.services.tasks.pages import Page
from backend.services.tasks.writes import Representation
from backend.services.users import KnownUsers

pytestmark = pytest.mark.anyio

SERVICES: list[ModuleType] = [pages, writes, users]
Service = Callable[[Session, UUID], Awaitable[Any]]
# Every service function, called with the id of somebody else's task.
CALLS: dict[str, Service] = {
    "get_task": tasks.get_task,
    "create_task": lambda db, theirs: tasks.create_task(db, TaskCreate(id=theirs, title="x")),
    "update_task": lambda db, theirs: tasks.update_task(db, theirs, TaskUpdate(title="x")),
    "update_task with If-Match": lambda db, theirs: tasks.update_task(
        db, theirs, TaskUpdate(description="x"), versions=[1, 2, 3]
    ),
    "update_task with nothing": lambda db, theirs: tasks.update_task(db, theirs, TaskUpdate()),
    "complete_task": lambda db, theirs: tasks.complete_task(db, theirs, completed=True),
    "complete_task toggling": lambda db, theirs: tasks.complete_task(db, theirs, completed=None),
    "delete_task": tasks.delete_task,
    "restore_task": tasks.restore_task,
    "empty_trash": lambda db, _: tasks.empty_trash(db),
    "list_tasks": lambda db, _: tasks.list_tasks(db, TaskQuery(count="exact")),
    "list_tasks completed": lambda db, _: tasks.list_tasks(db, TaskQuery(status="completed")),
    "list_trash": lambda db, _: tasks.list_trash(db, TrashQuery()),
    "erase_me": lambda db, _: users.erase_me(db, users.KnownUsers()),
    "describe_me": lambda db, _: users.describe_me(db),
}


def without_where(expression: ClauseElement) -> Any:
    """The same statement for every row that there is."""
    bare: Any = expression._clone()  # noqa: SLF001 - SQLAlchemy only ever adds criteria
    if hasattr(bare, "_where_criteria"):
        bare._where_criteria = ()  # noqa: SLF001 - as above
    conflict: Any = getattr(bare, "_post_values_clause", None)
    if conflict is not None:
        bare._post_values_clause = conflict._clone()  # noqa: SLF001 - as above
        bare._post_values_clause.update_whereclause = None  # noqa: SLF001 - as above
    return bare


@pytest.fixture
def mutilated(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Takes WHERE out of whatever is sent; the SQL that was."""
    sent: list[str] = []
    whole = Statement.bind

    def bind(statement: Statement, **values: Value) -> Bound:
        bare = Statement(without_where(statement.expression))
        sent.append(bare.sql.decode())
        return whole(bare, **values)

    monkeypatch.setattr(Statement, "bind", bind)
    return sent


@pytest.fixture
def alice(database_url: str) -> dict[str, Any]:
    """A user with a task of every kind, and all that the database knows of her."""
    subject = f"alice-{new_id()}"
    with psycopg.connect(database_url) as connection:
        connection.execute("select set_config('app.user_id', %s, true)", [subject])
        for completed, trashed in ((False, False), (True, False), (False, True)):
            connection.execute(
                "insert into duly.tasks (id, title, completed_at, deleted_at) values"
                " (%s, 'secret', case when %s then now() end, case when %s then now() end)",
                [new_id(), completed, trashed],
            )
    return {"subject": subject} | everything(database_url, subject)


def everything(url: str, subject: str) -> dict[str, Any]:
    """All rows of a user, as the superuser sees them."""
    with psycopg.connect(url) as connection:
        return {
            "tasks": connection.execute(
                "select to_jsonb(t)::text, id from duly.tasks t where user_id = %s order by id",
                [subject],
            ).fetchall(),
            "user": connection.execute(
                "select to_jsonb(u)::text from duly.users u where subject = %s", [subject]
            ).fetchall(),
        }


def test_every_service_function_is_in_the_table() -> None:
    functions = {
        name
        for module in SERVICES
        for name, function in inspect.getmembers(module, inspect.iscoroutinefunction)
        if function.__module__ == module.__name__ and not name.startswith("_")
    }
    assert functions == {name.split()[0] for name in CALLS}


@pytest.mark.parametrize("name", CALLS)
@pytest.mark.parametrize("kind", range(3), ids=["open", "completed", "trashed"])
async def test_no_foreign_row_comes_back_or_is_changed(
    name: str, kind: int, alice: dict[str, Any], database_url: str, mutilated: list[str]
) -> None:
    bob = Principal(f"bob-{new_id()}", expires_at=0, name="Bob", issued_at=1)
    pool = Pool(database_url)
    await pool.start()
    known_users = KnownUsers()
    for title in ("one", "two"):  # a statement without WHERE must meet somebody's rows
        await tasks.create_task(
            Session(pool, bob, known_users.needed(bob)), TaskCreate(title=title)
        )
    result = None
    with suppress(Problem):
        theirs = alice["tasks"][kind][1]
        result = await CALLS[name](Session(pool, bob, known_users.needed(bob)), theirs)
    await pool.close()

    assert not [statement for statement in mutilated if " WHERE " in statement.upper()]
    assert set(owners(result)) <= {bob.subject}
    assert "secret" not in str(result)
    assert everything(database_url, alice["subject"]) == {
        "tasks": alice["tasks"],
        "user": alice["user"],
    }


class Unbound(Pool):
    """Sends everything as the login role, which row-level security does not bind."""

    async def call(
        self, statements: Sequence[Bound], *, read_only: bool, tag: Tag | None = None
    ) -> list[Rows]:
        """As `Pool.call`, without what makes it somebody's."""
        user = (statements[0].values[0] or b"").decode()
        harmless = Statement(select(literal("no role"), literal(user))).bind()
        return await super().call([harmless, *statements[1:]], read_only=read_only, tag=tag)


async def test_without_row_level_security_the_same_would_show_foreign_rows(
    database_url: str, alice: dict[str, Any], mutilated: list[str]
) -> None:
    pool = Unbound(database_url)
    await pool.start()
    bob = Session(pool, Principal(f"bob-{new_id()}", expires_at=0))
    page = await tasks.list_tasks(bob, TaskQuery(limit=200))
    await pool.close()
    assert alice["subject"] in owners(page)
    assert mutilated


def owners(result: object) -> list[str]:
    """Whose tasks a service function gave."""
    match result:
        case Representation(body=body):
            return [json.loads(body)["user_id"]]
        case (UUID(), Representation(body=body)):
            return [json.loads(body)["user_id"]]
        case Page(body=body, total=total):
            found = [task["user_id"] for task in json.loads(body)]
            assert total in (None, len(found))  # a count of other users' rows would give them away
            return found
        case Me(subject=subject):
            return [subject]
        case None:
            return []
    raise TypeError(f"nobody looks into {type(result).__name__} yet")
