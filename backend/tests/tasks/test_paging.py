"""Pages of tasks: every row once, in order, whatever else happens meanwhile."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import psycopg
import pytest

from backend.core.limits import MAX_PAGE
from backend.security.signing import Issuer
from backend.tests.support.people import ORIGIN, Person

SORTS = {"created": "created_at", "updated": "updated_at", "title": "title"}
MANY = 250


@pytest.fixture(scope="module")
def crowded(database_url: str) -> str:
    """A subject with many tasks, of which each ten share their times and titles."""
    subject = "somebody-with-many-tasks"
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("set session_replication_role = replica")  # no trigger: times as given
        connection.execute("delete from duly.spaces where id = %s", [subject])
        connection.execute("insert into duly.spaces (id) values (%s)", [subject])
        connection.execute(
            "insert into duly.tasks (space_id, id, title, created_at, updated_at, completed_at)"
            " select %s, overlay(gen_random_uuid()::text placing '7' from 15)::uuid,"
            " chr(97 + n / 10) || '-title', moment, moment,"
            " case when n %% 3 = 0 then moment end"
            " from generate_series(0, %s) n,"
            " lateral (select timestamptz '2026-01-01' + (n / 10) * interval '1 minute') t(moment)",
            [subject, MANY - 1],
        )
    return subject


@pytest.fixture
def reader(crowded: str, alice: Person, issuer: Issuer) -> Person:
    """A person with that subject."""
    token = issuer.token(crowded, issuer=ORIGIN, audience=ORIGIN)
    alice.subject = crowded
    alice.client.headers["Authorization"] = f"Bearer {token}"
    return alice


def pages(person: Person, **query: Any) -> Iterator[list[dict[str, Any]]]:
    answer = person.client.get("/api/tasks", params=query)
    assert answer.status_code == 200, answer.text
    yield answer.json()
    while "next" in answer.links:
        answer = person.client.get(answer.links["next"]["url"])
        assert answer.status_code == 200, answer.text
        yield answer.json()


@pytest.mark.parametrize("sort", [f"{sign}{name}" for name in SORTS for sign in ("", "-")])
@pytest.mark.parametrize("limit", [7, 100])
def test_every_sort_shows_every_row_once_and_in_order(
    sort: str, limit: int, reader: Person
) -> None:
    found = list(pages(reader, sort=sort, limit=limit))
    assert [len(page) for page in found[:-1]] == [limit] * (len(found) - 1)
    rows = [task for page in found for task in page]
    assert len({task["id"] for task in rows}) == len(rows) == MANY
    field = SORTS[sort.removeprefix("-")]
    keys = [(task[field], task["id"]) for task in rows]
    assert keys == sorted(keys, reverse=sort.startswith("-"))


def test_the_default_is_the_newest_hundred(reader: Person) -> None:
    first = next(pages(reader))
    assert len(first) == 100
    assert first == next(pages(reader, sort="-created", limit=100, status="all"))


@pytest.mark.parametrize("status", ["pending", "completed"])
def test_a_filter_holds_on_every_page(status: str, reader: Person) -> None:
    rows = [task for page in pages(reader, status=status, limit=20) for task in page]
    expected = len(range(0, MANY, 3))
    assert len(rows) == (expected if status == "completed" else MANY - expected)
    assert {task["completed"] for task in rows} == {status == "completed"}


@pytest.mark.parametrize("limit", [1, 200])
def test_the_limits_of_the_limit_are_served(limit: int, reader: Person) -> None:
    assert len(next(pages(reader, limit=limit))) == limit


def test_the_link_repeats_the_query_and_ends_with_the_last_page(alice: Person) -> None:
    for title in "abcd":
        alice.create(title)
    query: dict[str, str] = {"limit": "2", "sort": "title", "status": "pending", "count": "exact"}
    first = alice.client.get("/api/tasks", params=query)
    following = parse_qs(urlsplit(first.links["next"]["url"]).query)
    assert following.pop("cursor")
    assert following == {name: [value] for name, value in query.items()}
    last = alice.client.get(first.links["next"]["url"])
    assert [task["title"] for task in last.json()] == ["c", "d"]
    assert "link" not in last.headers
    assert last.headers["total-count"] == "4"


@pytest.mark.parametrize(("tasks", "limit", "more"), [(0, 1, 0), (1, 1, 0), (2, 1, 1), (3, 3, 0)])
def test_there_is_a_next_page_only_if_there_is_more(
    tasks: int, limit: int, more: int, alice: Person
) -> None:
    for _ in range(tasks):
        alice.create()
    answer = alice.client.get("/api/tasks", params={"limit": limit})
    assert len(answer.json()) == min(tasks, limit)
    assert ("link" in answer.headers) == bool(more)


def test_the_count_is_of_all_pages_and_only_on_request(reader: Person) -> None:
    counted = reader.client.get("/api/tasks", params={"count": "exact", "limit": 1})
    assert counted.headers["total-count"] == str(MANY)
    done: dict[str, str | int] = {"count": "exact", "limit": 1, "status": "completed"}
    answer = reader.client.get("/api/tasks", params=done)
    assert answer.headers["total-count"] == str(len(range(0, MANY, 3)))
    assert "total-count" not in reader.client.get("/api/tasks").headers


def test_what_is_created_or_deleted_meanwhile_moves_no_other_row(alice: Person) -> None:
    before = [alice.create(f"{n}")["id"] for n in range(12)]
    turning = pages(alice, limit=3)
    seen = [task["id"] for task in next(turning)]
    for page in turning:
        alice.create("new")
        seen += [task["id"] for task in page]
        # The last one of the page is where the next one starts, deleted or not.
        alice.client.delete(f"/api/tasks/{page[-1]['id']}")
    assert seen == before[::-1]


def test_a_cursor_works_again_and_again(alice: Person) -> None:
    for title in "abc":
        alice.create(title)
    link = alice.client.get("/api/tasks", params={"limit": 1}).links["next"]["url"]
    assert alice.client.get(link).json() == alice.client.get(link).json()


def test_a_cursor_belongs_to_its_sort(alice: Person) -> None:
    for title in "abc":
        alice.create(title)
    link = alice.client.get("/api/tasks", params={"limit": 1, "sort": "title"}).links["next"]
    for other in ("-title", "created"):
        answer = alice.client.get(link["url"].replace("sort=title", f"sort={other}"))
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["code"] == "invalid_cursor"


@pytest.mark.parametrize("title", ['"', "\\", "a,b", "<>&", "\U0001f95b", "ß", "é", "\x01", "%00"])
def test_a_cursor_can_stand_behind_any_title(title: str, alice: Person) -> None:
    for number in range(3):
        alice.create(f"{title}{number}")
    found = [task["title"] for page in pages(alice, sort="title", limit=1) for task in page]
    assert found == [f"{title}{number}" for number in range(3)]


@pytest.mark.parametrize("sort", ["created", "-created", "title", "-updated"])
def test_a_page_has_512_kib_at_most_and_the_link_leads_on(sort: str, alice: Person) -> None:
    made = {alice.create(f"task {n:03}", description="é" * 9_000)["id"] for n in range(70)}
    sizes = []
    for page in pages(alice, sort=sort, limit=200):
        sizes.append(len(page))
        made -= {task["id"] for task in page}
    assert made == set()
    assert sum(sizes) == 70
    first = alice.client.get("/api/tasks", params={"sort": sort, "limit": 200})
    one = len(first.content) // len(first.json())
    assert MAX_PAGE - one < len(first.content) <= MAX_PAGE
    assert first.headers.get("total-count") is None
    counted = alice.client.get("/api/tasks", params={"limit": 200, "count": "exact"})
    assert counted.headers["total-count"] == "70"
    assert alice.client.head("/api/tasks", params={"sort": sort, "limit": 200}).links == first.links


@pytest.mark.parametrize("path", ["/api/tasks", "/api/trash"])
def test_a_page_has_200_tasks_at_most(path: str, alice: Person) -> None:
    assert alice.client.get(path, params={"limit": 200}).status_code == 200
    assert alice.client.get(path, params={"limit": 201}).status_code == 422
