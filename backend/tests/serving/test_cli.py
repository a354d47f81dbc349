"""The command `duly`, as it is typed."""

import json
import os
from collections.abc import Callable, Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any
from unittest.mock import patch

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from pydantic import SecretStr
from typer.testing import CliRunner, Result

from backend.cli import app
from backend.config import Settings
from backend.database.embedded import EmbeddedServer
from backend.database.migrate import revisions
from backend.tests.support import program as programs
from backend.tests.support.document import Document
from backend.tests.support.processes import free_port
from backend.tests.support.raw_http import request, send
from backend.tests.support.service import Service

Duly = Callable[..., Result]


@pytest.fixture
def duly(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Duly]:
    """Runs the command with these arguments and environment variables, and no others of ours."""
    monkeypatch.chdir(tmp_path)  # where no `.env` lies
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)

    def run(*arguments: str, **variables: str) -> Result:
        # Somebody may be serving at the usual port.
        env = {"PORT": str(free_port()), **variables}
        return CliRunner().invoke(app, arguments, env=env)

    with patch.dict(os.environ):  # what a command sets for its workers ends with the test
        yield run


def test_it_says_what_it_can_do(duly: Duly) -> None:
    shown = duly("--help")
    assert shown.exit_code == 0
    for command in ("serve", "migrate", "token", "openapi"):
        assert command in shown.output


def test_openapi_prints_what_is_served(duly: Duly, service: Service) -> None:
    printed = duly("openapi")
    assert printed.exit_code == 0
    served = send(service.url, request("GET", "/openapi.json")).json()
    assert json.loads(printed.stdout) == served
    assert Document(served).operations()


def test_a_development_token_opens_a_development_service(
    duly: Duly, database_url: str, tmp_path: Path
) -> None:
    printed = duly("token", "--user", "tester", "--lifetime", "60")
    assert printed.exit_code == 0
    assert printed.stdout.count("\n") == 1
    development = Settings(
        _env_file=None, database_url=SecretStr(database_url), data_dir=tmp_path / ".duly"
    )
    line = f"Authorization: Bearer {printed.stdout.strip()}"
    with Service(development) as service:
        answer = send(service.url, request("GET", "/api/auth/me", line))
    assert answer.status == 200
    assert answer.json()["subject"] == "tester"


@pytest.mark.parametrize("user", ["", "~alice", "x" * 256, "a\nb"])
def test_no_token_is_made_that_would_be_refused_for_its_subject(duly: Duly, user: str) -> None:
    refused = duly("token", "--user", user)
    assert (refused.exit_code, refused.stdout) == (1, "")
    assert refused.stderr.startswith("A user id has 1 to 255 characters")


def test_the_signing_key_is_for_nobody_elses_eyes(duly: Duly, tmp_path: Path) -> None:
    duly("token")
    key = tmp_path / ".duly" / "signing-key.json"
    assert key.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    "variables",
    [
        {"BETTER_AUTH_URL": "https://app.example.com"},
        {
            "AUTH_SHARED_SECRET": "a secret of thirty-two bytes or more",
            "AUTH_ISSUER": "a",
            "AUTH_AUDIENCE": "b",
        },
        {
            "ENVIRONMENT": "production",
            "DATABASE_URL": "postgresql://x",
            "BETTER_AUTH_URL": "https://app.example.com",
        },
    ],
    ids=["a real issuer", "a shared secret", "production"],
)
def test_with_a_real_issuer_there_are_no_development_tokens(
    variables: dict[str, str], duly: Duly, tmp_path: Path
) -> None:
    refused = duly("token", **variables)
    assert refused.exit_code == 1
    assert "Better Auth" in refused.stderr
    assert refused.stdout == ""
    assert not (tmp_path / ".duly").exists()


@pytest.mark.parametrize(
    ("variables", "words"),
    [
        ({}, ["set DATABASE_URL", "set BETTER_AUTH_URL"]),
        ({"DATABASE_URL": "postgresql://x:letmein@y/z"}, ["set BETTER_AUTH_URL"]),
        ({"BETTER_AUTH_URL": "http://app.example.com"}, ["BETTER_AUTH_URL must use https"]),
        ({"AUTH_SHARED_SECRET": "letmein"}, ["AUTH_SHARED_SECRET needs at least 32 bytes"]),
        ({"CORS_ORIGINS": "*"}, ["CORS_ORIGINS takes exact origins"]),
        ({"WORKERS": "letmein"}, ["WORKERS must be a whole number"]),
        ({"PORT": "0"}, ["PORT must be greater than or equal to 1"]),
    ],
    ids=str,
)
@pytest.mark.parametrize("command", ["serve", "migrate", "token", "doctor"])
def test_unsafe_production_settings_stop_it_with_a_clear_message(
    command: str, variables: dict[str, str], words: list[str], duly: Duly
) -> None:
    refused = duly(command, ENVIRONMENT="production", **variables)
    assert refused.exit_code == 1
    assert refused.stdout == ""
    assert refused.stderr.startswith("The settings are not usable (docs/settings.md):")
    for each in words:
        assert each in refused.stderr
    assert "letmein" not in refused.stderr
    assert "Traceback" not in refused.stderr


@pytest.fixture
def empty_database(cluster: EmbeddedServer, worker_id: str) -> str:
    """The URL of a database without tables."""
    with psycopg.connect(cluster.url(), autocommit=True) as connection:
        connection.execute(f'drop database if exists "cli_{worker_id}" with (force)')
    return cluster.database(f"cli_{worker_id}")


def tables(url: str) -> set[Any]:
    query = "select table_name from information_schema.tables where table_schema = 'duly'"
    with psycopg.connect(url) as connection:
        return {name for (name,) in connection.execute(query)}


def test_migrate_makes_the_tables_and_can_be_repeated(duly: Duly, empty_database: str) -> None:
    newest = revisions()[-1]
    for words in (f": nothing → {newest}\n", f": at {newest}\n"):
        done = duly("migrate", DATABASE_URL=empty_database)
        assert done.exit_code == 0
        assert done.stdout.startswith("cli_")
        assert done.stdout.endswith(words)
        assert {"users", "tasks"} <= tables(empty_database)


def test_going_back_in_production_wants_to_be_said_twice(duly: Duly, empty_database: str) -> None:
    production = {
        "ENVIRONMENT": "production",
        "DATABASE_URL": empty_database,
        "BETTER_AUTH_URL": "https://app.example.com",
    }
    assert duly("migrate", **production).exit_code == 0
    for revision in ("base", "0001"):
        refused = duly("migrate", revision, **production)
        assert refused.exit_code == 1
        assert "--yes-delete-data" in refused.stderr
        assert "tasks" in tables(empty_database)
    done = duly("migrate", "base", "--yes-delete-data", **production)
    assert (done.exit_code, tables(empty_database)) == (0, {"alembic_version"})
    assert "→ nothing" in done.stdout


def test_development_goes_back_without_more_words(duly: Duly, empty_database: str) -> None:
    duly("migrate", DATABASE_URL=empty_database)
    assert duly("migrate", "base", DATABASE_URL=empty_database).exit_code == 0
    assert tables(empty_database) == {"alembic_version"}


@pytest.mark.parametrize("revision", ["9999", "six", "-99", "+1"])
def test_a_revision_that_is_none_is_told_which_there_are(
    revision: str, duly: Duly, empty_database: str
) -> None:
    duly("migrate", DATABASE_URL=empty_database)
    refused = duly("migrate", "--", revision, DATABASE_URL=empty_database)
    assert refused.exit_code == 1
    assert refused.stderr.endswith(
        f": revisions are {revisions()[0]} to {revisions()[-1]}, `head` and `base`.\n"
    )
    assert refused.stderr.count("\n") == 1


def test_what_is_left_out_of_the_url_is_said(duly: Duly, empty_database: str) -> None:
    done = duly("migrate", DATABASE_URL=f"{empty_database}&pgbouncer=true&schema=public")
    assert done.exit_code == 0
    assert done.stderr.count("\n") == 1
    assert "pgbouncer, schema" in done.stderr


def forms(url: str, folder: Path) -> dict[str, dict[str, str]]:
    """Ways to name one database, as environment variables."""
    parts = {name: str(value) for name, value in conninfo_to_dict(url).items()}
    (folder / "services").write_text(
        "\n".join(["[tasks]", *(f"{name}={value}" for name, value in parts.items())])
    )
    services = {"PGSERVICEFILE": str(folder / "services")}
    several = make_conninfo(url, host=f"{folder},{parts['host']}")
    return {
        "pairs": {"DATABASE_URL": make_conninfo(**parts)},
        "several hosts": {"DATABASE_URL": f"{several} target_session_attrs=read-write"},
        "another driver": {"DATABASE_URL": f"{url.replace('://', '+asyncpg://')}&ssl=prefer"},
        "a service": {"DATABASE_URL": "service=tasks", **services},
        "a service of the environment": {
            "DATABASE_URL": "postgresql://",
            "PGSERVICE": "tasks",
            **services,
        },
        "the environment": {
            "DATABASE_URL": "postgres://",
            "PGHOST": parts["host"],
            "PGUSER": parts["user"],
            "PGDATABASE": parts["dbname"],
        },
    }


@pytest.mark.parametrize(
    "form",
    [
        *("pairs", "several hosts", "another driver", "a service"),
        *("a service of the environment", "the environment"),
    ],
)
def test_every_command_reads_the_url_alike(
    form: str, duly: Duly, empty_database: str, settings: Settings, tmp_path: Path
) -> None:
    variables = forms(empty_database, tmp_path)[form]
    assert "→" in duly("migrate", **variables).stdout
    assert "ok   isolation" in duly("doctor", **variables).stdout
    with programs.serve(settings, tmp_path, **variables) as program:  # which is ready
        assert program.find_log(event="serving")


def test_migrate_goes_to_the_direct_database(duly: Duly, empty_database: str) -> None:
    pooled = "postgresql://nobody@127.0.0.1:1/nothing"
    done = duly("migrate", DATABASE_URL=pooled, DATABASE_URL_DIRECT=empty_database)
    assert done.exit_code == 0
    assert "tasks" in tables(empty_database)


@pytest.mark.parametrize(
    ("arguments", "url"),
    [
        (["migrate"], "postgresql://nobody:letmein@127.0.0.1:1/nothing"),
        (["migrate"], "not a url letmein"),
        (["serve"], "postgresql://nobody:letmein@127.0.0.1:1/nothing"),
    ],
    ids=str,
)
def test_a_database_that_cannot_be_reached_is_said_in_one_line(
    arguments: list[str], url: str, duly: Duly
) -> None:
    refused = duly(*arguments, DATABASE_URL=url)
    assert refused.exit_code == 1
    assert "DATABASE_URL " in refused.stderr
    assert "letmein" not in refused.stderr
    assert "Traceback" not in refused.stderr


def test_a_revision_that_does_not_exist_is_said_in_one_line(
    duly: Duly, empty_database: str
) -> None:
    refused = duly("migrate", "nonsense", DATABASE_URL=empty_database)
    assert refused.exit_code == 1
    assert "nonsense" in refused.stderr
    assert "Traceback" not in refused.stderr


@pytest.mark.parametrize("environment", ["production", "development"])
def test_a_database_that_does_not_keep_users_apart_is_not_served(
    environment: str, duly: Duly, empty_database: str
) -> None:
    variables = {"DATABASE_URL": empty_database, "BETTER_AUTH_URL": "https://app.example.com"}
    duly("migrate", **variables)
    with psycopg.connect(empty_database) as owner:
        owner.execute("alter table duly.tasks disable row level security")
    refused = duly("serve", ENVIRONMENT=environment, **variables)
    assert refused.exit_code == 1
    assert "row-level security is not in force on duly.tasks (mend it: " in refused.stderr
    assert "`duly migrate` mends it" in refused.stderr
    assert "in force on duly.tasks: mended" in duly("migrate", **variables).stdout


def test_production_does_not_serve_an_older_database(duly: Duly, empty_database: str) -> None:
    refused = duly(
        "serve",
        ENVIRONMENT="production",
        DATABASE_URL=empty_database,
        BETTER_AUTH_URL="https://app.example.com",
    )
    assert refused.exit_code == 1
    assert "run `duly migrate` first" in refused.stderr


def test_openapi_says_as_well_what_is_wrong(duly: Duly) -> None:
    refused = duly("openapi", WORKERS="many")
    assert (refused.exit_code, refused.stdout) == (1, "")
    assert "WORKERS must be a whole number" in refused.stderr


def test_it_says_its_version(duly: Duly) -> None:
    shown = duly("--version")
    assert (shown.exit_code, shown.stderr) == (0, "")
    assert shown.stdout == f"{version('duly')}\n"
