"""The second wall: what PostgreSQL itself refuses, numbers and hides."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from psycopg import errors
from pydantic import ValidationError

from backend.core.ids import new_id
from backend.schemas.task import TaskCreate

ASTRAL = "\N{PILE OF POO}"  # one character, four bytes, two UTF-16 units


@contextmanager
def acting(url: str, user: str | None) -> Iterator[psycopg.Connection]:
    """A transaction as a request of `user` has it."""
    with psycopg.connect(url) as connection:
        connection.execute("select set_config('role', 'duly_api', true)")
        if user is not None:
            connection.execute(
                "select set_config('app.user_id', %s, true), set_config('app.space_id', %s, true),"
                " pg_advisory_xact_lock(hashtextextended(%s, 0))",
                [user, user, user],
            )
            if user:
                connection.execute("insert into duly.spaces default values on conflict do nothing")
        yield connection


def add(connection: psycopg.Connection, **values: Any) -> int:
    """Insert a task; its version."""
    values = {"id": new_id(), "title": "x"} | values
    names, places = ", ".join(values), ", ".join(["%s"] * len(values))
    row = connection.execute(
        f"insert into duly.tasks ({names}) values ({places}) returning version".encode(),
        list(values.values()),
    ).fetchone()
    assert row is not None
    return int(row[0])


@pytest.fixture
def user() -> str:
    return f"schema-{uuid4().hex[:12]}"


TEXTS: dict[str, tuple[dict[str, Any], bool]] = {
    "title of 500": ({"title": "x" * 500}, True),
    "title of 501": ({"title": "x" * 501}, False),
    "title of 500 astral": ({"title": ASTRAL * 500}, True),
    "title of 501 astral": ({"title": ASTRAL * 501}, False),
    "empty title": ({"title": ""}, False),
    "blank title": ({"title": "   "}, False),
    "title of tabs and newlines": ({"title": "\t\r\n\v\f"}, False),
    "title of no-break spaces": ({"title": "\N{NO-BREAK SPACE}"}, False),
    "title of ideographic spaces": ({"title": "\N{IDEOGRAPHIC SPACE}"}, False),
    "description of 16384": ({"description": "x" * 16_384}, True),
    "description of 16385": ({"description": "x" * 16_385}, False),
    "description of 16384 astral": ({"description": ASTRAL * 16_384}, True),
    "description of 16385 astral": ({"description": ASTRAL * 16_385}, False),
    "empty description": ({"description": ""}, True),
    "no description": ({"description": None}, True),
    "uuid7": ({"id": new_id()}, True),
    "uuid4": ({"id": uuid4()}, False),
    "uuid7 of another variant": ({"id": UUID("018f0000-0000-7000-0000-000000000001")}, False),
    "nil": ({"id": UUID(int=0)}, False),
    "max": ({"id": UUID(int=2**128 - 1)}, False),
}


@pytest.mark.parametrize("name", TEXTS)
def test_the_constraints_mirror_the_schemas(name: str, database_url: str, user: str) -> None:
    values, welcome = TEXTS[name]
    if welcome:
        TaskCreate(**{"title": "x"} | values)
        with acting(database_url, user) as connection:
            add(connection, **values)
    else:
        with pytest.raises(ValidationError):
            TaskCreate(**{"title": "x"} | values)
        with pytest.raises(errors.CheckViolation), acting(database_url, user) as connection:
            add(connection, **values)


@pytest.mark.parametrize(
    ("column", "value", "welcome"),
    [
        ("name", "x" * 255, True),
        ("name", "x" * 256, False),
        ("email", "x" * 320, True),
        ("email", "x" * 321, False),
    ],
)
def test_the_words_about_a_user_are_bounded(
    database_url: str, user: str, column: str, value: str, *, welcome: bool
) -> None:
    command = f"insert into duly.users ({column}) values (%s)".encode()
    with acting(database_url, user) as connection:
        if welcome:
            connection.execute(command, [value])
        else:
            with pytest.raises(errors.CheckViolation):
                connection.execute(command, [value])


def test_every_write_takes_the_next_number_of_its_user(database_url: str, user: str) -> None:
    with acting(database_url, user) as connection:
        first = add(connection)
        assert [add(connection) for _ in range(2)] == [first + 1, first + 2]
        changed = connection.execute(
            "update duly.tasks set title = 'y' returning version, updated_at = now()"
        ).fetchall()
        assert sorted(changed) == [(first + n, True) for n in (3, 4, 5)]
        [(reserved,)] = connection.execute("select last_version from duly.spaces").fetchall()
        assert reserved >= first + 5
    with acting(database_url, f"{user}-other") as connection:
        assert add(connection) == first


def test_a_write_that_is_rolled_back_leaves_no_gap(database_url: str, user: str) -> None:
    with acting(database_url, user) as connection:
        first = add(connection)
    with acting(database_url, user) as connection:
        assert add(connection) == first + 1
        connection.rollback()
    with acting(database_url, user) as connection:
        assert add(connection) == first + 1


def test_concurrent_writers_number_without_gaps_in_the_order_of_their_commits(
    database_url: str, user: str
) -> None:
    writers, each = 6, 40
    seen: list[list[int]] = []

    def write() -> None:
        for _ in range(each):
            with acting(database_url, user) as connection:
                add(connection)

    def watch() -> None:
        """The numbers that are visible, again and again."""
        with psycopg.connect(database_url, autocommit=True) as connection:
            while not seen or len(seen[-1]) < writers * each:
                rows = connection.execute(
                    "select version from duly.tasks where space_id = %s order by version", [user]
                )
                seen.append([row[0] for row in rows])

    threads = [threading.Thread(target=write) for _ in range(writers)]
    threads.append(threading.Thread(target=watch))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    # Whoever looks, whenever, sees all numbers up to some number: nothing turns up behind it.
    first = seen[-1][0]
    assert all(numbers == list(range(first, first + len(numbers))) for numbers in seen)
    assert len(seen[-1]) == writers * each


def test_users_are_isolated_in_every_table(database_url: str, user: str) -> None:
    other = f"{user}-other"
    for name in (user, other):
        with acting(database_url, name) as connection:
            connection.execute("insert into duly.users (name) values ('me')")
            add(connection)
    with acting(database_url, user) as connection:
        assert connection.execute("select subject from duly.users").fetchall() == [(user,)]
        assert connection.execute("select space_id from duly.tasks").fetchall() == [(user,)]
        assert connection.execute("update duly.users set name = 'mine'").rowcount == 1
        assert connection.execute("update duly.tasks set title = 'mine'").rowcount == 1
        connection.execute("delete from duly.tasks")
        connection.execute("delete from duly.users")
    with acting(database_url, other) as connection:
        assert connection.execute("select name from duly.users").fetchall() == [("me",)]
        assert connection.execute("select title from duly.tasks").fetchall() == [("x",)]


@pytest.mark.parametrize("user_id", [None, ""], ids=["never set", "empty"])
def test_without_a_user_there_are_no_rows_and_nothing_can_be_written(
    database_url: str, user_id: str | None
) -> None:
    with acting(database_url, user_id) as connection:
        assert connection.execute("select * from duly.users").fetchall() == []
        assert connection.execute("select * from duly.tasks").fetchall() == []
        assert connection.execute("select * from duly.spaces").fetchall() == []
    for table in ("spaces", "users"):
        with (
            pytest.raises((errors.InsufficientPrivilege, errors.NotNullViolation)),
            acting(database_url, user_id) as connection,
        ):
            connection.execute(f"insert into duly.{table} default values".encode())
    with (
        pytest.raises(psycopg.DatabaseError, match="no such space"),
        acting(database_url, user_id) as connection,
    ):
        add(connection)


@pytest.mark.parametrize(
    "command",
    [
        "update duly.tasks set version = 1",
        "update duly.tasks set space_id = 'bob'",
        "update duly.tasks set created_at = now()",
        "update duly.tasks set updated_at = now()",
        "update duly.tasks set id = gen_random_uuid()",
        "insert into duly.tasks (space_id, id, title) values ('bob', gen_random_uuid(), 'x')",
        "insert into duly.tasks (id, title, version) values (gen_random_uuid(), 'x', 9)",
        "insert into duly.lists (id, name, updated_at) values (gen_random_uuid(), 'x', now())",
        "insert into duly.users (subject) values ('bob')",
        "update duly.users set subject = 'bob'",
        "update duly.users set created_at = now()",
        "truncate duly.tasks",
        "alter table duly.tasks disable row level security",
        "drop policy own_rows on duly.tasks",
        "create table duly.mine ()",
        "select * from duly.alembic_version",
    ],
)
def test_requests_may_not(database_url: str, user: str, command: str) -> None:
    """Owner, numbers and times are the database's own; so is the schema."""
    if command.startswith("insert into duly.users"):
        # The trigger makes a user's row, so the column may be written: row-level security decides.
        expected = "row-level security"
    else:
        expected = "permission denied|must be owner"
    with (
        pytest.raises(errors.InsufficientPrivilege, match=expected),
        acting(database_url, user) as connection,
    ):
        connection.execute(command.encode())
