"""Servers of these tests' own, and wires that can be cut."""

from collections.abc import Callable, Iterator

import psycopg
import pytest

from backend.tests.support.private_cluster import PrivateCluster, private_cluster
from backend.tests.support.proxy import Proxy


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def proxy(database_url: str) -> Iterator[Proxy]:
    """Stands before the shared database."""
    with Proxy(database_url) as running:
        yield running


@pytest.fixture(scope="session")
def private() -> Iterator[PrivateCluster]:
    """A server that tests may stop, kill and break, if they leave it running and whole."""
    with private_cluster() as cluster:
        yield cluster


@pytest.fixture
def scratch(make_database: Callable[[str], str]) -> str:
    """A database whose connections and security tests may end; nobody else uses it."""
    return make_database("scratch")


@pytest.fixture
def scratch_table(database_url: str) -> Iterator[str]:
    """A table of one test's own that everybody may write and that keeps also what comes twice."""
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("create table public.kept (key text)")
        connection.execute("grant all on public.kept to public")
        yield "public.kept"
        connection.execute("drop table public.kept")
