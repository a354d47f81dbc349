"""All databases of the settings are one that takes writes: or the doctor and the start say so."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from unittest.mock import patch

import psycopg
import pytest
from pydantic import SecretStr
from sqlalchemy import make_url
from typer.testing import CliRunner

from backend.cli import app
from backend.config import Settings
from backend.database.urls import with_database
from backend.doctor.database import examine_database
from backend.doctor.finding import Finding
from backend.doctor.replica import examine_replica
from backend.tests.doctor.conftest import Changed, complaint
from backend.tests.support import program as programs
from backend.tests.support.private_cluster import PrivateCluster, private_cluster
from backend.tests.support.processes import Program, started
from backend.tests.support.standby import Standby, standby

Make = Callable[[str], str]
READ_ONLY = "options=-c%20default_transaction_read_only%3Don"


@pytest.fixture(scope="module")
def foreign() -> Iterator[PrivateCluster]:
    with private_cluster() as cluster:
        cluster.execute("alter system set fsync = off", "select pg_reload_conf()")
        yield cluster


@pytest.fixture(scope="module")
def replica(foreign: PrivateCluster) -> Iterator[Standby]:
    """A replica of the foreign one."""
    with standby(foreign) as running:
        yield running


def find(settings: Settings) -> list[Finding]:
    return list(examine_database(settings))


def test_the_same_database_by_another_way_is_said(changed: Changed, database_url: str) -> None:
    # Another host by its text: the folder of the socket with a slash more.
    way = SecretStr(f"{database_url}/&application_name=migrations")
    found = find(changed(database_url_direct=way))
    assert {each.verdict for each in found} == {"ok"}
    [direct] = [each for each in found if each.check == "direct"]
    assert direct.detail.startswith("the same database: ")


def test_another_database_of_the_same_server_is_named(
    changed: Changed, database_url: str, make_database: Make
) -> None:
    other = make_database("doctor_other")
    found = complaint(find(changed(database_url_direct=SecretStr(other))))
    assert (found.check, found.verdict) == ("direct", "fail")
    for url in (other, database_url):
        assert f"{make_url(url).database} on " in found.detail
    assert "DATABASE_URL_DIRECT leads to another database" in found.detail


def test_the_same_name_on_another_server_is_named(
    changed: Changed, foreign: PrivateCluster, make_database: Make
) -> None:
    name = make_url(make_database("doctor_other")).database
    assert name
    foreign.execute(f'create database "{name}" template duly')
    settings = changed(
        database_url=SecretStr(make_database("doctor_other")),
        database_url_direct=SecretStr(with_database(foreign.url, name)),
    )
    assert complaint(find(settings)).check == "direct"


def test_a_replica_of_another_server_is_named_and_the_right_one_is_not(
    changed: Changed, foreign: PrivateCluster, replica: Standby
) -> None:
    lists = SecretStr(replica.url("duly"))
    found = examine_replica(changed(database_url_replica=lists))
    assert (found.check, found.verdict) == ("replica", "fail")
    assert "leads to a replica of another database" in found.detail
    own = changed(database_url=SecretStr(foreign.url), database_url_replica=lists)
    assert examine_replica(own).verdict == "ok"


def test_a_standby_in_the_place_of_the_primary_is_named(changed: Changed, replica: Standby) -> None:
    found = complaint(find(changed(database_url=SecretStr(replica.url("duly")))))
    assert (found.check, found.verdict) == ("writes", "fail")
    assert "it is a standby" in found.detail
    assert "primary server" in found.remedy


def test_a_connection_that_only_reads_is_told_to_lose_its_option(
    changed: Changed, database_url: str
) -> None:
    found = complaint(find(changed(database_url=SecretStr(f"{database_url}&{READ_ONLY}"))))
    assert found.detail == "the database takes none: default_transaction_read_only is on (client)"
    assert "out of `options` in DATABASE_URL" in found.remedy


def test_a_database_that_is_set_to_only_read_is_told_to_change_it(
    changed: Changed, make_database: Make
) -> None:
    url = make_database("doctor_reading")
    name = make_url(url).database
    with psycopg.connect(url, autocommit=True) as owner:
        owner.execute(f'alter database "{name}" set default_transaction_read_only = on'.encode())
    found = complaint(find(changed(database_url=SecretStr(url))))
    assert "(database)" in found.detail
    assert f"the database {name}" in found.remedy


def test_the_start_says_it_too_and_serves(
    settings: Settings, database_url: str, tmp_path: Path
) -> None:
    reading = {"DATABASE_URL": f"{database_url}&{READ_ONLY}"}
    with programs.serve(settings, tmp_path, **reading) as program:  # which is ready
        said = program.find_log(event="database_read_only")
    assert said["reason"] == "default_transaction_read_only is on (client)"


NOWHERE = "postgresql://duly:hush@127.0.0.1:1/duly"


@pytest.mark.parametrize("command", ["migrate", "serve"])
@pytest.mark.parametrize("name", ["DATABASE_URL", "DATABASE_URL_DIRECT"])
def test_the_variable_that_is_wrong_is_the_one_that_is_named(
    name: str, command: str, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    port = str(programs.free_port())
    variables = {"DATABASE_URL": database_url, "PORT": port, name: NOWHERE}
    with patch.dict(os.environ):  # what it sets for its workers ends with the test
        told = CliRunner().invoke(app, [command], env=variables)
    assert told.exit_code == 1
    assert told.stderr.startswith(f"{name} cannot be reached: connection failed: ")


def test_a_database_that_takes_no_migrations_is_named_by_its_variable(
    foreign: PrivateCluster, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    foreign.execute("create database empty")
    reading = f"{with_database(foreign.url, 'empty')}&{READ_ONLY}"
    variables = {"DATABASE_URL": database_url, "DATABASE_URL_DIRECT": reading}
    told = CliRunner().invoke(app, ["migrate"], env=variables)
    assert "takes no writes: name the primary server in DATABASE_URL_DIRECT" in told.stderr


def test_production_logs_the_variable(settings: Settings, tmp_path: Path) -> None:
    port = str(programs.free_port())
    variables = {**programs.environment(settings), "PORT": port, "DATABASE_URL_DIRECT": NOWHERE}
    with started(Program("duly", [programs.DULY, "serve"], variables, tmp_path)) as program:
        program.wait_for(lambda: '"database_unreachable"' in program.output() or None)
        assert '"setting":"DATABASE_URL_DIRECT"' in program.output()
        assert "hush" not in program.output()
