"""The states that `/metrics` shows: database, tokens, clients and processes, over all workers."""

import os
import signal
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from importlib.metadata import version
from pathlib import Path
from threading import Event

import httpx2
import psycopg
import pytest
from pydantic import SecretStr

from backend.config import Settings
from backend.security.signing import Issuer
from backend.tests.support.metrics import Scrape, scrape, soon
from backend.tests.support.people import NO_TLS, Person
from backend.tests.support.program import ServedProgram, serve
from backend.tests.support.proxy import Proxy


@pytest.fixture(scope="module")
def proxy(database_url: str) -> Iterator[Proxy]:
    with Proxy(database_url) as running:
        yield running


@pytest.fixture(scope="module")
def running(
    settings: Settings, proxy: Proxy, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ServedProgram]:
    """Two workers whose connections to the database can be cut."""
    through = settings.model_copy(update={"database_url": SecretStr(proxy.url)})
    with serve(through, tmp_path_factory.mktemp("served")) as program:
        yield program


@pytest.fixture
def served(running: ServedProgram, issuer: Issuer) -> ServedProgram:
    """With all of its connections, whatever the test before has done to them."""
    dave = Person("dave", running, issuer)
    dave.client.headers["Connection"] = "close"  # by new connections both workers are called

    def is_whole() -> bool:
        dave.client.get("/api/tasks")
        dave.client.post("/api/tasks", json={"title": "Buy milk"})
        return connections(running) == ALL

    with dave.client:
        soon(is_whole)
    return running


ALL = {"reads": 2 * 2, "writes": 2 * 4}


def connections(program: ServedProgram) -> dict[str, float]:
    """How many are ready, of both workers."""
    found = scrape(program.url)
    return {pool: found.total("duly_database_connections", pool=pool) for pool in ALL}


class Since:
    """What has been counted since the making of this.

    Args:
        program: Who counts.
    """

    def __init__(self, program: ServedProgram) -> None:
        self._program = program
        self._before = scrape(program.url)

    def total(self, name: str, **labels: str) -> float:
        return scrape(self._program.url).total(name, **labels) - self._before.total(name, **labels)


@pytest.fixture
def carol(served: ServedProgram, issuer: Issuer) -> Iterator[Person]:
    person = Person("carol", served, issuer)
    yield person
    person.client.close()


@contextmanager
def space_held(url: str, subject: str) -> Iterator[None]:
    """Nobody else can write in the space of this user meanwhile."""
    with psycopg.connect(url) as connection:
        connection.execute("select pg_advisory_xact_lock(hashtextextended(%s, 0))", [subject])
        yield


def workers(program: ServedProgram) -> list[int]:
    children = Path(f"/proc/{program.pid}/task/{program.pid}/children").read_text().split()
    return [int(each) for each in children if "worker" in Path(f"/proc/{each}/comm").read_text()]


def test_the_version_that_runs_is_told(program: ServedProgram) -> None:
    found = scrape(program.url)
    assert found.values("duly_build_info", "version") == {version("duly")}
    assert found.total("duly_build_info") == 1


def test_connections_to_the_database_are_counted_by_pool(served: ServedProgram) -> None:
    def all_made() -> bool:
        made = scrape(served.url).total("duly_database_connects_total", outcome="made")
        return made >= sum(ALL.values())

    soon(all_made)  # it serves as soon as it has one
    found = scrape(served.url)
    for pool, most in ALL.items():
        assert found.total("duly_database_connections_limit", pool=pool) == most
    assert found.total("duly_isolation_lost") == 0


def test_connections_that_break_are_counted_and_made_anew(
    served: ServedProgram, carol: Person, proxy: Proxy
) -> None:
    carol.create()
    since = Since(served)
    assert since.total("duly_database_connections_lost_total") == 0
    proxy.cut()
    soon(lambda: since.total("duly_database_connections_lost_total") >= sum(ALL.values()))
    assert carol.titles() == ["Buy milk"]
    soon(lambda: since.total("duly_database_connects_total", outcome="made") > 0)


def test_a_database_that_is_gone_shows_as_failures_and_as_503_by_code(
    served: ServedProgram, carol: Person, proxy: Proxy
) -> None:
    since = Since(served)
    proxy.refuse()
    proxy.cut()
    answers = [carol.client.get("/api/tasks") for _ in range(5)]
    assert {answer.status_code for answer in answers} == {503}

    def told() -> bool:
        return (
            since.total("duly_problems_total", code="database_unavailable") == 5
            and connections(served) == dict.fromkeys(ALL, 0)
            and since.total("duly_database_connects_total", outcome="failed") >= 2
            and since.total("duly_database_refusals_total", reason="no_connection") >= 1
        )

    soon(told)
    proxy.welcome()
    soon(lambda: carol.client.get("/api/tasks").status_code == 200)


def test_calls_that_wait_for_their_turn_are_seen_and_their_waits_added_up(
    served: ServedProgram, carol: Person, database_url: str
) -> None:
    since = Since(served)
    enough = Event()

    def insist() -> None:
        while not enough.is_set():
            carol.client.post("/api/tasks", json={"title": "Buy milk"})

    with ThreadPoolExecutor(8) as pool:
        for _ in range(8):
            pool.submit(insist)
        try:
            with space_held(database_url, carol.subject):
                soon(lambda: scrape(served.url).total("duly_database_calls_waiting") >= 1)
                soon(lambda: scrape(served.url).total("duly_database_calls_in_flight") >= 1)
            soon(lambda: since.total("duly_database_waits_total") >= 1)
        finally:
            enough.set()
    assert "Buy milk" in carol.titles()
    soon(lambda: scrape(served.url).total("duly_database_calls_waiting") == 0)
    assert since.total("duly_database_wait_seconds_total") > 0


def test_calls_that_wait_in_vain_are_counted_as_overload(
    served: ServedProgram, carol: Person, database_url: str
) -> None:
    carol.create()
    since = Since(served)
    with ThreadPoolExecutor(8) as pool, space_held(database_url, carol.subject):
        body = {"title": "Buy milk"}
        writes = [pool.submit(carol.client.post, "/api/tasks", json=body) for _ in range(8)]
        assert {write.result().status_code for write in writes} == {503}

    def told() -> bool:
        refused = since.total("duly_problems_total", code="overloaded")
        return refused > 0 and refused == since.total(
            "duly_database_refusals_total", reason="overloaded"
        )

    soon(told)


def test_a_database_that_does_not_keep_users_apart_raises_the_alarm(
    settings: Settings, make_database: Callable[[str], str], issuer: Issuer, tmp_path: Path
) -> None:
    url = make_database("unwalled")
    there = settings.model_copy(update={"database_url": SecretStr(url)})
    with serve(there, tmp_path) as program:
        eve = Person("eve", program, issuer)
        with eve.client, psycopg.connect(url, autocommit=True) as administrator:
            for wall, lost in (("disable", 1), ("enable", 0)):
                administrator.execute(f"alter table duly.tasks {wall} row level security".encode())

                def told(lost: int = lost) -> bool:
                    # It is proved while there are calls, by each worker for itself: by new
                    # connections both are called.
                    eve.client.get("/api/tasks", headers={"Connection": "close"})
                    return scrape(program.url).total("duly_isolation_lost") == lost

                soon(told)


def test_each_token_is_verified_once_by_a_worker_and_found_after_that(
    settings: Settings, issuer: Issuer, tmp_path: Path
) -> None:
    """Of a program that has not been asked before: what others did is seen up to a second late."""
    with serve(settings, tmp_path) as program:
        carol = Person("carol", program, issuer)
        with carol.client:
            for _ in range(20):
                assert carol.titles() == []

        def told() -> Scrape | None:
            found = scrape(program.url)
            return found if found.total("duly_token_cache_lookups_total") == 20 else None

        found = soon(told)
        misses = found.total("duly_token_cache_lookups_total", outcome="miss")
        assert misses in {1, 2}  # there are two workers
        assert found.total("duly_token_cache_entries") == misses


def test_connections_of_clients_are_counted_over_all_workers(served: ServedProgram) -> None:
    before = scrape(served.url).total("duly_client_connections")
    with ExitStack() as stack:
        for _ in range(10):
            client = httpx2.Client(base_url=served.url, verify=NO_TLS, trust_env=False, timeout=60)
            stack.enter_context(client).get("/livez")
        soon(lambda: scrape(served.url).total("duly_client_connections") >= 10)
    soon(lambda: scrape(served.url).total("duly_client_connections") <= max(before, 1) + 1)


def test_a_worker_that_takes_the_place_of_a_dead_one_has_its_name(served: ServedProgram) -> None:
    names = {"1", "2"}
    before = soon(lambda: _of_workers(served, names))
    for name in names:
        assert before.total("duly_process_resident_memory_bytes", worker=name) > 20_000_000
        assert 0 < before.total("duly_process_open_fds", worker=name) < 1_000
    started = before.total("duly_process_start_time_seconds")
    os.kill(workers(served)[0], signal.SIGKILL)
    after = soon(lambda: _started_later(served, started))
    assert after.values("duly_process_start_time_seconds", "worker") == names
    # Counters go on from what the dead one had counted.
    cpu = "duly_process_cpu_seconds_total"
    assert all(after.total(cpu, worker=name) >= before.total(cpu, worker=name) for name in names)


def _of_workers(program: ServedProgram, names: set[str]) -> Scrape | None:
    found = scrape(program.url)
    return found if found.values("duly_process_open_fds", "worker") == names else None


def _started_later(program: ServedProgram, than: float) -> Scrape | None:
    try:
        found = scrape(program.url)
    except httpx2.TransportError:  # accepted by the one that was killed
        return None
    return found if found.total("duly_process_start_time_seconds") > than else None
