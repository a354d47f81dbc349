"""What one user can take from another's pages, cursors, counts, ids and trash: nothing."""

import re
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from backend.core.ids import new_id
from backend.security.signing import Issuer
from backend.tests.support.people import Person
from backend.tests.support.service import Service

SORTS = ["created", "-created", "updated", "-updated", "title", "-title"]
_NEXT = re.compile(r'<([^>]+)>; rel="next"')


def cursor_of(person: Person, path: str, **query: Any) -> str:
    """The cursor of the second page of somebody's listing."""
    answer = person.client.get(path, params={"limit": 1, **query})
    following = _NEXT.fullmatch(answer.headers["link"])
    assert following
    return parse_qs(urlsplit(following[1]).query)["cursor"][0]


@pytest.mark.parametrize("sort", SORTS)
def test_anothers_cursor_shows_only_the_callers_own_tasks(
    sort: str, alice: Person, bob: Person
) -> None:
    for title in "abc":
        alice.create(f"alice's {title}")
        bob.create(f"bob's {title}")
    cursor = cursor_of(alice, "/api/tasks", sort=sort)
    answer = bob.client.get("/api/tasks", params={"sort": sort, "cursor": cursor})
    assert answer.status_code == 200
    assert {task["user_id"] for task in answer.json()} <= {bob.subject}


def test_anothers_cursor_of_the_trash_shows_only_the_callers_own(
    alice: Person, bob: Person
) -> None:
    for person in (alice, bob):
        for title in "ab":
            person.client.delete(f"/api/tasks/{person.create(title)['id']}")
    cursor = cursor_of(alice, "/api/trash")
    answer = bob.client.get("/api/trash", params={"cursor": cursor})
    assert answer.status_code == 200
    assert {task["user_id"] for task in answer.json()} <= {bob.subject}


@pytest.mark.parametrize("status", ["all", "pending", "completed"])
def test_a_count_counts_only_the_callers_own(status: str, alice: Person, bob: Person) -> None:
    for completed in (True, False):
        alice.create(completed=completed)
    answer = bob.client.get("/api/tasks", params={"count": "exact", "status": status})
    assert answer.headers["total-count"] == "0"
    assert answer.json() == []


def test_the_same_id_may_belong_to_two_users(alice: Person, bob: Person) -> None:
    task_id = str(new_id())
    hers = alice.create("hers", id=task_id)
    his = bob.create("his", id=task_id)
    assert bob.client.get(f"/api/tasks/{task_id}").json() == his
    bob.client.delete(f"/api/tasks/{task_id}")
    assert alice.client.get(f"/api/tasks/{task_id}").json() == hers


def test_emptying_the_trash_leaves_anothers_alone(alice: Person, bob: Person) -> None:
    for person in (alice, bob):
        person.client.delete(f"/api/tasks/{person.create()['id']}")
    assert bob.client.delete("/api/trash").status_code == 204
    assert bob.client.get("/api/trash").json() == []
    assert len(alice.client.get("/api/trash").json()) == 1


def test_versions_say_nothing_about_how_much_others_write(alice: Person, bob: Person) -> None:
    versions = []
    for _ in range(3):
        alice.create()
        versions.append(bob.create()["version"])
    assert versions == [versions[0] + more for more in range(3)]


def test_me_is_the_caller(alice: Person, bob: Person) -> None:
    for person in (alice, bob):
        assert person.client.get("/api/auth/me").json()["subject"] == person.subject
        assert person.client.post("/api/auth/verify").json()["subject"] == person.subject


def test_in_a_crowd_everybody_gets_exactly_their_own(service: Service, issuer: Issuer) -> None:
    """Many users at once over a few shared connections, with failures between them."""

    def live(number: int) -> str | None:
        person = Person(f"user{number}", service, issuer)
        with person.client as client:
            made = {person.create(f"{number}.{n}")["id"]: f"{number}.{n}" for n in range(8)}
            for task_id in list(made)[:4]:
                client.patch(f"/api/tasks/{task_id}", headers={"If-Match": '"0"'}, json={})
                client.post("/api/tasks", json={"title": "again", "id": task_id})
                client.patch(f"/api/tasks/{task_id}/toggle")
            seen = client.get("/api/tasks", params={"count": "exact"})
            if {task["id"]: task["title"] for task in seen.json()} != made:
                return seen.text
            if {task["user_id"] for task in seen.json()} != {person.subject}:
                return seen.text
            return None if seen.headers["total-count"] == "8" else str(seen.headers)

    with ThreadPoolExecutor(12) as crowd:
        assert [wrong for wrong in crowd.map(live, range(24)) if wrong] == []
