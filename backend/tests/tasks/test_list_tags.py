"""Entity tags of lists: 304 exactly when the same request would get the same answer."""

import threading
from collections.abc import Callable
from typing import Any

import pytest

from backend.core.principal import Principal
from backend.database.connection.pool import Pool
from backend.database.operations import Operation
from backend.database.session import Session
from backend.schemas.task import TaskQuery
from backend.services.tasks import list_tasks
from backend.services.users import KnownUsers
from backend.tests.support.people import Person

PATHS = ["/api/tasks", "/api/trash", "/api/tasks?count=exact&limit=1", "/api/tasks?q=milk"]


def write_one(person: Person) -> None:
    person.create()


def rename(person: Person) -> None:
    task = person.client.get("/api/tasks").json()[-1]
    person.client.patch(f"/api/tasks/{task['id']}", json={"title": "Milk, renamed"})


def delete(person: Person) -> None:
    task = person.client.get("/api/tasks").json()[-1]
    assert person.client.delete(f"/api/tasks/{task['id']}").status_code == 204


def empty(person: Person) -> None:
    assert person.client.delete("/api/trash").status_code == 204


def go_elsewhere(person: Person) -> None:
    assert person.client.patch("/api/me", json={"time_zone": "Asia/Tokyo"}).is_success


WRITES: list[Callable[[Person], None]] = [write_one, rename, delete, empty, go_elsewhere]


@pytest.fixture
def reader(alice: Person) -> Person:
    for _ in range(3):
        alice.create()
    delete(alice)
    return alice


def again(person: Person, path: str, tag: str) -> Any:
    return person.client.get(path, headers={"If-None-Match": tag})


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("dressed", ["{}", "W/{}", '"1", {}', "*"])
def test_who_has_the_list_gets_nothing_again(path: str, dressed: str, reader: Person) -> None:
    first = reader.client.get(path)
    answer = again(reader, path, dressed.format(first.headers["etag"]))
    assert (answer.status_code, answer.content) == (304, b"")
    assert answer.headers["etag"] == first.headers["etag"]
    head = reader.client.head(path, headers={"If-None-Match": first.headers["etag"]})
    assert head.status_code == 304


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("write", WRITES)
def test_after_any_write_the_list_comes_with_another_tag(
    path: str, write: Callable[[Person], None], reader: Person
) -> None:
    before = reader.client.get(path).headers["etag"]
    write(reader)
    answer = again(reader, path, before)
    assert answer.status_code == 200
    assert answer.headers["etag"] != before
    fresh = reader.client.get(path)
    assert answer.content == fresh.content
    assert answer.headers["etag"] == fresh.headers["etag"]
    assert answer.headers.get("total-count") == fresh.headers.get("total-count")


def test_what_others_write_changes_no_tag(reader: Person, bob: Person) -> None:
    before = reader.client.get("/api/tasks").headers["etag"]
    bob.create()
    assert again(reader, "/api/tasks", before).status_code == 304
    assert again(bob, "/api/tasks", before).status_code == 200


@pytest.mark.parametrize(
    "other",
    [
        *("/api/tasks?limit=1", "/api/tasks?sort=created", "/api/tasks?status=pending"),
        *("/api/trash", "/api/tasks?tag=a", "/api/tasks?priority=none&priority=low"),
    ],
)
def test_the_tag_of_one_list_is_not_that_of_another(other: str, reader: Person) -> None:
    before = reader.client.get("/api/tasks").headers["etag"]
    assert again(reader, other, before).status_code == 200


def test_each_page_has_a_tag(reader: Person) -> None:
    first = reader.client.get("/api/tasks", params={"limit": 1})
    following = reader.client.get(first.links["next"]["url"])
    assert following.headers["etag"] != first.headers["etag"]
    link = first.links["next"]["url"]
    assert again(reader, link, following.headers["etag"]).status_code == 304
    assert again(reader, link, first.headers["etag"]).status_code == 200


def test_what_time_alone_changes_has_no_tag(reader: Person) -> None:
    for tag in ("*", '"1"'):
        answer = again(reader, "/api/tasks?overdue=true", tag)
        assert answer.status_code == 200
        assert "etag" not in answer.headers


def test_who_is_not_known_yet_has_an_empty_list_with_a_tag(alice: Person) -> None:
    before = alice.client.get("/api/tasks").headers["etag"]
    assert again(alice, "/api/tasks", before).status_code == 304
    alice.create()
    assert again(alice, "/api/tasks", before).status_code == 200


def test_who_begins_anew_after_an_erasure_does_not_meet_old_tags(alice: Person) -> None:
    alice.create("old")
    before = alice.client.get("/api/tasks").headers["etag"]
    assert alice.client.delete("/api/me").status_code in {202, 204}
    alice.create("new")
    assert again(alice, "/api/tasks", before).status_code == 200


@pytest.mark.parametrize(
    "tag", ['"x"', '"999999999999999999"', '"9999999999999999999"', '"-1"', '"1.2"', "", '"' * 99]
)
def test_tags_that_are_none_of_ours_are_no_error(tag: str, reader: Person) -> None:
    assert again(reader, "/api/tasks", tag).status_code == 200


@pytest.mark.anyio
async def test_postgresql_makes_no_task_for_who_has_the_list(
    reader: Person, database_url: str
) -> None:
    tag = reader.client.get("/api/tasks?count=exact").headers["etag"]
    state = int(tag.strip('"').partition(".")[0])
    query = TaskQuery(count="exact")
    pool = Pool(database_url)
    await pool.start()
    session = Session(pool, Principal(reader.subject, expires_at=0), KnownUsers())
    for known, rows in (((), [3, 1]), ((1, state), [1, 1])):
        statements = list_tasks(query, known).statements
        found = await session.run(Operation(statements, lambda rows: rows))
        assert [len(each) for each in found] == rows
    await pool.close()


def test_a_tag_is_never_newer_than_its_list(reader: Person) -> None:
    """Who reads while others write, and keeps what is 304, has what is there in the end."""
    stop = threading.Event()

    def write() -> None:
        while not stop.is_set():
            reader.create()

    writer = threading.Thread(target=write)
    writer.start()
    held = reader.client.get("/api/tasks?limit=200")
    seen = 0
    for _ in range(60):
        answer = again(reader, "/api/tasks?limit=200", held.headers["etag"])
        if answer.status_code == 200:
            held, seen = answer, seen + 1
    stop.set()
    writer.join()
    last = again(reader, "/api/tasks?limit=200", held.headers["etag"])
    if last.status_code == 200:
        held = last
    assert seen
    assert held.content == reader.client.get("/api/tasks?limit=200").content
