"""What the end-to-end tests run on, and the conformance table that they print."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from itertools import count
from pathlib import Path

import httpx2
import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from backend.config import Settings
from backend.database.embedded import EmbeddedServer
from backend.security.signing import Issuer
from backend.tests.e2e.better_auth import BetterAuth, serve_better_auth
from backend.tests.e2e.duly import migrate, serve_duly
from backend.tests.e2e.people import Person, signed_up
from backend.tests.e2e.replica import Play, playing

NewDatabase = Callable[..., str]
StartBetterAuth = Callable[..., BetterAuth]
StartDuly = Callable[..., httpx2.Client]
SignUp = Callable[[BetterAuth, str], Person]

_TITLES = ("Better Auth's mode", "signed with", "expected", "seen")


@pytest.fixture(scope="session")
def new_database(cluster: EmbeddedServer, worker_id: str) -> NewDatabase:
    """Makes databases: empty ones, or copies of one that has Duly's tables."""
    numbers = count(1)

    def create(template: str = "template1") -> str:
        name = f"e2e_{worker_id}_{next(numbers)}"
        statement = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
        with psycopg.connect(cluster.url(), autocommit=True) as connection:
            connection.execute(statement.format(sql.Identifier(name), sql.Identifier(template)))
        return cluster.url(name)

    return create


@pytest.fixture(scope="session")
def migrated(new_database: NewDatabase, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The name of a database with Duly's tables, for copying: migrating each would take longer."""
    database = new_database()
    migrate(database, tmp_path_factory.mktemp("migrated"))
    return str(conninfo_to_dict(database)["dbname"])


@pytest.fixture
def closing() -> Iterator[ExitStack]:
    """Ends, after the test, whatever was started in it."""
    with ExitStack() as stack:
        yield stack


@pytest.fixture
def better_auth(
    new_database: NewDatabase, migrated: str, closing: ExitStack, tmp_path: Path
) -> StartBetterAuth:
    """Starts a Better Auth on a database of its own, in the mode asked for."""
    return lambda **mode: closing.enter_context(
        serve_better_auth(new_database(migrated), tmp_path, **mode)
    )


@pytest.fixture
def duly(closing: ExitStack, tmp_path: Path) -> StartDuly:
    """Starts Duly beside a Better Auth, with the settings asked for."""
    return lambda better_auth, settings=None: closing.enter_context(
        serve_duly(better_auth, tmp_path, settings)
    )


@pytest.fixture
def sign_up(closing: ExitStack) -> SignUp:
    """Signs new users up."""
    return lambda better_auth, name: closing.enter_context(signed_up(better_auth, name))


@pytest.fixture(scope="module")
def play(
    settings: Settings, issuer: Issuer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Play]:
    """Plays a scenario with the TypeScript client, and gives what was seen."""
    with playing(settings, issuer, tmp_path_factory.mktemp("sync")) as play:
        yield play


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print one line for each mode, from whichever process tried it."""
    rows = sorted(
        tuple(value)
        for outcome in ("passed", "failed")
        for report in terminalreporter.getreports(outcome)
        for name, value in report.user_properties
        if name == "conformance"
    )
    if not rows:
        return
    widths = [max(map(len, column)) for column in zip(_TITLES, *rows, strict=True)]
    terminalreporter.section("conformance with Better Auth")
    for row in (_TITLES, *rows):
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        terminalreporter.write_line("  ".join(cells).rstrip())
