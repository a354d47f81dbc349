"""Reads from a replica: never less than the caller has written, whatever becomes of the replica."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import Any, NamedTuple

import httpx2
import pytest
from pydantic import SecretStr

from backend.config import Settings
from backend.database import migrate
from backend.database.connection.pools import Pools
from backend.database.replica import Replica
from backend.database.urls import with_database
from backend.doctor.replica import examine_replica
from backend.schemas.task import TaskQuery
from backend.security.signing import Issuer
from backend.services.tasks import list_tasks
from backend.tests.support.metrics import scrape, soon
from backend.tests.support.people import NO_TLS, Person
from backend.tests.support.private_cluster import PrivateCluster, private_cluster
from backend.tests.support.proxy import Proxy
from backend.tests.support.service import Service
from backend.tests.support.standby import Standby, standby


class Pair(NamedTuple):
    """Two instances over one primary and one replica.

    Attributes:
        first, second: The instances.
        replica: The replica.
        between: What stands between the instances and the replica.
    """

    first: Service
    second: Service
    primary: PrivateCluster
    replica: Standby
    between: Proxy

    def outcomes(self) -> dict[str, int]:
        """What became of the reads of both that might go to the replica."""
        held = [each.app.state.resources.replica for each in (self.first, self.second)]
        return dict(held[0].outcomes + held[1].outcomes)


@pytest.fixture(scope="module")
def servers() -> Iterator[tuple[PrivateCluster, Standby]]:
    with private_cluster() as primary, standby(primary) as replica:
        yield primary, replica


@pytest.fixture
def pair(servers: tuple[PrivateCluster, Standby], settings: Settings) -> Iterator[Pair]:
    primary, replica = servers
    with ExitStack() as stack:
        between = stack.enter_context(Proxy(replica.url("duly")))
        urls = {
            "database_url": SecretStr(primary.url),
            "database_url_replica": SecretStr(between.url),
        }
        there = settings.model_copy(update=urls)
        first, second = (stack.enter_context(Service(there)) for _ in range(2))
        replica.resume()
        yield Pair(first, second, primary, replica, between)
        replica.resume()


@pytest.fixture
def people(pair: Pair, issuer: Issuer) -> Iterator[tuple[Person, Person]]:
    """Frank, who writes through one instance and reads through the other."""
    writer = Person("frank", pair.first, issuer)
    reader = Person("frank", pair.second, issuer)
    reader.client.headers["authorization"] = writer.client.headers["authorization"]
    yield writer, reader
    writer.client.close()
    reader.client.close()


def used(pair: Pair) -> int:
    return pair.outcomes().get("used", 0)


def test_lists_come_from_the_replica_once_it_has_what_the_caller_wrote(
    pair: Pair, people: tuple[Person, Person]
) -> None:
    writer, reader = people
    writer.create("Buy milk")
    soon(lambda: reader.titles() == ["Buy milk"] and used(pair) > 0)
    before, said = used(pair), pair.between.messages.copy()
    assert reader.titles() == ["Buy milk"]
    assert used(pair) == before + 1
    # Prelude, progress and list were run there.
    assert (pair.between.messages - said)["E"] >= 3


def test_nothing_is_stale_in_many_reads_while_replay_stands_still_and_goes_on(
    pair: Pair, issuer: Issuer
) -> None:
    writers = [Person(f"writer{number}", pair.first, issuer) for number in range(4)]

    def write_and_read(writer: Person) -> tuple[int, int]:
        stale = reads = 0
        reader = httpx2.Client(
            base_url=pair.second.url,
            headers=writer.client.headers,
            verify=NO_TLS,
            trust_env=False,
            timeout=60,
        )
        with reader:
            for number in range(100):
                title = f"Task {number}"
                created = writer.create(title)
                for _ in range(2):
                    answer = reader.get("/api/tasks?limit=1").json()
                    stale += answer[0]["title"] != title
                    reads += 1
                if number % 50 == 10:
                    assert reader.delete(f"/api/tasks/{created['id']}").status_code == 204
                    stale += reader.get("/api/trash?limit=1").json()[0]["title"] != title
                    assert writer.client.delete("/api/trash").status_code == 204
                    stale += reader.get("/api/trash").json() != []
                    reads += 2
        return stale, reads

    with ThreadPoolExecutor(5) as pool:
        working = [pool.submit(write_and_read, writer) for writer in writers]
        while not all(each.done() for each in working):
            pair.replica.pause()
            time.sleep(0.05)  # as long as replay stands still; nothing depends on it
            pair.replica.resume()
            time.sleep(0.05)
        results = [each.result() for each in working]
    for writer in writers:
        writer.client.close()
    assert sum(stale for stale, _ in results) == 0
    assert sum(reads for _, reads in results) > 800
    outcomes = pair.outcomes()
    assert outcomes["used"] > 0
    assert outcomes["behind"] > 0


def test_while_replay_stands_still_who_has_written_is_answered_by_the_primary(
    pair: Pair, people: tuple[Person, Person], issuer: Issuer
) -> None:
    writer, reader = people
    writer.create("Before")
    soon(lambda: reader.titles() == ["Before"] and used(pair) > 0)
    pair.replica.pause()
    before = used(pair)
    writer.create("After")
    assert reader.titles() == ["After", "Before"]
    assert used(pair) == before
    soon(lambda: ready(pair.second)["replica"] is False)
    # Whoever has not written since is still read from there.
    stranger = Person("stranger", pair.second, issuer)
    with stranger.client:
        assert stranger.titles() == []
    assert used(pair) == before + 1
    pair.replica.resume()
    soon(lambda: reader.titles() == ["After", "Before"] and used(pair) > before + 1)
    soon(lambda: ready(pair.second)["replica"])


@pytest.mark.parametrize(
    "change",
    [
        lambda client, task: client.patch(task, json={"title": "Changed"}),
        lambda client, task: client.patch(f"{task}/toggle"),
        lambda client, task: client.delete(task),
        lambda client, _: client.delete("/api/me"),
    ],
    ids=["changed", "ticked", "deleted", "erased"],
)
def test_no_change_of_any_kind_goes_unseen(
    change: Callable[[httpx2.Client, str], httpx2.Response],
    pair: Pair,
    people: tuple[Person, Person],
) -> None:
    writer, reader = people
    task = f"/api/tasks/{writer.create()['id']}"
    soon(lambda: reader.titles() == ["Buy milk"] and used(pair) > 0)
    pair.replica.pause()
    assert change(writer.client, task).is_success
    expected = _listed(writer)
    assert _listed(reader) == expected
    if expected:
        assert expected[0]["version"] > 1


def _listed(person: Person) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = person.client.get("/api/tasks").json()
    return found


def test_an_account_that_was_erased_and_made_anew_is_not_taken_for_the_old_one(
    pair: Pair, people: tuple[Person, Person]
) -> None:
    writer, reader = people
    writer.create("Old")
    soon(lambda: reader.titles() == ["Old"] and used(pair) > 0)
    pair.replica.pause()
    assert writer.client.delete("/api/me").status_code == 204
    writer.create("New")  # which has the number that the old one had
    assert reader.titles() == ["New"]


def test_an_emptied_trash_is_empty_at_once(pair: Pair, people: tuple[Person, Person]) -> None:
    writer, reader = people
    task = writer.create()
    assert writer.client.delete(f"/api/tasks/{task['id']}").status_code == 204
    soon(lambda: len(reader.client.get("/api/trash").json()) == 1 and used(pair) > 0)
    pair.replica.pause()
    assert writer.client.delete("/api/trash").status_code == 204
    assert reader.client.get("/api/trash").json() == []


def test_a_replica_that_is_gone_costs_nobody_an_answer(
    pair: Pair, people: tuple[Person, Person]
) -> None:
    writer, reader = people
    writer.create()
    soon(lambda: reader.titles() == ["Buy milk"] and used(pair) > 0)
    pair.between.refuse()
    pair.between.cut()
    before = used(pair)
    for _ in range(20):
        assert reader.titles() == ["Buy milk"]
    assert used(pair) == before
    soon(lambda: ready(pair.second)["replica"] is False)
    assert ready(pair.second)["ready"] is True
    pair.between.welcome()
    soon(lambda: reader.titles() == ["Buy milk"] and used(pair) > before)


def test_a_replica_that_is_silent_is_left_alone_for_a_while(
    pair: Pair, people: tuple[Person, Person]
) -> None:
    writer, reader = people
    writer.create()
    soon(lambda: reader.titles() == ["Buy milk"] and used(pair) > 0)
    pair.between.stall()
    for _ in range(20):
        assert reader.titles() == ["Buy milk"]
    outcomes = pair.outcomes()
    assert outcomes["rest"] >= 18  # nobody waited for it but the first
    pair.between.resume()


def test_what_is_no_replica_is_never_believed(settings: Settings, issuer: Issuer) -> None:
    """A copy that goes its own way may have other rows under the same numbers."""
    url = settings.database_url
    there = settings.model_copy(update={"database_url_replica": url})
    with Service(there) as service:
        grace = Person("grace", service, issuer)
        with grace.client:
            grace.create()
            assert grace.titles() == ["Buy milk"]
        assert service.app.state.resources.replica.outcomes == {"behind": 1}
        assert ready(service)["replica"] is False


def test_the_doctor_tells_a_replica_that_replays_from_one_that_stands_still(
    pair: Pair, settings: Settings
) -> None:
    urls = {
        "database_url": SecretStr(pair.primary.url),
        "database_url_replica": SecretStr(pair.replica.url("duly")),
    }
    there = settings.model_copy(update=urls)
    assert examine_replica(there).verdict == "ok"
    pair.replica.pause()
    assert (examine_replica(there).verdict, examine_replica(there).detail) == (
        "warn",
        "stands still",
    )


def test_without_a_replica_readiness_says_nothing_of_one(service: Service) -> None:
    assert ready(service)["replica"] is None


def ready(service: Service) -> dict[str, object]:
    """What `/readyz` says; it may be a second old."""
    with httpx2.Client(base_url=service.url, verify=NO_TLS, trust_env=False, timeout=60) as client:
        found: dict[str, object] = client.get("/readyz").json()
        return found


def test_metrics_tell_what_the_replica_was_used_for(
    pair: Pair, people: tuple[Person, Person]
) -> None:
    writer, reader = people
    writer.create()
    soon(lambda: reader.titles() == ["Buy milk"] and used(pair) > 0)
    found = scrape(pair.second.url)
    assert found.total("duly_replica_reads_total", outcome="used") >= 1
    assert found.total("duly_database_connections", pool="replica") >= 1


@pytest.mark.anyio
async def test_a_replica_that_does_not_keep_users_apart_is_not_read(
    servers: tuple[PrivateCluster, Standby],
) -> None:
    primary, replica = servers
    primary.execute("create database open")
    migrate.upgrade(with_database(primary.url, "open"))
    primary.execute(
        "alter table duly.tasks disable row level security",
        "insert into duly.spaces (id) values ('somebody')",
        database="open",
    )
    position = primary.execute("select pg_current_wal_lsn()::text")[0][0]
    soon(lambda: replica.execute(f"select pg_last_wal_replay_lsn() >= '{position}'"))
    pools, whole = Pools(replica.url("open")), Pools(primary.url)
    await whole.start()
    there = Replica(pools, whole)
    there.stand_by()
    assert await there.read("somebody", list_tasks(TaskQuery()).statements) is None
    assert not await there.replays()
    assert there.outcomes == {"failed": 1}
    await there.close()
    await whole.close()
