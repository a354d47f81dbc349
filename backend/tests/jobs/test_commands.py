"""The jobs, as they are typed."""

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from unittest.mock import patch

import psycopg
import pytest
from typer.testing import CliRunner, Result

from backend.cli import app
from backend.config import Settings
from backend.database import migrate
from backend.database.embedded import EmbeddedServer
from backend.tests.jobs.conftest import exported, url

Duly = Callable[..., Result]

PRODUCTION = {
    "ENVIRONMENT": "production",
    "BETTER_AUTH_URL": "https://app.example.com",
    "CORS_ORIGINS": "https://app.example.com",
}
JOBS = (
    ("seed", "--yes"),
    ("export", "--user", "alice"),
    ("import", "--user", "alice"),
    ("tidy",),
)


@pytest.fixture
def duly(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, here: Settings) -> Iterator[Duly]:
    """Runs the command on the database of these tests, with these variables and no others."""
    monkeypatch.chdir(tmp_path)  # where no `.env` lies
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)

    def run(*arguments: str, given: bytes = b"", **variables: str) -> Result:
        environment = {"DATABASE_URL": url(here), **variables}
        return CliRunner().invoke(app, arguments, input=given, env=environment)

    with patch.dict(os.environ):
        yield run


def test_what_was_exported_is_imported(duly: Duly, here: Settings, user: str) -> None:
    made = duly("seed", "--user", user, "--tasks", "20", "--seed", "1")
    assert made.exit_code == 0, made.output
    assert made.stdout.startswith(f"20 tasks and 7 lists were made for {user}.\n")
    assert f"`duly serve` as {user}, or with `duly token --user {user}`" in made.stdout

    file = duly("export", "--user", user)
    assert (file.exit_code, file.stderr) == (0, "")
    assert file.stdout_bytes == exported(here, user)
    assert all(json.loads(line) for line in file.stdout.splitlines())

    done = duly("import", "--user", f"{user}-2", given=file.stdout_bytes)
    assert done.stdout == "20 tasks and 7 lists were made.\n"
    assert exported(here, f"{user}-2") == file.stdout_bytes
    again = duly("import", "--user", f"{user}-2", given=file.stdout_bytes)
    assert "28 lines met what was there already" in again.stdout


def test_a_bad_line_is_a_sentence(duly: Duly, user: str) -> None:
    refused = duly("import", "--user", user, given=b'{"format":"duly","version":1}\n{"a":1}\n')
    assert refused.exit_code == 1
    assert refused.stdout == ""
    assert refused.stderr.startswith("Line 2: ")
    assert refused.stderr.count("\n") == 1


def test_tidying_says_what_it_did(duly: Duly, user: str) -> None:
    duly("seed", "--user", user, "--tasks", "1")
    told = duly("tidy")
    assert told.exit_code == 0
    assert "lists were deleted for good, 0 changes were forgotten; " in told.stdout
    off = duly("tidy", TRASH_DAYS="off", HISTORY_DAYS="off")
    assert off.exit_code == 0, "keys are forgotten all the same"


def test_production_gets_no_invented_tasks_by_mistake(duly: Duly, user: str) -> None:
    refused = duly("seed", "--user", user, "--tasks", "1", **PRODUCTION)
    assert refused.exit_code == 1
    assert "--yes" in refused.stderr
    assert duly("export", "--user", user).exit_code == 1
    meant = duly("seed", "--user", user, "--tasks", "1", "--yes", **PRODUCTION)
    assert meant.exit_code == 0, meant.output
    assert "duly token" not in meant.stdout


@pytest.mark.parametrize("job", JOBS, ids=" ".join)
@pytest.mark.parametrize("production", [False, True])
def test_a_database_that_is_not_there_is_a_sentence(
    job: tuple[str, ...],
    production: bool,  # noqa: FBT001 - a parameter of the test
    duly: Duly,
) -> None:
    gone = {"DATABASE_URL": "postgresql://x:letmein@127.0.0.1:1/duly"}
    refused = duly(*job, **gone, **(PRODUCTION if production else {}))
    assert refused.exit_code == 1
    assert refused.stdout == ""
    assert refused.stderr.startswith("DATABASE_URL cannot be reached")
    assert refused.stderr.count("\n") == 1
    assert "letmein" not in refused.stderr


@pytest.mark.parametrize("job", JOBS, ids=" ".join)
def test_an_older_database_is_a_sentence_in_production_and_migrated_in_development(
    job: tuple[str, ...], duly: Duly, cluster: EmbeddedServer, user: str
) -> None:
    name = f"{user.replace('-', '_')}_old"
    older = {"DATABASE_URL": cluster.database(name)}
    refused = duly(*job, **older, **PRODUCTION)
    assert (refused.exit_code, refused.stdout) == (1, "")
    assert "run `duly migrate` first" in refused.stderr
    duly(*job, **older)
    assert migrate.current(older["DATABASE_URL"]) == migrate.revisions()[-1]
    with psycopg.connect(cluster.url(), autocommit=True) as connection:
        connection.execute(f"drop database {name} with (force)".encode())


def test_a_database_that_does_not_keep_users_apart_is_not_touched(
    duly: Duly, here: Settings
) -> None:
    with psycopg.connect(url(here), autocommit=True) as administrator:
        administrator.execute("create policy more on duly.tasks using (true)")
        try:
            results = [duly(*job) for job in JOBS]
        finally:
            administrator.execute("drop policy more on duly.tasks")
    for result in results:
        assert (result.exit_code, result.stdout) == (1, "")
        assert "Refusing to serve" in result.stderr
