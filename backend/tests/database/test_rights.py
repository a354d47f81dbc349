"""`duly migrate` leaves a database that can be served, or says what an administrator has to run."""

import subprocess
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from pydantic import SecretStr

from backend.config import Settings
from backend.database import embedded, migrate
from backend.doctor.database import examine_database
from backend.tests.support import program as programs
from backend.tests.support.private_cluster import PrivateCluster, private_cluster

NUMBERS = count()
Owned = Callable[..., str]


@pytest.fixture
def owned(private: PrivateCluster) -> Iterator[Owned]:
    """Makes a database with an owner of its own, and gives the owner's URL."""
    made = []

    def make(attributes: str = "createrole") -> str:
        name = f"app_{next(NUMBERS)}"
        made.append(name)
        private.execute(
            f"create role {name} login {attributes}", f"create database {name} owner {name}"
        )
        return as_user(private.url, name, name)

    yield make
    for name in made:
        private.execute(f"drop database {name} with (force)")


def as_user(url: str, user: str, database: str) -> str:
    return make_conninfo(url, user=user, dbname=database)


def name_of(url: str) -> str:
    return str(conninfo_to_dict(url)["dbname"])


def failed(url: str) -> dict[str, str]:
    """What the doctor does not like about a database."""
    settings = Settings(_env_file=None, database_url=SecretStr(url))
    return {
        finding.check: finding.detail
        for finding in examine_database(settings)
        if finding.verdict != "ok"
    }


def commands(refusal: pytest.ExceptionInfo[migrate.MigrationFailed]) -> list[str]:
    """The SQL that a refusal gives to an administrator."""
    lines = str(refusal.value).splitlines()
    return [line.strip() for line in lines if line.startswith("    ")]


def refuse(url: str) -> list[str]:
    with pytest.raises(migrate.MigrationFailed) as refusal:
        migrate.upgrade(url)
    return commands(refusal)


def role(private: PrivateCluster, url: str) -> str:
    [(name,)] = private.execute("select duly.api_role()", database=name_of(url))
    return str(name)


def privileges(private: PrivateCluster, url: str, of: str) -> list[tuple[str, ...]]:
    """Everything in the schema that a role may do by a grant to itself or to all."""
    return private.execute(
        "select relname, attname, privilege_type, is_grantable from pg_class c"
        " cross join lateral (select null as attname, * from aclexplode(relacl) union all"
        " select attname, x.* from pg_attribute, aclexplode(attacl) x where attrelid = c.oid) given"
        " where relnamespace = 'duly'::regnamespace"
        f" and grantee in (0, '{of}'::regrole) order by 1, 2 nulls first, 3",
        database=name_of(url),
    )


def test_a_new_database_has_nothing_to_mend(owned: Owned) -> None:
    url = owned()
    done = migrate.upgrade(url)
    assert (done.before, done.after, done.mended) == (None, migrate.revisions()[-1], [])
    again = migrate.upgrade(url)
    assert (again.before, again.mended) == (done.after, [])
    assert failed(url) == {}


def test_it_says_where_it_was_and_where_it_is(owned: Owned) -> None:
    url = owned()
    newest = migrate.revisions()[-1]
    migrate.upgrade(url, "0001")
    said = str(migrate.upgrade(url))
    assert f"0001 → {newest}" in said
    assert name_of(url) in said
    assert str(migrate.upgrade(url)).endswith(f": at {newest}")
    assert f"{newest} → nothing" in str(migrate.downgrade(url, "base"))


# What somebody, or a restore, does to a database; and a word of what `duly migrate` says then.
SABOTAGE = {
    "no schema": ("revoke usage on schema duly from {role}", "schema duly"),
    "no grants": ("revoke all on all tables in schema duly from {role}", "duly.tasks"),
    "a grant less": ("revoke insert (title) on duly.tasks from {role}", "duly.tasks"),
    "a grant more": ("grant update (version) on duly.tasks to {role}", "duly.tasks"),
    "all grants": ("grant all on duly.spaces to {role}", "duly.spaces"),
    "a grant to everybody": ("grant select on duly.tasks to public", "duly.tasks"),
    "no functions": (
        "revoke execute on all functions in schema duly from public",
        "duly.current_space()",
    ),
    "no row-level security": ("alter table duly.tasks disable row level security", "not in force"),
    "not forced": ("alter table duly.users no force row level security", "not in force"),
    "no policy": ("drop policy own_rows on duly.erasures", "duly.erasures has other policies"),
    "another policy": (
        'create policy "for all" on duly.tasks using (true)',
        "duly.tasks has other policies",
    ),
    "a changed policy": ("alter policy own_rows on duly.spaces using (true)", "duly.spaces"),
    "a function that lies": (
        (
            "create or replace function duly.current_space() returns text language sql stable"
            " return 'alice'"
        ),
        "duly.current_space()",
    ),
    "a view for requests": (
        (
            "create view duly.everything as select * from duly.tasks;"
            " grant select on duly.everything to {role}"
        ),
        "duly.everything",
    ),
    "counters for requests": (
        "grant execute on function duly.counters(text[], bigint[]) to {role}",
        "duly.counters",
    ),
    "a function with the owner's rights": (
        (
            "create function duly.peek() returns bigint language sql security definer"
            " return (select count(*) from duly.tasks)"
        ),
        "duly.peek()",
    ),
}


@pytest.fixture(scope="session")
def whole(private: PrivateCluster) -> str:
    """A migrated database, by its owner's URL; each test leaves it whole."""
    private.execute("create role keeper login createrole", "create database kept owner keeper")
    url = as_user(private.url, "keeper", "kept")
    migrate.upgrade(url)
    return url


@pytest.mark.parametrize("what", SABOTAGE)
def test_migrating_again_mends(what: str, private: PrivateCluster, whole: str) -> None:
    command, words = SABOTAGE[what]
    name = role(private, whole)
    before = privileges(private, whole, name)
    with psycopg.connect(whole) as owner:
        owner.execute(command.format(role=name).encode())
    done = migrate.upgrade(whole)
    assert words in str(done)
    assert failed(whole) == {}
    assert privileges(private, whole, name) == before


def test_a_role_that_bypasses_row_level_security_is_mended_or_handed_over(
    private: PrivateCluster, owned: Owned
) -> None:
    url = owned()
    migrate.upgrade(url)
    name = role(private, url)
    private.execute(f"alter role {name} bypassrls")
    asked = refuse(url)
    assert asked == [f"alter role {name} nosuperuser nobypassrls;"]
    private.execute(*asked)
    migrate.upgrade(url)
    assert failed(url) == {}
    private.execute(f"alter role {name} bypassrls")
    assert "bypasses" in str(migrate.upgrade(as_user(url, "postgres", name_of(url))))
    assert failed(url) == {}


def test_two_owners_of_one_cluster_have_a_role_each(private: PrivateCluster, owned: Owned) -> None:
    first, second = owned(), owned()
    for url in (first, second):
        migrate.upgrade(url)
        assert failed(url) == {}
    one, other = role(private, first), role(private, second)
    assert one != other
    assert one.startswith("duly_api")
    assert privileges(private, second, one) == []
    # The owner of the first may be let into the second, and reads nothing there.
    with psycopg.connect(as_user(second, name_of(first), name_of(second))) as stranger:
        for act in (f"set role {one}", f"set role {other}; select * from duly.tasks"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                stranger.execute(f"{act}; select * from duly.tasks".encode())
            stranger.rollback()


@pytest.mark.parametrize("usual", [True, False], ids=["duly_api", "one of its own"])
def test_a_role_that_an_administrator_made_is_used(
    private: PrivateCluster, owned: Owned, *, usual: bool
) -> None:
    url = owned("nocreaterole")
    name = "duly_api" if usual else f"duly_api_{name_of(url)}"
    if not usual:
        private.execute(f"create role {name} nologin")
    private.execute(f"grant {name} to {name_of(url)}")
    migrate.upgrade(url)
    assert role(private, url) == name
    assert failed(url) == {}


def test_a_schema_and_a_role_from_an_administrator_are_all_that_a_login_needs(
    private: PrivateCluster, owned: Owned
) -> None:
    url = owned("nocreaterole")
    name = name_of(url)
    private.execute(
        f"alter database {name} owner to postgres",
        f"create role duly_api_{name} nologin",
        f"grant duly_api_{name} to {name}",
    )
    private.execute(f"create schema duly authorization {name}", database=name)
    migrate.upgrade(url)
    assert failed(url) == {}


@pytest.mark.parametrize("attribute", ["inherit", "noinherit"])
def test_a_login_that_only_serves_needs_nothing_but_the_role(
    private: PrivateCluster, owned: Owned, attribute: str
) -> None:
    url = owned()
    migrate.upgrade(url)
    web = f"web_{name_of(url)}"
    private.execute(f"create role {web} login {attribute}", f"grant {role(private, url)} to {web}")
    migrate.upgrade(url)
    serving = SecretStr(as_user(url, web, name_of(url)))
    settings = Settings(_env_file=None, database_url=serving, database_url_direct=SecretStr(url))
    assert {finding.verdict for finding in examine_database(settings)} == {"ok"}
    private.execute(f"drop owned by {web}", database=name_of(url))


def test_a_role_that_is_gone_is_made_again(private: PrivateCluster, owned: Owned) -> None:
    url = owned()
    migrate.upgrade(url)
    name = role(private, url)
    private.execute(f"drop owned by {name}", f"drop role {name}", database=name_of(url))
    assert failed(url)
    assert "duly.tasks" in str(migrate.upgrade(url))
    assert (role(private, url), failed(url)) == (name, {})


def test_a_login_without_any_rights_gets_the_sql_for_an_administrator(
    private: PrivateCluster, owned: Owned
) -> None:
    url = owned("nocreaterole")
    name = name_of(url)
    private.execute(f"alter database {name} owner to postgres")
    asked = refuse(url)
    assert asked == [
        f"create role duly_api_{name} nologin;",
        f"grant duly_api_{name} to {name};",
        f"grant create on database {name} to {name};",
    ]
    private.execute(*asked, database=name)
    migrate.upgrade(url)
    assert failed(url) == {}


def test_a_login_with_a_name_that_needs_quotes_gets_sql_that_runs(
    private: PrivateCluster,
) -> None:
    private.execute('create role "My App" login', 'create database "my-Shop"')
    url = as_user(private.url, "My App", "my-Shop")
    asked = refuse(url)
    private.execute(*asked, database="my-Shop")
    migrate.upgrade(url)
    assert role(private, url) == "duly_api_my_shop"
    assert failed(url) == {}


def test_tables_of_another_are_handed_over_by_sql(private: PrivateCluster, owned: Owned) -> None:
    url = owned()
    migrate.upgrade(as_user(url, "postgres", name_of(url)))
    assert "permission denied" in failed(url)["migrations"]
    asked = refuse(url)
    assert f"alter table duly.tasks owner to {name_of(url)};" in asked
    private.execute(*asked, database=name_of(url))
    migrate.upgrade(url)
    assert failed(url) == {}


def test_a_database_that_takes_no_writes_is_said_in_one_line(
    private: PrivateCluster, owned: Owned
) -> None:
    url = owned()
    private.execute(f"alter database {name_of(url)} set default_transaction_read_only = on")
    with pytest.raises(migrate.MigrationFailed, match="takes no writes"):
        migrate.upgrade(url)


def test_a_newer_database_is_left_as_it_is(owned: Owned) -> None:
    url = owned()
    migrate.upgrade(url)
    with psycopg.connect(url) as owner:
        owner.execute("update duly.alembic_version set version_num = '9999'")
    done = migrate.upgrade(url)
    assert (done.before, done.after) == ("9999", "9999")
    assert "newer than this program" in str(done)
    assert "newer than this program" in failed(url)["migrations"]


def test_a_newer_database_is_served_and_said(
    settings: Settings, make_database: Callable[[str], str], tmp_path: Path
) -> None:
    url = make_database("newer")
    with psycopg.connect(url) as owner:
        owner.execute("update duly.alembic_version set version_num = '9999'")
    newer = settings.model_copy(update={"database_url": SecretStr(url)})
    with programs.serve(newer, tmp_path) as program:  # which is ready
        said = program.find_log(event="database_newer_than_program")
    assert (said["revision"], said["known"]) == ("9999", migrate.revisions()[-1])


TASKS = "select space_id, id, title, version, created_at from duly.tasks order by 1, 2"
SPACES = "select id, last_version, task_bound from duly.spaces order by 1"


def fill(private: PrivateCluster, url: str) -> None:
    private.execute(
        "insert into duly.spaces (id) select 'user-' || n from generate_series(1, 40) n",
        "insert into duly.tasks (space_id, id, title) select 'user-' || n % 40 + 1,"
        " overlay(gen_random_uuid()::text placing '7' from 15 for 1)::uuid, 'Task ' || n"
        " from generate_series(1, 500) n",
        database=name_of(url),
    )


def copy(program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [str(embedded.programs() / program), *arguments]
    return subprocess.run(command, check=False, capture_output=True, text=True, timeout=120)


@pytest.mark.parametrize("who", ["postgres", "duly_backup"])
def test_a_dump_comes_back_whole_in_a_fresh_cluster(
    private: PrivateCluster, owned: Owned, tmp_path_factory: pytest.TempPathFactory, who: str
) -> None:
    url = owned()
    migrate.upgrade(url)
    fill(private, url)
    if who == "duly_backup":  # as docs/operations.md has it
        private.execute(
            "create role duly_backup login bypassrls", "grant pg_read_all_data to duly_backup"
        )
    dump = str(tmp_path_factory.mktemp("dump") / "tasks.dump")
    taken = copy("pg_dump", "-Fc", "-f", dump, "-d", as_user(url, who, name_of(url)))
    assert taken.returncode == 0, taken.stderr
    with private_cluster() as fresh:
        fresh.execute("create role other login createrole", "create database shop owner other")
        there = as_user(fresh.url, "other", "shop")
        back = copy(*("pg_restore", "--no-owner", "--no-acl", "--exit-on-error", "-d", there, dump))
        assert back.returncode == 0, back.stderr
        assert failed(there)
        migrate.upgrade(there)
        assert failed(there) == {}
        for query in (TASKS, SPACES):
            restored = fresh.execute(query, database="shop")
            assert restored == private.execute(query, database=name_of(url))
            assert len(restored) >= 40


def test_a_dump_that_would_lack_rows_fails(
    private: PrivateCluster, owned: Owned, tmp_path_factory: pytest.TempPathFactory
) -> None:
    url = owned()
    migrate.upgrade(url)
    fill(private, url)
    dump = str(tmp_path_factory.mktemp("dump") / "tasks.dump")
    taken = copy("pg_dump", "-Fc", "-f", dump, "-d", url)
    assert taken.returncode != 0
    assert "row-level security" in taken.stderr
