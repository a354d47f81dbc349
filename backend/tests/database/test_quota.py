"""Nobody has more tasks than `MAX_TASKS_PER_USER`, whoever creates them at once and however."""

from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx2
import psycopg
import pytest

from backend.config import Settings
from backend.core.ids import new_id
from backend.security.signing import Issuer
from backend.tests.support.people import Person
from backend.tests.support.program import serve
from backend.tests.support.service import Service

MOST = 10
MakePerson = Callable[[str], Person]


@pytest.fixture(scope="module")
def bounded(settings: Settings) -> Iterator[Service]:
    """A service whose users may have few tasks."""
    with Service(settings.model_copy(update={"max_tasks_per_user": MOST}), patience=5) as running:
        yield running


@pytest.fixture
def alice(bounded: Service, issuer: Issuer) -> Iterator[Person]:
    person = Person("alice", bounded, issuer)
    yield person
    person.client.close()


def create(person: Person) -> int:
    return person.client.post("/api/tasks", json={"title": "one more"}).status_code


def stored(url: str, person: Person) -> int:
    with psycopg.connect(url) as superuser:
        query = "select count(*) from duly.tasks where space_id = %s"
        [(count,)] = superuser.execute(query, [person.subject]).fetchall()
    assert isinstance(count, int)
    return count


def test_the_last_one_fits_and_the_next_is_refused_with_a_code_of_its_own(
    alice: Person, database_url: str
) -> None:
    ids = [alice.create()["id"] for _ in range(MOST)]
    refused = alice.client.post("/api/tasks", json={"title": "one more"})
    assert refused.status_code == 422
    assert refused.json()["code"] == "too_many_tasks"
    assert stored(database_url, alice) == MOST
    # What is there can still be changed.
    assert alice.client.patch(f"/api/tasks/{ids[0]}", json={"title": "new"}).status_code == 200


def test_the_trash_is_no_way_round_it_and_emptying_it_makes_room(
    alice: Person, database_url: str
) -> None:
    ids = [alice.create()["id"] for _ in range(MOST)]
    for task_id in ids[:3]:
        assert alice.client.delete(f"/api/tasks/{task_id}").status_code == 204
    assert create(alice) == 422
    assert alice.client.post(f"/api/tasks/{ids[0]}/restore").status_code == 200
    assert alice.client.delete("/api/trash").status_code == 204
    assert [create(alice) for _ in range(3)] == [201, 201, 422]
    assert stored(database_url, alice) == MOST


def test_many_at_once_end_exactly_at_the_limit(
    settings: Settings, issuer: Issuer, database_url: str, tmp_path: Path
) -> None:
    with serve(settings, tmp_path, MAX_TASKS_PER_USER="100") as running:
        alice = Person("alice", running, issuer)
        with ThreadPoolExecutor(16) as threads:
            statuses = Counter(threads.map(lambda _: create(alice), range(150)))
        alice.client.close()
    assert statuses == {201: 100, 422: 50}
    assert stored(database_url, alice) == 100


def test_without_a_limit_there_is_none(
    settings: Settings, issuer: Issuer, database_url: str
) -> None:
    default = settings.max_tasks_per_user
    assert default is not None
    unlimited = settings.model_copy(update={"max_tasks_per_user": None})
    with Service(settings, patience=5) as bounded, Service(unlimited, patience=5) as unbounded:
        alice = Person("alice", bounded, issuer)
        alice.create()
        with psycopg.connect(database_url) as superuser:
            insert(superuser, alice, default)
        assert create(alice) == 422
        alice.client.base_url = httpx2.URL(unbounded.url)
        assert create(alice) == 201
        alice.client.close()
        with psycopg.connect(database_url) as superuser:
            superuser.execute("delete from duly.spaces where id = %s", [alice.subject])


@pytest.mark.parametrize("steps", ["c", "uc", "uucc", "cucucu", "uuuuucccccc", "ccuuccuu" * 3])
def test_statements_that_write_many_rows_fill_up_to_the_limit_and_not_beyond(
    steps: str, alice: Person, database_url: str
) -> None:
    """Numbers are taken by blocks there, as batches and imports will."""
    first = alice.create()["id"]
    with psycopg.connect(database_url) as superuser:
        superuser.execute(f"set local app.most_tasks = '{MOST}'".encode())
        created = 1
        for step in steps:
            if step == "u":
                superuser.execute("update duly.tasks set title = 'new' where id = %s", [first])
            elif created < MOST:
                insert(superuser, alice, 1)
                created += 1
        insert(superuser, alice, MOST - created)
        with pytest.raises(psycopg.Error) as refused, superuser.transaction():
            insert(superuser, alice, 1)
        assert refused.value.sqlstate == "DU012"
        superuser.execute("update duly.tasks set title = 'full' where id = %s", [first])
    assert stored(database_url, alice) == MOST
    with psycopg.connect(database_url) as superuser:
        numbers = superuser.execute(
            "select version from duly.tasks where space_id = %s", [alice.subject]
        ).fetchall()
    assert len(set(numbers)) == MOST
    assert create(alice) == 422


def test_a_statement_that_goes_too_far_writes_nothing(alice: Person, database_url: str) -> None:
    alice.create()
    with psycopg.connect(database_url) as superuser:
        superuser.execute(f"set local app.most_tasks = '{MOST}'".encode())
        with pytest.raises(psycopg.Error) as refused:
            insert(superuser, alice, MOST)
    assert refused.value.sqlstate == "DU012"
    assert stored(database_url, alice) == 1


def test_what_was_deleted_is_found_out_by_one_count_and_not_by_each_create(
    alice: Person, database_url: str
) -> None:
    for task_id in [alice.create()["id"] for _ in range(MOST)][:5]:
        alice.client.delete(f"/api/tasks/{task_id}")
    alice.client.delete("/api/trash")
    assert create(alice) == 201
    with psycopg.connect(database_url) as superuser:
        query = "select task_bound from duly.spaces where id = %s"
        assert superuser.execute(query, [alice.subject]).fetchall() == [(MOST - 4,)]


def test_tasks_that_were_there_before_the_limit_count(alice: Person, database_url: str) -> None:
    alice.create()
    fill(database_url, alice, MOST + 5)
    assert create(alice) == 422


def fill(url: str, person: Person, number: int) -> None:
    """Give somebody tasks as an administrator, whom no limit binds."""
    assert person.client.post("/api/tasks", json={"title": "first"}).status_code == 201
    with psycopg.connect(url) as superuser:
        insert(superuser, person, number)


def insert(connection: psycopg.Connection, person: Person, number: int) -> None:
    ids = [new_id() for _ in range(number)]
    connection.execute(
        "insert into duly.tasks (space_id, id, title)"
        " select %s, id::uuid, 'many' from unnest(%s::text[]) as id",
        [person.subject, ids],
    )
