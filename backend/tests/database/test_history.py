"""Whatever becomes of people's rows is in the history, whoever writes and however."""

from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from sqlalchemy import inspect

from backend.core.ids import new_id
from backend.models import Change, Erasure, List, SpaceSettings, Task
from backend.models.ownership import owned_tables
from backend.tests.database.test_schema import acting

RECORDED = {"tasks": Task, "lists": List, "settings": SpaceSettings}
# Numbered, but of nobody who could look at a history.
NOT_RECORDED = {"erasures": Erasure, "history": Change}
# What says which row it is, and what follows from other columns.
SILENT = {
    *("space_id", "id", "version", "created_at", "updated_at"),
    *("title_key", "words", "due_key", "completed", "is_inbox"),
}
# Another value of each column, by type or name.
OTHER = {
    "title": "'Buy bread'",
    "name": "'Home'",
    "description": "'2 l'",
    "color": "'#00ff00'",
    "position": "'Zz'",
    "tags": "'{a}'",
    "priority": "3",
    "archived": "true",
    "due_date": "'2026-03-01'",
    "due_time": "'09:00'",
    "due_time_zone": "'Europe/Berlin'",
    "recurrence": "'FREQ=DAILY'",
    "recurrence_anchor": "'2026-03-01 09:00'",
    "recurrence_from": "'completion'",
    "stepped_from": "'{}'",
    "time_zone": "'Europe/Berlin'",
    "completed_at": "now()",
    "deleted_at": "now()",
    "list_id": "(select id from duly.lists where not is_inbox)",
    "parent_id": "(select id from duly.tasks where title = 'Shop')",
    "completed_with": "uuidv7()",
    "trashed_with": "uuidv7()",
}
NEEDED = {
    "due_time": {"due_date"},
    "due_time_zone": {"due_date", "due_time"},
    "recurrence": {"due_date", "recurrence_anchor"},
}


@pytest.fixture
def user() -> str:
    return f"history-{uuid4().hex[:12]}"


@pytest.fixture
def connection(database_url: str, user: str) -> Iterator[psycopg.Connection]:
    """As a request of the user, all in one transaction."""
    with acting(database_url, user) as connection:
        connection.execute("select set_config('app.actor', %s, true)", [user])
        connection.execute("select set_config('app.request_id', 'r1', true)")
        yield connection


def columns(name: str) -> set[str]:
    return {column.name for column in inspect(RECORDED[name]).local_table.c} - SILENT


def history(connection: psycopg.Connection) -> list[dict[str, Any]]:
    """All of the space's history, in order."""
    found = connection.execute(
        "select to_jsonb(history) - 'space_id' - 'at' from duly.history order by version"
    )
    return [row[0] for row in found]


def insert(connection: psycopg.Connection, table: str) -> None:
    connection.execute(
        {
            "tasks": "insert into duly.tasks (id, title)"
            " values (uuidv7(), 'Shop'), (uuidv7(), 'Buy milk')",
            "lists": "insert into duly.lists (id, name) values (uuidv7(), 'Work')",
            "settings": "insert into duly.settings (time_zone) values ('UTC')",
        }[table].encode()
    )


def test_every_numbered_table_is_recorded_or_decided_upon(database_url: str) -> None:
    """A new table of people's things needs `owned.record` in its migration."""
    numbered = {
        name for name, _ in owned_tables().items() if "version" in _columns_of(database_url, name)
    }
    assert numbered == RECORDED.keys() | NOT_RECORDED.keys()


def _columns_of(url: str, table: str) -> set[str]:
    with psycopg.connect(url) as connection:
        found = connection.execute(
            "select column_name from information_schema.columns"
            " where table_schema = 'duly' and table_name = %s",
            [table],
        )
        return {row[0] for row in found}


@pytest.mark.parametrize(
    ("table", "column"),
    [(table, column) for table in RECORDED for column in sorted(columns(table))],
)
def test_a_change_of_any_column_is_kept_as_it_was_and_as_it_is(
    table: str, column: str, connection: psycopg.Connection
) -> None:
    """A column that is forgotten would be a change that undo does not know."""
    for each in dict.fromkeys(("lists", "tasks", table)):
        insert(connection, each)
    changed = {column, *NEEDED.get(column, set())}
    values = ", ".join(f"{name} = {OTHER[name]}" for name in sorted(changed))
    chosen = {"lists": "not is_inbox", "tasks": "title = 'Buy milk'"}.get(table, "true")
    connection.execute(f"update duly.{table} set {values} where {chosen}".encode())
    last = history(connection)[-1]
    assert last["change"] == "updated"
    assert last["before"].keys() == last["after"].keys() >= changed
    assert last["before"][column] != last["after"][column]


def test_a_change_says_who_made_it_in_which_request_and_transaction(
    connection: psycopg.Connection, user: str
) -> None:
    insert(connection, "tasks")
    connection.execute("update duly.tasks set title = 'Buy bread', priority = 2")
    _, made, _, changed = history(connection)
    assert made["before"] is made["after"] is None
    assert made["change"] == "created"
    assert changed["before"] == {"title": "Buy milk", "priority": 0}
    assert changed["after"] == {"title": "Buy bread", "priority": 2}
    for each in (made, changed):
        assert each["actor"] == user
        assert each["request_id"] == "r1"
        assert each["operation"] == made["version"] - 1


def test_what_is_gone_for_good_leaves_its_numbers_and_no_content(
    connection: psycopg.Connection,
) -> None:
    secret = f"secret-{new_id()}"
    for table in ("tasks", "lists"):
        insert(connection, table)
    connection.execute("update duly.tasks set title = %s, description = %s", [secret, secret])
    connection.execute("update duly.lists set name = %s where not is_inbox", [secret])
    assert secret in str(history(connection))
    connection.execute("delete from duly.tasks")
    connection.execute("delete from duly.lists where not is_inbox")
    found = history(connection)
    assert secret not in str(found)
    assert [each["change"] for each in found[-3:]] == ["deleted"] * 3
    assert len({each["version"] for each in found}) == len(found) == 9
    # The next write goes on behind them.
    insert(connection, "tasks")
    assert history(connection)[-1]["version"] > found[-1]["version"]


def test_what_goes_along_with_its_list_is_gone_for_good_too(
    connection: psycopg.Connection,
) -> None:
    insert(connection, "lists")
    connection.execute(
        "insert into duly.tasks (id, title, list_id)"
        " select uuidv7(), 'Buy milk', id from duly.lists where not is_inbox"
    )
    connection.execute("update duly.tasks set title = 'Buy bread'")
    connection.execute("delete from duly.lists where not is_inbox")
    found = history(connection)
    assert sorted(each["type"] for each in found if each["change"] == "deleted") == ["list", "task"]
    assert "Buy" not in str(found)


def test_an_administrator_is_recorded_as_well(database_url: str, user: str) -> None:
    with acting(database_url, user) as connection:
        insert(connection, "tasks")
    with psycopg.connect(database_url) as administrator:
        administrator.execute("update duly.tasks set title = 'z' where space_id = %s", [user])
    with acting(database_url, user) as connection:
        last = history(connection)[-1]
    assert last["after"] == {"title": "z"}
    assert last["actor"] is None


def test_many_rows_of_one_statement_are_one_operation(connection: psycopg.Connection) -> None:
    connection.execute(
        "insert into duly.tasks (id, title) select uuidv7(), 'x' from generate_series(1, 2000)"
    )
    connection.execute("update duly.tasks set title = 'y'")
    found = history(connection)
    assert len({each["version"] for each in found}) == 4000
    assert {each["operation"] for each in found} == {found[0]["version"]}


def test_whoever_deletes_a_space_leaves_neither_its_history_nor_its_keys(
    connection: psycopg.Connection,
) -> None:
    insert(connection, "tasks")
    connection.execute("update duly.tasks set title = 'Buy bread'")
    connection.execute(
        "insert into duly.idempotency (key, operation, step, fingerprint, rows)"
        " values ('k', 0, 0, 'f', '(\"Buy bread\")')"
    )
    # As a program did before there was a history: no statement names that, or the keys.
    connection.execute("delete from duly.spaces")
    assert history(connection) == []
    assert connection.execute("select from duly.idempotency").fetchall() == []


def test_what_is_gone_is_found_in_a_history_that_was_small_when_it_was_looked_through_first(
    make_database: Callable[[str], str],
) -> None:
    """A connection that keeps its first plan would read all of the history for each row."""
    with psycopg.connect(make_database("grown"), autocommit=True) as connection:
        make = "insert into duly.tasks (space_id, id, title) select 'x', uuidv7(), 'y'"
        connection.execute("insert into duly.spaces (id) values ('x')")
        connection.execute(make.encode())
        connection.execute("vacuum analyze")
        connection.execute("delete from duly.tasks")
        many = 5_000
        connection.execute(f"{make} from generate_series(1, {many})".encode())
        with connection.transaction():
            connection.execute("delete from duly.tasks")
            read = connection.execute(
                "select seq_tup_read + idx_tup_fetch from pg_stat_xact_user_tables"
                " where relname = 'history'"
            ).fetchone()
    assert read
    assert 0 < read[0] <= 3 * many
