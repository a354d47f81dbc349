"""An answer that is lost after the commit: the same request again has it, and no second effect."""

import os
import signal
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial

import httpx2
import psutil
import psycopg
import pytest
from pydantic import SecretStr

from backend.config import Settings
from backend.security.signing import Issuer
from backend.tests.support import program as programs
from backend.tests.support.people import Person
from backend.tests.support.program import ServedProgram
from backend.tests.support.proxy import Proxy, Weather
from backend.tests.support.service import Service

MANY = int(os.environ.get("LOST_ANSWERS", "200"))
FEW = 12
HOW_OFTEN = pytest.mark.parametrize(
    "times", [FEW, pytest.param(MANY, marks=pytest.mark.faults)], ids=["few", "many"]
)


@pytest.fixture
def count(database_url: str) -> Iterator[Callable[[str], int]]:
    """How many tasks there are with a title."""
    with psycopg.connect(database_url, autocommit=True) as connection:

        def counted(title: str) -> int:
            found = connection.execute("select from duly.tasks where title = %s", [title])
            return len(found.fetchall())

        yield counted


def create(person: Person, title: str) -> httpx2.Response:
    return person.client.post(
        "/api/tasks", json={"title": title}, headers={"Idempotency-Key": title}
    )


@contextmanager
def _sending(person: Person, title: str) -> Iterator[Callable[[], httpx2.Response | None]]:
    """Send a request meanwhile; what it gives waits for the answer: None if there is none."""
    with ThreadPoolExecutor(1) as thread:
        sent = thread.submit(create, person, title)

        def answer() -> httpx2.Response | None:
            failure = sent.exception(60)
            return None if isinstance(failure, httpx2.TransportError) else sent.result()

        yield answer


def _is_there(count: Callable[[str], int], title: str) -> bool | None:
    return count(title) > 0 or None


@HOW_OFTEN
def test_duly_sends_a_keyed_write_again_by_itself_when_its_connection_broke(
    times: int,
    watched: tuple[Service, Proxy],
    issuer: Issuer,
    count: Callable[[str], int],
) -> None:
    """The proxy lets the call through and drops the answer, from some byte on."""
    service, proxy = watched
    person = Person("cut", service, issuer)
    person.create("known")
    for number in range(times):
        title = f"{person.subject}-{number}"
        proxy.set(Weather(cut_after=number * 7 % 160, cuts=1))
        answer = create(person, title)
        proxy.set(Weather())
        assert answer.status_code == 201, answer.text
        assert answer.json()["title"] == title
        again = create(person, title)
        assert (again.content, again.headers["ETag"]) == (answer.content, answer.headers["ETag"])
        assert count(title) == 1
    person.client.close()


@pytest.fixture(scope="module")
def program(
    settings: Settings, database_url: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[ServedProgram, Proxy]]:
    """One worker, and a proxy before its database."""
    with Proxy(database_url) as proxy:
        through = settings.model_copy(update={"database_url": SecretStr(proxy.url)})
        with programs.serve(through, tmp_path_factory.mktemp("killed"), WORKERS="1") as served:
            yield served, proxy


@pytest.mark.parametrize(
    "times", [2, pytest.param(MANY, marks=pytest.mark.faults)], ids=["few", "many"]
)
def test_who_was_answered_by_nobody_gets_the_answer_from_the_next_worker(
    times: int,
    program: tuple[ServedProgram, Proxy],
    issuer: Issuer,
    count: Callable[[str], int],
) -> None:
    """The worker is killed when its write is there, and before it has learnt of that."""
    served, proxy = program
    person = Person("killed", served, issuer)
    for number in range(times):
        title = f"{person.subject}-{number}"
        served.wait_for(lambda: programs.is_ready(person.client))
        person.create("known")
        [worker] = psutil.Process(served.pid).children()
        proxy.stall(requests=False)
        with _sending(person, title) as sent:
            served.wait_for(partial(_is_there, count, title))
            worker.send_signal(signal.SIGKILL)
            assert sent() is None, "an answer came, so none was lost"
        proxy.resume()
        served.wait_for(lambda: programs.is_ready(person.client))
        answer = create(person, title)
        assert answer.status_code == 201
        assert answer.headers["Idempotency-Replayed"] == "true"
        assert (answer.json()["title"], count(title)) == (title, 1)
    person.client.close()
