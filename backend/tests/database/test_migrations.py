"""The schema comes and goes beside Better Auth's tables, and never touches them."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from shutil import copytree
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from alembic.script import ScriptDirectory
from sqlalchemy import make_url

from backend.database import migrate
from backend.database.embedded import EmbeddedServer
from backend.models.ownership import owned_tables
from scripts import migrations

# As better-auth 1.7 makes them on PostgreSQL: quoted camelCase, in `public`.
BETTER_AUTH = """
create table "user" ("id" text primary key, "name" text not null, "email" text not null unique,
    "emailVerified" boolean not null, "image" text,
    "createdAt" timestamptz not null default now(), "updatedAt" timestamptz not null default now());
create table "session" ("id" text primary key, "expiresAt" timestamptz not null,
    "token" text not null unique, "ipAddress" text, "userAgent" text,
    "userId" text not null references "user" ("id") on delete cascade);
create table "account" ("id" text primary key, "accountId" text not null,
    "providerId" text not null, "userId" text not null references "user" ("id") on delete cascade,
    "password" text);
create table "verification" ("id" text primary key, "identifier" text not null,
    "value" text not null, "expiresAt" timestamptz not null);
create table "jwks" ("id" text primary key, "publicKey" text not null, "privateKey" text not null,
    "createdAt" timestamptz not null default now());
create index "session_userId_idx" on "session" ("userId");
insert into "user" values ('u1', 'Alice', 'alice@example.com', true, null);
insert into "session" values ('s1', now(), 'token', null, null, 'u1');
insert into "account" values ('a1', 'u1', 'credential', 'u1', 'hash');
insert into "verification" values ('v1', 'alice@example.com', 'code', now());
insert into "jwks" values ('k1', 'public', 'private');
"""
TASK_OF_ALICE = (
    "insert into duly.tasks ({}, id, title)"
    " values ('alice', '018f0000-0000-7000-8000-000000000001', 'kept')"
)
WAITING = (
    "select count(*) from pg_locks join pg_database d on d.oid = database"
    " where not granted and mode = 'AccessExclusiveLock' and datname = current_database()"
)
TABLES = ["account", "jwks", "session", "user", "verification"]


@pytest.fixture
def shared(cluster: EmbeddedServer) -> Iterator[str]:
    """A new database that Better Auth uses already, as its owner, who is no superuser."""
    name = f"migrations_{uuid4().hex[:12]}"
    url = cluster.database(name)
    with psycopg.connect(url, autocommit=True) as superuser:
        superuser.execute(f"create role {name} login createrole".encode())
        superuser.execute(f"alter database {name} owner to {name}".encode())
        superuser.execute(f"alter schema public owner to {name}".encode())
        # Roles belong to the whole cluster: another test may make it at any moment.
        with suppress(psycopg.errors.DuplicateObject, psycopg.errors.UniqueViolation):
            superuser.execute("create role duly_api nologin")
        superuser.execute(f"grant duly_api to {name} with admin option".encode())
    owner = make_url(url).set(username=name).render_as_string(hide_password=False)
    with psycopg.connect(owner) as connection:
        connection.execute(BETTER_AUTH)
    yield owner
    with psycopg.connect(cluster.url(), autocommit=True) as superuser:
        superuser.execute(f"drop database {name} with (force)".encode())
        superuser.execute(f"drop role {name}".encode())


def as_superuser(url: str) -> psycopg.Connection:
    """A connection that row-level security does not bind."""
    return psycopg.connect(make_url(url).set(username="postgres").render_as_string())


def public(url: str) -> dict[str, Any]:
    """Everything in `public`: columns, indexes, constraints and rows."""
    with psycopg.connect(url) as connection:
        columns = connection.execute(
            "select table_name, column_name, data_type, is_nullable, column_default"
            " from information_schema.columns where table_schema = 'public' order by 1, 2"
        ).fetchall()
        indexes = connection.execute(
            "select indexdef from pg_indexes where schemaname = 'public' order by 1"
        ).fetchall()
        rights = connection.execute(
            "select table_name, grantee, privilege_type from information_schema.role_table_grants"
            " where table_schema = 'public' order by 1, 2, 3"
        ).fetchall()
        rows = [
            connection.execute(
                f'select to_jsonb(t)::text from public."{table}" t'.encode()
            ).fetchall()
            for table in TABLES
        ]
    return {"columns": columns, "indexes": indexes, "rights": rights, "rows": rows}


def ours(url: str) -> list[str]:
    """The tables in `duly`."""
    with psycopg.connect(url) as connection:
        found = connection.execute(
            "select table_name from information_schema.tables"
            " where table_schema = 'duly' order by 1"
        )
        return [row[0] for row in found]


def test_up_down_and_up_again_beside_better_auth(shared: str) -> None:
    before = public(shared)
    migrate.upgrade(shared)
    migrate.check(shared)
    assert ours(shared) == ["alembic_version", *sorted(owned_tables())]
    assert public(shared) == before
    migrate.downgrade(shared, "base")
    assert ours(shared) == ["alembic_version"]
    assert public(shared) == before
    migrate.upgrade(shared)
    migrate.check(shared)
    assert public(shared) == before


def test_upgrading_twice_changes_nothing_and_keeps_the_rows(shared: str) -> None:
    migrate.upgrade(shared)
    with as_superuser(shared) as connection:
        connection.execute("insert into duly.spaces (id) values ('alice')")
        connection.execute(TASK_OF_ALICE.format("space_id").encode())
    migrate.upgrade(shared)
    with as_superuser(shared) as connection:
        assert connection.execute("select title from duly.tasks").fetchall() == [("kept",)]


def test_what_users_have_survives_the_move_to_spaces_and_back(shared: str) -> None:
    migrate.upgrade(shared, "0003")
    with as_superuser(shared) as connection:
        connection.execute("insert into duly.users (subject, last_version) values ('bob', 41)")
        connection.execute(TASK_OF_ALICE.format("user_id").encode())
    migrate.upgrade(shared)
    with as_superuser(shared) as connection:
        spaces = connection.execute(
            "select id, last_version from duly.spaces where id not like '~%' order by id"
        )
        assert spaces.fetchall() == [("alice", 1), ("bob", 41)]
        tasks = connection.execute("select space_id, title, version from duly.tasks")
        assert tasks.fetchall() == [("alice", "kept", 1)]
        connection.execute("insert into duly.spaces (id) values ('~shared')")
        connection.execute("update duly.tasks set title = 'kept on'")
    migrate.downgrade(shared, "0003")
    with as_superuser(shared) as connection:
        users = connection.execute("select subject, last_version from duly.users order by subject")
        assert users.fetchall() == [("alice", 2), ("bob", 41)]
        tasks = connection.execute("select user_id, title, version from duly.tasks")
        assert tasks.fetchall() == [("alice", "kept on", 2)]


def test_a_migration_changes_rows_of_everybody_also_as_an_owner_who_is_no_superuser(
    shared: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Forced row-level security would hide them all, without an error."""
    migrate.upgrade(shared)
    with as_superuser(shared) as connection:
        connection.execute("insert into duly.spaces (id) values ('alice')")
        connection.execute(TASK_OF_ALICE.format("space_id").encode())
    scripts = tmp_path / "migrations"
    copytree(migrate._SCRIPTS, scripts)  # noqa: SLF001 - another folder with one revision more
    (scripts / "versions" / "9999_data.py").write_text(
        "from alembic import op\n"
        f"revision, down_revision = '9999', '{migrate.revisions()[-1]}'\n"
        "def upgrade():\n"
        "    op.execute(\"update duly.tasks set title = 'changed'\")\n"
        "    op.execute(\"insert into duly.spaces (id) values ('made by a migration')\")\n"
    )
    monkeypatch.setattr(migrate, "_SCRIPTS", scripts)
    migrate.upgrade(shared)
    with as_superuser(shared) as connection:
        assert connection.execute("select title from duly.tasks").fetchall() == [("changed",)]
        forced = connection.execute(
            "select relname, relforcerowsecurity from pg_class"
            " where relnamespace = 'duly'::regnamespace and relrowsecurity"
        )
        assert dict(forced.fetchall()) == dict.fromkeys(owned_tables(), True)
    with psycopg.connect(shared) as owner:  # whom it binds again
        assert owner.execute("select title from duly.tasks").fetchall() == []


def test_what_an_old_program_left_of_those_it_erased_is_deleted(shared: str) -> None:
    migrate.upgrade(shared, "0022")
    with as_superuser(shared) as connection:
        for user in ("alice", "bob"):
            connection.execute("insert into duly.spaces (id) values (%s)", [user])
            connection.execute(
                "insert into duly.history (space_id, version, type, entity_id, operation, change)"
                " values (%s, 9, 'task', gen_random_uuid(), 9, 'created')",
                [user],
            )
            connection.execute(
                "insert into duly.idempotency (user_id, key, operation, step, fingerprint,"
                " request_id, rows) values (%s, 'k', 0, 0, 'f', 'r', '')",
                [user],
            )
        connection.execute("delete from duly.spaces where id = 'alice'")
    migrate.upgrade(shared)
    with as_superuser(shared) as connection:
        assert connection.execute("select space_id from duly.history").fetchall() == [("bob",)]
        assert connection.execute("select user_id from duly.idempotency").fetchall() == [("bob",)]


def test_a_migration_gets_through_while_people_write(shared: str) -> None:
    migrate.upgrade(shared, "0003")
    stop = threading.Event()

    def write(user: str) -> None:
        with as_superuser(shared) as connection:
            while not stop.is_set():
                try:
                    with connection.transaction():
                        connection.execute("select set_config('role', 'duly_api', true)")
                        connection.execute("select set_config('app.user_id', %s, true)", [user])
                        connection.execute("update duly.tasks set title = title")
                except psycopg.Error:  # of a deadlock, or of the columns that it knew
                    return

    with as_superuser(shared) as connection:
        for user in ("alice", "bob"):
            connection.execute(
                "insert into duly.tasks (user_id, id, title)"
                " select %s, overlay(gen_random_uuid()::text placing '7' from 15 for 1)::uuid, 'x'"
                " from generate_series(1, 50)",
                [user],
            )
    threads = [threading.Thread(target=write, args=(user,)) for user in ("alice", "bob") * 2]
    for thread in threads:
        thread.start()
    try:
        migrate.upgrade(shared)
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert migrate.current(shared) == migrate.revisions()[-1]


def test_a_migration_that_waits_for_a_long_reader_lets_requests_through(shared: str) -> None:
    migrate.upgrade(shared, "0006")
    with psycopg.connect(shared) as long, psycopg.connect(shared, autocommit=True) as request:
        long.execute("select * from duly.tasks")
        request.execute("set lock_timeout = '20s'")
        migration = threading.Thread(target=migrate.upgrade, args=(shared,))
        migration.start()
        while request.execute(WAITING).fetchone() == (0,):
            assert migration.is_alive()
        request.execute("select * from duly.tasks")  # which waits behind the migration
        assert migrate.current(shared) == "0006"
        long.rollback()
        migration.join()
    assert migrate.current(shared) == migrate.revisions()[-1]


def test_a_database_that_is_up_to_date_is_not_locked(shared: str) -> None:
    migrate.upgrade(shared)
    with psycopg.connect(shared) as reader:
        reader.execute("select * from duly.tasks")
        migrate.upgrade(shared)  # would wait for the reader


def test_migrations_make_tables_in_one_way_only() -> None:
    """What `owned.create` makes has its walls; the catalogue test sees the older tables."""
    for script in sorted((migrate._SCRIPTS / "versions").glob("*.py")):  # noqa: SLF001 - as above
        if script.name[:4] > "0004":
            assert "create_table" not in script.read_text("utf-8"), script.name


def test_requests_reach_nothing_of_better_auth(shared: str) -> None:
    migrate.upgrade(shared)
    with psycopg.connect(shared, autocommit=True) as connection:
        connection.execute("set role duly_api")
        for table in TABLES:
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(f'select * from public."{table}"'.encode())


def test_programs_that_start_at_once_migrate_once(shared: str) -> None:
    program = "import sys; from backend.database import migrate; migrate.upgrade(sys.argv[1])"
    starts = [subprocess.Popen([sys.executable, "-c", program, shared]) for _ in range(2)]
    assert [start.wait(120) for start in starts] == [0, 0]
    migrate.check(shared)


def test_the_revisions_are_those_of_alembic() -> None:
    scripts = ScriptDirectory.from_config(migrate.configuration("postgresql://nowhere/none"))
    history = [script.revision for script in scripts.walk_revisions()]
    assert migrate.revisions() == history[::-1]
    assert scripts.get_heads() == migrate.revisions()[-1:]


def test_a_database_knows_its_revision(shared: str) -> None:
    assert migrate.current(shared) is None
    assert migrate.is_behind(migrate.current(shared))
    migrate.upgrade(shared)
    assert migrate.current(shared) == migrate.revisions()[-1]
    assert not migrate.is_behind(migrate.current(shared))
    assert not migrate.is_behind("9999")  # made by a newer program


def test_an_owner_without_special_powers_can_serve(shared: str) -> None:
    migrate.upgrade(shared)
    migrate.check(shared)
    with psycopg.connect(shared, autocommit=True) as connection:
        connection.execute("set role duly_api")
        assert connection.execute("select * from duly.tasks").fetchall() == []


def test_a_migration_that_would_hold_up_requests_is_noticed(tmp_path: Path) -> None:
    dear = [
        "alter table duly.tasks alter completed_at type text",
        "create index on duly.tasks (id)",
    ]
    found = migrations.broken_rules("9999", dear, tmp_path)
    assert {"changing-column-type", "require-concurrent-index-creation"} <= found.keys()
    cheap = ["set local lock_timeout = '2s'", "alter table duly.tasks add column color text"]
    assert migrations.broken_rules("9999", cheap, tmp_path) == {}
