"""The proof of isolation, read from the catalogue: every relation is walked, none is listed."""

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from backend.database.faults import IsolationBroken
from backend.database.proof import PROOF, check
from backend.models.ownership import owned_tables

RELATIONS = """
select relname from pg_class
where relnamespace = 'duly'::regnamespace and relkind in ('r', 'p', 'v', 'm', 'f')
    and relname <> 'alembic_version' -- requests have no privilege on it
"""
# What requests may write, beyond which nothing of a table is theirs.
WRITABLE = """
select table_name, column_name, privilege_type from information_schema.column_privileges
where table_schema = 'duly' and grantee in ('duly_api', 'PUBLIC')
    and privilege_type in ('INSERT', 'UPDATE')
"""
# The database sets these; a personal space is made, and counted, by whom it belongs to, and what
# comes from another account, or from an export, was made before.
NEVER = {"space_id", "version", "created_at", "updated_at", "history_floor"}
MADE_BY_REQUESTS = {
    ("spaces", "id", "INSERT"),
    ("users", "subject", "INSERT"),
    ("users", "updated_at", "UPDATE"),
    ("tasks", "created_at", "INSERT"),
    ("tasks", "updated_at", "INSERT"),
    ("lists", "created_at", "INSERT"),
    # What triggers write, which act with the rights of whoever writes.
    ("history", "space_id", "INSERT"),
    ("history", "version", "INSERT"),
    ("spaces", "history_floor", "UPDATE"),
}

# What takes isolation away, each of which the proof must notice.
SABOTAGE = {
    "a policy for everybody": "alter policy own_rows on duly.tasks using (true)",
    "a check for everybody": "alter policy own_rows on duly.tasks with check (true)",
    "a second policy": "create policy more on duly.tasks using (true)",
    "a second policy for a role": "create policy more on duly.tasks to duly_api using (true)",
    "a policy for reading alone": "create policy more on duly.users for select using (true)",
    "a policy less": "drop policy own_rows on duly.tasks",
    "a policy that leaves one out": "alter policy own_rows on duly.tasks to postgres",
    "a policy on another column": "alter policy own_rows on duly.tasks"
    " using (title = (select duly.current_space()))",
    "a policy on another function": "alter policy own_rows on duly.tasks"
    " using (space_id = (select duly.current_user_id()))",
    "a policy with a way round": "alter policy own_rows on duly.spaces"
    " using (id = (select duly.current_space()) or id like '~%')",
    "row-level security off": "alter table duly.tasks disable row level security",
    "row-level security not forced": "alter table duly.users no force row level security",
    "a function that hides it": "create function public.row_security_active(oid) returns boolean"
    " language sql return true; set search_path = public, pg_catalog;"
    " alter table duly.tasks disable row level security",
    "a role that is not bound": "alter role duly_api bypassrls",
    "a function that lies": "create or replace function duly.current_space() returns text"
    " language sql stable return 'alice'",
    "a function of another kind": "create or replace function duly.current_user_id() returns text"
    " language plpgsql stable as 'begin return ''alice''; end'",
    "a function with a setting of its own": "alter function duly.current_space()"
    " set app.space_id = 'alice'",
    "a function that changes": "alter function duly.current_space() volatile",
    "a function with its owner's rights": "create function duly.peek() returns bigint"
    " language sql security definer return (select count(*) from duly.tasks)",
    "a view": "create view duly.everything as select * from duly.tasks;"
    " grant select on duly.everything to duly_api",
    "a view of one column": "create view duly.titles as select title from duly.tasks;"
    " grant select (title) on duly.titles to public",
    "a materialised view": "create materialized view duly.copy as select * from duly.tasks;"
    " grant select on duly.copy to duly_api",
    "a table without an owner": "create table duly.labels (name text);"
    " grant select on duly.labels to duly_api",
    "a table with row-level security but no policy of ours": "create table duly.labels (name text);"
    " alter table duly.labels enable row level security, force row level security;"
    " create policy own_rows on duly.labels using (true);"
    " grant insert on duly.labels to duly_api",
    "a part of a table": "create table duly.events (space_id text, n int) partition by list (n);"
    " create table duly.events_1 partition of duly.events for values in (1);"
    " grant select on duly.events_1 to duly_api",
    "a table less": "drop table duly.tasks",
}
HARMLESS = {
    "nothing": "select 1",
    "another search path": "set search_path = duly, public",
    "names in quotes": "set quote_all_identifiers = on",
    "an overload": "create function duly.current_space(a int) returns text language sql return ''",
    "an index, a comment and a column": "create index on duly.tasks (space_id, title);"
    " comment on table duly.tasks is 'x'; alter table duly.tasks add column extra text",
    "a table that requests cannot reach": "create table duly.queue (payload text)",
    "a function that requests cannot call": "create function duly.counters() returns bigint"
    " language sql security definer return (select count(*) from duly.tasks);"
    " revoke execute on function duly.counters() from public",
    "a table as migrations make it": "create table duly.notes (space_id text, id uuid,"
    " primary key (space_id, id)); grant select on duly.notes to duly_api;"
    " alter table duly.notes enable row level security, force row level security;"
    " create policy own_rows on duly.notes using (space_id = (select duly.current_space()))"
    " with check (space_id = duly.current_space())",
}


@pytest.fixture
def administrator(database_url: str) -> Iterator[psycopg.Connection]:
    """A superuser, all of whose work is taken back."""
    with psycopg.connect(database_url) as connection:
        yield connection
        connection.rollback()


def prove(connection: psycopg.Connection) -> None:
    """The proof, in the transaction of `connection`."""
    rows = []
    for statement, values in PROOF:
        result = connection.pgconn.exec_params(statement.sql, [*values])
        assert result.status == psycopg.pq.ExecStatus.TUPLES_OK, result.error_message
        rows.append(
            [
                tuple(result.get_value(row, column) for column in range(result.nfields))
                for row in range(result.ntuples)
            ]
        )
    check(rows)


@pytest.mark.parametrize("what", SABOTAGE)
def test_the_proof_notices(what: str, administrator: psycopg.Connection) -> None:
    administrator.execute(SABOTAGE[what].encode())
    with pytest.raises(IsolationBroken, match=r"duly.*mend it: "):
        prove(administrator)


@pytest.mark.parametrize("what", HARMLESS)
def test_the_proof_is_content_with(what: str, administrator: psycopg.Connection) -> None:
    administrator.execute(HARMLESS[what].encode())
    prove(administrator)


def found(connection: psycopg.Connection, query: str) -> set[Any]:
    return set(connection.execute(query.encode()).fetchall())


def test_the_models_know_every_relation(administrator: psycopg.Connection) -> None:
    assert {name for (name,) in found(administrator, RELATIONS)} == owned_tables().keys()


def test_every_key_begins_with_the_owner(administrator: psycopg.Connection) -> None:
    keys = found(
        administrator,
        "select c.relname, pg_get_indexdef(i.indexrelid, 1, true) from pg_index i"
        " join pg_class c on c.oid = i.indrelid where i.indisunique"
        " and c.relnamespace = 'duly'::regnamespace and c.relname <> 'alembic_version'",
    )
    assert keys == {(name, owner.column) for name, owner in owned_tables().items()}


def test_every_foreign_key_stays_with_its_owner(administrator: psycopg.Connection) -> None:
    """A key that did not begin with the owner could point at somebody else's row."""
    keys = found(
        administrator,
        "select conrelid::regclass::text, a.attname, b.attname from pg_constraint"
        " join pg_attribute a on a.attrelid = conrelid and a.attnum = conkey[1]"
        " join pg_attribute b on b.attrelid = confrelid and b.attnum = confkey[1]"
        " where contype = 'f' and connamespace = 'duly'::regnamespace",
    )
    owners = owned_tables()
    for table, column, _ in keys:
        assert column == owners[table.removeprefix("duly.")].column
    assert ("duly.lists", "space_id", "id") in keys
    assert ("duly.tasks", "space_id", "space_id") in keys


def test_every_row_with_a_version_is_numbered(administrator: psycopg.Connection) -> None:
    versioned = found(
        administrator,
        "select table_name from information_schema.columns"
        " where table_schema = 'duly' and column_name = 'version' and column_default is not null",
    )
    numbered = found(
        administrator,
        "select event_object_table from information_schema.triggers"
        " where trigger_schema = 'duly' and trigger_name in ('number_write', 'number_create')"
        " and action_timing = 'BEFORE' and action_orientation = 'ROW'"
        " group by 1 having count(*) = 2",  # inserts and updates
    )
    assert versioned == numbered != set()


def test_requests_write_neither_owners_nor_versions_nor_times(
    administrator: psycopg.Connection,
) -> None:
    writable = found(administrator, WRITABLE)
    assert len(writable) > 10
    owners = {name: {owner.column} for name, owner in owned_tables().items()}
    forbidden = {
        (table, column, privilege)
        for table, column, privilege in writable
        if column in NEVER | owners[table]
    }
    assert forbidden == MADE_BY_REQUESTS


def test_no_owner_is_of_a_domain(administrator: psycopg.Connection) -> None:
    """Publications cannot filter rows by a column of a domain."""
    for name, owner in owned_tables().items():
        kinds = found(
            administrator,
            "select domain_name, data_type, collation_name from information_schema.columns"
            f" where table_schema = 'duly' and table_name = '{name}'"
            f" and column_name = '{owner.column}'",
        )
        assert kinds == {(None, "text", "C")}
