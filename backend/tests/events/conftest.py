"""People who follow their changes over two instances, the second behind a transaction pooler."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

import httpx2
import pytest
from pydantic import SecretStr

from backend.config import Settings
from backend.security.signing import Issuer
from backend.tests.support import pgbouncer
from backend.tests.support import program as programs
from backend.tests.support.people import NO_TLS, Person
from backend.tests.support.pgbouncer import PgBouncer
from backend.tests.support.program import ServedProgram

Make = Callable[[str], Person]


@pytest.fixture(scope="package")
def instance(
    settings: Settings, database_url: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ServedProgram]:
    """Another instance on the same database, behind a pooler if there is one; it hurries."""
    with ExitStack() as stack:
        if pgbouncer.PROGRAM is not None:
            pooler = PgBouncer(database_url, tmp_path_factory.mktemp("pooler"))
            url = stack.enter_context(pooler).url
            settings = settings.model_copy(update={"database_url": SecretStr(url)})
        directory = tmp_path_factory.mktemp("instance")
        changes = {"EVENT_HEARTBEAT": "0.2", "AUTH_LEEWAY": "0", "MAX_EVENT_STREAMS": "25"}
        changes |= {"WORKERS": "1", "WRITE_TIMEOUT": "1"}
        yield stack.enter_context(programs.serve(settings, directory, **changes))


@pytest.fixture
def somebody(program: ServedProgram, issuer: Issuer) -> Iterator[Make]:
    """Makes people who use the program, with its two workers."""
    made: list[Person] = []

    def make(name: str) -> Person:
        made.append(Person(name, program, issuer))
        return made[-1]

    yield make
    for each in made:
        each.client.close()


@contextmanager
def at(url: str, person: Person, token: str = "") -> Iterator[httpx2.Client]:
    """Another client of a person, on connections of its own."""
    headers = {"Authorization": f"Bearer {token or person.token}"}
    with httpx2.Client(
        base_url=url, headers=headers, verify=NO_TLS, trust_env=False, timeout=60
    ) as client:
        yield client
