"""Every statement of a request reaches the caller's rows, and only those, through an index."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest

from backend.core.ids import new_id
from backend.core.principal import Principal
from backend.database.connection.pool import Pool, PoolOptions
from backend.database.isolation import read_prelude
from backend.database.session import Session
from backend.database.statements import Statement
from backend.models.ownership import owned_tables
from backend.schemas.task import TaskQuery
from backend.services.tasks.pages import list_tasks
from backend.services.users import KnownUsers
from backend.tests.database.test_schema import acting
from backend.tests.isolation.cases import CASES, Meeting

USERS = "insert into duly.users (subject) select 'user-' || u from generate_series(1, 2000) u"
SPACES = "insert into duly.spaces (id) select subject from duly.users"
SETTINGS = "insert into duly.settings (space_id) select subject from duly.users"
ANALYZE = "analyze duly.users, duly.spaces, duly.settings, duly.tasks"
TASKS = """
insert into duly.tasks (space_id, id, title, created_at, completed_at, deleted_at)
select 'user-' || u, ('018f0000-0000-7000-8000-' || lpad(to_hex(u * 1000 + n), 12, '0'))::uuid,
    'Task ' || n, now() - make_interval(mins => n * 7 % 100),
    case when n % 3 = 0 then now() end, case when n % 10 = 0 then now() end
from generate_series(1, 200) u, generate_series(1, 100) n
"""
# By a sub-select, or where each owner has one row by the setting itself.
OWNER = {
    name: re.compile(rf"\({owner.column} = \(*(InitPlan|NULLIF\()")
    for name, owner in owned_tables().items()
}
PLANS = Statement(
    "select generic_plans, custom_plans from pg_prepared_statements"
    " where statement ilike '%from duly.tasks%' and statement not ilike '%prepared%'"
)
OF_DOMAIN = re.compile(r"\((\w+)\)::(text|uuid|smallint)")  # how EXPLAIN shows such a column

Nodes = list[dict[str, Any]]


MEETING = Meeting(Principal("somebody", expires_at=0, name="Somebody"), new_id())
LISTS = {name: case.arguments["query"] for name, case in CASES.items() if "list_tasks" in name}
READS_NOTHING = "create_task 0"
READ_PARTS = {"complete_task next", "complete_task last"}  # what is below, by its own index
ONE_TASK = [
    name
    for name in CASES
    if "_task " in name
    and name not in {READS_NOTHING, *READ_PARTS, *LISTS}
    and "purge_" not in name
]


def said(name: str) -> list[bytes]:
    """The SQL of a call, made by somebody whom the process does not know yet."""
    operation = CASES[name].operation(MEETING)
    introduction = KnownUsers().needed(MEETING.caller)
    assert introduction
    bound = (introduction.statement, *operation.statements, *operation.reasons)
    return [statement.sql for statement, _ in bound]


@pytest.fixture(scope="module")
def connection(make_database: Callable[[str], str]) -> Iterator[psycopg.Connection]:
    """A transaction of one among many users, who have a hundred tasks each."""
    url = make_database("plans")
    with psycopg.connect(url, autocommit=True) as owner:
        owner.execute("set session_replication_role = replica")  # without the trigger
        for command in (USERS, SPACES, SETTINGS, TASKS, ANALYZE):
            owner.execute(command.encode())
    with acting(url, "user-7") as connection:
        yield connection


def plan(connection: psycopg.Connection, name: str) -> Nodes:
    """The nodes of the plans of a call's statements.

    Generic plans, which the prelude asks for: they depend on no value.
    """
    found: Nodes = []
    for statement in said(name):
        explain = b"explain (generic_plan, format json) " + statement
        row = connection.execute(explain, prepare=False).fetchone()
        assert row
        found += nodes(row[0][0]["Plan"])
    return found


def nodes(root: dict[str, Any]) -> Nodes:
    return [root, *(node for child in root.get("Plans", []) for node in nodes(child))]


def reads(found: Nodes) -> Nodes:
    """The nodes that read a table, not those that write it."""
    return [node for node in found if "Relation Name" in node and "Operation" not in node]


def bounds(read: dict[str, Any]) -> str:
    """Between which entries of an index a node reads; empty when it reads the whole table."""
    found = str(read.get("Index Cond") or "".join(map(bounds, read.get("Plans", []))))
    return OF_DOMAIN.sub(r"\1", found)


@pytest.mark.parametrize("name", CASES)
def test_only_rows_of_the_caller_are_read(name: str, connection: psycopg.Connection) -> None:
    found = reads(plan(connection, name))
    assert found or name == READS_NOTHING
    for read in found:
        assert OWNER[read["Relation Name"]].search(bounds(read)), read


def test_every_index_starts_with_the_owner(connection: psycopg.Connection) -> None:
    """Where the owner came later, a condition on it would still read all of the index."""
    indexes = connection.execute(
        "select indrelid::regclass::text, pg_get_indexdef(indexrelid, 1, true) from pg_index"
        " where indrelid in (select oid from pg_class where relnamespace = 'duly'::regnamespace"
        " and relname <> 'alembic_version')"
    )
    owners = {(f"duly.{name}", owner.column) for name, owner in owned_tables().items()}
    assert set(indexes.fetchall()) == owners


@pytest.mark.parametrize("name", ONE_TASK)
def test_one_task_is_found_by_its_key(name: str, connection: psycopg.Connection) -> None:
    for read in reads(plan(connection, name)):
        # `Index Only` asks whether there is one.
        assert read["Node Type"] in {"Index Scan", "Index Only Scan"}
        assert read["Index Name"] == "tasks_pkey"
        assert "(id = $" in bounds(read)


@pytest.mark.anyio
async def test_every_user_gets_the_plan_that_is_checked_here(database_url: str) -> None:
    pool = Pool(database_url, PoolOptions(size=1))
    await pool.start()
    try:
        for number in range(3):
            principal = Principal(f"planned-{number}", expires_at=0)
            await Session(pool, principal, KnownUsers()).run(list_tasks(TaskQuery()))
        [_, plans] = await pool.call([read_prelude("", ""), PLANS.bind()], read_only=True)
    finally:
        await pool.close()
    assert plans == [(b"3", b"0")]
