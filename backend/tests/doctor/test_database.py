"""What the doctor says about databases."""

from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from pydantic import SecretStr
from sqlalchemy import make_url

from backend.config import Settings
from backend.database import migrate
from backend.database.embedded import EmbeddedServer
from backend.doctor.database import examine_database
from backend.doctor.finding import Finding
from backend.tests.doctor.conftest import Changed, complaint
from backend.tests.support import pgbouncer
from backend.tests.support.pgbouncer import PgBouncer
from backend.tests.support.private_cluster import PrivateCluster, private_cluster
from backend.tests.support.proxy import Proxy

Make = Callable[[str], str]


@pytest.fixture(scope="module")
def private() -> Iterator[PrivateCluster]:
    """A server whose roles may be changed: roles belong to a whole server."""
    with private_cluster() as cluster:
        yield cluster


def find(settings: Settings) -> list[Finding]:
    return list(examine_database(settings))


def execute(url: str, *commands: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        for command in commands:
            connection.execute(command.encode())


def test_a_sound_database_passes_every_check(changed: Changed) -> None:
    found = find(changed())
    assert {finding.verdict for finding in found} == {"ok"}
    assert [finding.check for finding in found] == [
        "database",
        "encryption",
        "pooling",
        "migrations",
        "isolation",
        "events",
    ]


def test_a_database_that_nobody_answers_for_is_named(changed: Changed) -> None:
    nowhere = SecretStr("postgresql://duly:hidden-word@127.0.0.1:1/duly")
    found = complaint(find(changed(database_url=nowhere)))
    assert found.verdict == "fail"
    assert "cannot be reached" in found.detail
    assert "127.0.0.1" in found.detail
    assert "host, port, user, password and `sslmode` of DATABASE_URL" in found.remedy
    assert "hidden-word" not in f"{found}"


def test_a_database_without_tables_wants_to_be_migrated(
    changed: Changed, cluster: EmbeddedServer, worker_id: str
) -> None:
    empty = SecretStr(cluster.database(f"empty_{worker_id}"))
    found = complaint(find(changed(database_url=empty)))
    assert (found.check, found.verdict) == ("migrations", "fail")
    assert f"the database is at nothing, this program at {migrate.revisions()[-1]}" in found.detail
    assert "duly migrate" in found.remedy


def test_an_unreachable_way_for_migrations_is_called_by_its_name(changed: Changed) -> None:
    nowhere = SecretStr("postgresql://duly@127.0.0.1:1/duly")
    found = complaint(find(changed(database_url_direct=nowhere)))
    assert "of DATABASE_URL_DIRECT" in found.remedy


def test_a_table_without_row_level_security_is_named(changed: Changed, make_database: Make) -> None:
    url = make_database("doctor_open")
    execute(url, "alter table duly.tasks disable row level security")
    found = complaint(find(changed(database_url=SecretStr(url))))
    assert (found.check, found.verdict) == ("isolation", "fail")
    assert found.detail == "row-level security is not in force on duly.tasks"
    assert "enable row level security, force row level security" in found.remedy


def test_what_it_says_about_an_open_table_mends_it(changed: Changed, make_database: Make) -> None:
    url = make_database("doctor_mended")
    execute(url, "alter table duly.tasks disable row level security")
    found = complaint(find(changed(database_url=SecretStr(url))))
    command = found.remedy.partition(": ")[2].partition(". See")[0]
    execute(url, command)
    assert {finding.verdict for finding in find(changed(database_url=SecretStr(url)))} == {"ok"}


@pytest.mark.parametrize("attribute", ["bypassrls", "superuser"])
def test_a_role_that_bypasses_row_level_security_is_found(
    changed: Changed, private: PrivateCluster, attribute: str
) -> None:
    settings = changed(database_url=SecretStr(private.url))
    private.execute(f"alter role duly_api {attribute}")
    found = complaint(find(settings))
    assert (found.check, found.verdict) == ("isolation", "fail")
    assert "the role duly_api bypasses row-level security" in found.detail
    private.execute(found.remedy.partition(": ")[2].partition(". See")[0])
    assert {finding.verdict for finding in find(settings)} == {"ok"}


def test_a_login_that_may_not_act_for_users_is_found(
    changed: Changed, private: PrivateCluster
) -> None:
    private.execute("create role stranger login")
    private.execute("grant usage on schema duly to stranger", database="duly")
    private.execute("grant select on all tables in schema duly to stranger", database="duly")
    url = private.url.replace("//postgres", "//stranger", 1)
    found = complaint(find(changed(database_url=SecretStr(url))))
    assert (found.check, found.verdict) == ("isolation", "fail")
    assert "permission denied to set role" in found.detail
    assert "must be allowed to `set role duly_api`" in found.remedy


@pytest.mark.parametrize(
    ("environment", "verdict"), [("production", "fail"), ("development", "warn")]
)
def test_clear_text_to_another_machine_is_told(
    changed: Changed, database_url: str, environment: str, verdict: str
) -> None:
    with Proxy(database_url) as proxy:
        # The name of another machine, which only the address leads back to this one.
        far = make_url(proxy.url).set(host="db.example.com", query={"hostaddr": "127.0.0.1"})
        url = SecretStr(far.render_as_string(hide_password=False))
        found = complaint(find(changed(database_url=url, environment=environment)))
    assert (found.check, found.verdict) == ("encryption", verdict)
    assert "clear text" in found.detail
    assert "sslmode=verify-full" in found.remedy


@pytest.mark.skipif(pgbouncer.PROGRAM is None, reason="pgbouncer is not installed")
@pytest.mark.parametrize("seconds", [1, 15])
def test_a_pooler_that_stays_away_from_postgresql_for_long_is_named(
    changed: Changed, tmp_path: Path, database_url: str, seconds: int
) -> None:
    more = f"server_login_retry = {seconds}\nstats_users = {make_url(database_url).username}"
    with PgBouncer(database_url, tmp_path, more) as pooler:
        direct = SecretStr(database_url)
        found = find(changed(database_url=SecretStr(pooler.url), database_url_direct=direct))
    warned = [finding.remedy for finding in found if finding.check == "pooler"]
    assert len(warned) == (seconds == 15)
    assert all("server_login_retry = 1" in remedy for remedy in warned)


@pytest.mark.skipif(pgbouncer.PROGRAM is None, reason="pgbouncer is not installed")
def test_an_isolation_level_that_duly_cannot_change_is_named(
    changed: Changed, tmp_path: Path, make_database: Make
) -> None:
    url = make_database("serializable")
    name = make_url(url).database
    execute(url, f"alter database {name} set default_transaction_isolation = 'serializable'")
    with PgBouncer(url, tmp_path) as pooler:
        found = find(
            changed(database_url=SecretStr(pooler.url), database_url_direct=SecretStr(url))
        )
    assert complaint(found).check == "transactions"
    assert "set default_transaction_isolation" in complaint(found).remedy
