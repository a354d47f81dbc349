"""An administrator takes row-level security away while people are served."""

import json
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any, Self

import psycopg
import pytest
from pydantic import SecretStr

from backend.config import Settings
from backend.security.signing import Issuer
from backend.tests.support.people import Person
from backend.tests.support.service import Service

PATIENCE = 15.0  # seconds until answers stop, and until they are back: 2 on an idle machine


@pytest.fixture
def url(make_database: Callable[[str], str]) -> Iterator[str]:
    """A database of this test's own, whose row-level security is on again afterwards."""
    url = make_database("lost")
    yield url
    command(url, "alter table duly.tasks enable row level security")


def command(url: str, text: str) -> None:
    with psycopg.connect(url, autocommit=True) as administrator:
        administrator.execute(text.encode())


class Crowd:
    """People who list and read without a pause, and what they saw."""

    def __init__(self, people: list[Person]) -> None:
        self.statuses: Counter[int] = Counter()
        self.foreign: list[Any] = []
        self._in_a_row = (0, 0)  # a status, and how many answers had it since another came
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._live, args=(each,)) for each in people]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def wait_for(self, status: int) -> float:
        """Seconds until this is what everybody gets: a busy machine refuses single ones anyway."""
        started = time.monotonic()
        while self._in_a_row[0] != status or self._in_a_row[1] < 60:
            assert time.monotonic() < started + 2 * PATIENCE, self.statuses
            time.sleep(0.01)
        return time.monotonic() - started

    def _live(self, person: Person) -> None:
        while not self._stop.is_set():
            answer = person.client.get("/api/tasks", params={"limit": 200, "count": "exact"})
            self.statuses[answer.status_code] += 1
            latest, number = self._in_a_row
            same = answer.status_code == latest
            self._in_a_row = (answer.status_code, number + 1 if same else 1)
            if answer.status_code == 200:
                shown = {task["user_id"] for task in answer.json()}
                if shown != {person.subject} or answer.headers["total-count"] != "3":
                    self.foreign.append(answer.text)


def wait_until_unready(person: Person) -> None:
    """An answer is kept for a second, and may be from before."""
    until = time.monotonic() + PATIENCE
    while person.client.get("/readyz").status_code != 503:
        assert time.monotonic() < until
        time.sleep(0.05)


def test_nobody_sees_a_foreign_row_and_answers_stop_until_it_is_back(
    url: str, settings: Settings, issuer: Issuer, tmp_path_factory: pytest.TempPathFactory
) -> None:
    log = tmp_path_factory.getbasetemp() / "tests.log"
    earlier = log.stat().st_size
    there = settings.model_copy(update={"database_url": SecretStr(url)})
    with Service(there) as service:
        people = [Person(name, service, issuer) for name in ("alice", "bob", "charlie")]
        for person in people:
            for title in "abc":
                person.create(title)
        with Crowd(people) as crowd:
            crowd.wait_for(200)
            command(url, "alter table duly.tasks disable row level security")
            assert crowd.wait_for(503) < PATIENCE
            refused = people[0].client.get("/api/tasks")
            assert refused.status_code == 503
            assert "retry-after" in refused.headers
            wait_until_unready(people[0])
            command(url, "alter table duly.tasks enable row level security")
            assert crowd.wait_for(200) < PATIENCE
        for person in people:
            person.client.close()
    assert crowd.foreign == []
    assert crowd.statuses.keys() == {200, 503}
    lines = [json.loads(line) for line in log.read_bytes()[earlier:].splitlines()]
    events = [line for line in lines if line["event"] == "security_event"]
    assert [event["complaints"] for event in events] == [
        ["row-level security is not in force on duly.tasks"]
    ]
