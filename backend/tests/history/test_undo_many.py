"""An undo of as much as one request may change, and of more."""

from collections.abc import Callable
from typing import Any

import psycopg
import pytest

from backend.schemas.batch import MOST_CHANGED
from backend.tests.history.test_pages import history
from backend.tests.history.test_undo import latest, undo
from backend.tests.support.people import Person

_TASKS = """
    insert into duly.tasks (space_id, id, title, tags)
    select %s, overlay(overlay(gen_random_uuid()::text placing '7' from 15)
        placing 'a' from 20)::uuid, 'Task ' || n, '{home,x}' from generate_series(1, %s) n
"""


@pytest.fixture
def fill(alice: Person, database_url: str) -> Callable[[int], None]:
    def fill(many: int) -> None:
        alice.create("first", tags=["home"])
        with psycopg.connect(database_url) as connection:
            connection.execute(_TASKS.encode(), [alice.subject, many - 1])

    return fill


def tags(person: Person) -> dict[str, int]:
    found: list[dict[str, Any]] = person.client.get("/api/tags").json()
    return {tag["name"]: tag["count"] for tag in found}


def test_what_changed_two_thousand_tasks_at_once_is_undone_in_one_call(
    alice: Person, fill: Callable[[int], None]
) -> None:
    fill(2_000)
    before = tags(alice)
    body = {"filter": {"status": "pending"}, "change": {"remove_tags": ["home"]}}
    assert alice.client.post("/api/tasks/batch", json=body).json() == {"changed": 2_000}
    assert tags(alice) != before
    undone = undo(alice, version=latest(alice))
    assert undone["undone"] == 2_000
    assert tags(alice) == before


@pytest.mark.e2e
def test_a_tag_renamed_in_ten_thousand_tasks_has_its_name_back_in_one_call(
    alice: Person, fill: Callable[[int], None]
) -> None:
    """The renaming takes several transactions, and the undo one."""
    fill(MOST_CHANGED)
    before = tags(alice)
    answer = alice.client.patch("/api/tags/home", json={"name": "house"})
    assert answer.json() == {"name": "house", "count": MOST_CHANGED}
    undone = undo(alice, version=latest(alice))
    assert undone["undone"] == MOST_CHANGED
    assert tags(alice) == before
    assert len({entry["operation"] for entry in history(alice, limit=200)}) == 1
    assert undo(alice, version=undone["version"])["undone"] == MOST_CHANGED
    assert tags(alice)["house"] == MOST_CHANGED


def test_more_than_one_request_may_change_is_refused(
    alice: Person, fill: Callable[[int], None]
) -> None:
    fill(MOST_CHANGED + 2)
    said = undo(alice, 422, since=0)
    assert said["code"] == "too_many_matches"
    assert tags(alice)["home"] == MOST_CHANGED + 2
