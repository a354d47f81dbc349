"""The real program on the real database, and the people who use it."""

import gc
import os
import shutil
import tempfile
from collections.abc import Callable, Generator, Iterator
from pathlib import Path

import psycopg
import pytest
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings
from pydantic import SecretStr

from backend.config import Settings
from backend.database import migrate
from backend.database.embedded import EmbeddedServer
from backend.observability.logs import configure_logs
from backend.security.signing import Issuer
from backend.tests.support import program as programs
from backend.tests.support import reports
from backend.tests.support.key_server import KeyServer
from backend.tests.support.people import Person
from backend.tests.support.program import ServedProgram
from backend.tests.support.proxy import Proxy
from backend.tests.support.service import Service
from backend.tests.support.target import Target

# How long examples take says more of the machine than of what is tested.
hypothesis_settings.register_profile(
    "duly", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
hypothesis_settings.load_profile("duly")

# A service that is not asked how long it waits waits this much longer than production.
PATIENCE = 5.0


def pytest_xdist_auto_num_workers() -> int:
    """Three for each two processors: many tests wait, for a timer or a program that starts."""
    processors = os.cpu_count() or 1
    return processors + (processors + 1) // 2


def pytest_collection_finish() -> None:
    gc.freeze()  # thousands of tests are no garbage, and need not be looked at again and again


def pytest_runtest_setup() -> None:
    reports.begin()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A failing test shows the end of what was written meanwhile; with `-vv`, all of it."""
    report = yield
    if item.config.get_verbosity() < 1:
        reports.shorten(report)
    if report.failed:
        reports.add_logs(report)
    return report


@pytest.fixture(scope="session", autouse=True)
def _log(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Whatever logs in this process logs into a file."""
    path = tmp_path_factory.getbasetemp() / "tests.log"
    reports.logs.append(path)
    configure_logs(path.open("w"))


@pytest.fixture(autouse=True)
def _own_metrics() -> Iterator[None]:
    """A `duly serve` in this process counts in a folder of its own, which is gone with it."""
    yield
    os.environ.pop("PROMETHEUS_MULTIPROC_DIR", None)


@pytest.fixture(scope="session")
def cluster(testrun_uid: str) -> Iterator[EmbeddedServer]:
    """One PostgreSQL for the whole run, shared by the workers of pytest-xdist.

    Not below pytest's directory: each run of pytest closes that to all other accounts, and when
    root runs the tests, PostgreSQL runs as another.
    """
    directory = Path(tempfile.gettempdir(), f"duly-{testrun_uid}")
    server = EmbeddedServer(directory / "postgres")
    with psycopg.connect(server.url(), autocommit=True) as connection:
        connection.execute("alter system set fsync = off")  # nothing here outlives the run
        connection.execute("select pg_reload_conf()")
    yield server
    server.close()
    if not (directory / "postgres" / "postmaster.pid").exists():  # nobody else holds it
        shutil.rmtree(directory, ignore_errors=True)


@pytest.fixture(scope="session")
def make_database(cluster: EmbeddedServer, worker_id: str) -> Callable[[str], str]:
    """Gives the URL of a new, migrated database of this worker: a copy of one that is."""
    template = f"template_{worker_id}"
    migrate.upgrade(cluster.database(template))

    def make(name: str) -> str:
        made = f"{name}_{worker_id}"
        with psycopg.connect(cluster.url(), autocommit=True) as connection:
            connection.execute(f"drop database if exists {made} with (force)".encode())
            connection.execute(f"create database {made} template {template}".encode())
        return cluster.url(made)

    return make


@pytest.fixture(scope="session")
def database_url(make_database: Callable[[str], str]) -> str:
    """The database that most tests share; each works with people of its own."""
    return make_database("duly")


@pytest.fixture(scope="session")
def issuer() -> Issuer:
    """The key that signs the tokens of the cast."""
    return Issuer.generate()


@pytest.fixture(scope="session")
def target(issuer: Issuer) -> Target:
    """The keys that the service trusts: the cast's, and one of each other common kind."""
    return Target(ed=issuer)


@pytest.fixture(scope="session")
def key_server(target: Target) -> Iterator[KeyServer]:
    """Publishes the key set, as Better Auth does."""
    with KeyServer(target.ed, target.ec, target.rsa) as server:
        yield server


@pytest.fixture(scope="session")
def settings(database_url: str, key_server: KeyServer) -> Settings:
    """Production settings for the shared service."""
    return Settings(
        _env_file=None,
        environment="production",
        database_url=SecretStr(database_url),
        auth_jwks_url=key_server.url,
        auth_issuer="https://app.example.com",
        auth_audience=("https://app.example.com",),
        cors_origins=("https://app.example.com",),
        rate_limit="off",  # tests hammer; those of the limits set their own
    )


@pytest.fixture(scope="session")
def service(settings: Settings) -> Iterator[Service]:
    """Duly, served over HTTP on a free port of loopback."""
    with Service(settings, patience=PATIENCE) as running:
        yield running


@pytest.fixture(scope="session")
def program(
    settings: Settings, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ServedProgram]:
    """Duly as `duly serve` runs it, with two workers, on the same database."""
    with programs.serve(settings, tmp_path_factory.mktemp("program")) as running:
        yield running


@pytest.fixture
def person(service: Service, issuer: Issuer) -> Iterator[Callable[[str], Person]]:
    """Makes people; each has a subject of its own, whatever the name."""
    made: list[Person] = []

    def make(name: str) -> Person:
        made.append(Person(name, service, issuer))
        return made[-1]

    yield make
    for each in made:
        each.client.close()


@pytest.fixture
def alice(person: Callable[[str], Person]) -> Person:
    return person("alice")


@pytest.fixture
def bob(person: Callable[[str], Person]) -> Person:
    return person("bob")


@pytest.fixture
def charlie(person: Callable[[str], Person]) -> Person:
    return person("charlie")


@pytest.fixture(scope="module")
def watched(database_url: str, settings: Settings) -> Iterator[tuple[Service, Proxy]]:
    """The served program, with a proxy before its database; one wire, so that it is warm."""
    with Proxy(database_url) as proxy:
        through = {"database_url": SecretStr(proxy.url), "database_pool_size": 1}
        with Service(settings.model_copy(update=through), patience=PATIENCE) as service:
            yield service, proxy
