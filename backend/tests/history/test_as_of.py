"""Lists as they were."""

from collections.abc import Callable
from typing import Any

import psycopg
import pytest

from backend.services.tidier import Gone
from backend.tests.history.test_pages import history, patch
from backend.tests.history.test_thinning import thin as thin  # noqa: PLC0414 - a fixture
from backend.tests.history.test_undo import call, made_list, tree
from backend.tests.support.people import Person


def listed(person: Person, **query: Any) -> list[dict[str, Any]]:
    answer = person.client.get("/api/tasks", params={"limit": 200, **query})
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()
    return found


def now(person: Person) -> str:
    """When the latest change was made; everything that is there was there then."""
    at: str = history(person, limit=1)[0]["at"]
    return at


def without_time(tasks: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{name: task[name] for name in task.keys() - {"updated_at"}} for task in tasks]


def test_every_moment_shows_what_was_listed_then(alice: Person) -> None:
    seen: list[tuple[str, list[dict[str, Any]]]] = []

    def look() -> None:
        seen.append((now(alice), listed(alice)))

    root, part, leaf = tree(alice)
    look()
    work = made_list(alice)
    patch(
        *(alice, part),
        title="Élan",
        priority="high",
        tags=["a"],
        description="x",
        due_date="2026-03-01",
        due_time="09:30",
        recurrence="FREQ=DAILY",
    )
    look()
    for method, path, body in (
        ("POST", f"/api/tasks/{part['id']}/complete", {"completed": True}),
        ("POST", f"/api/tasks/{root['id']}/move", {"list_id": work["id"]}),
        ("POST", f"/api/tasks/{leaf['id']}/complete", {"completed": True}),
        ("DELETE", f"/api/tasks/{part['id']}", None),
        ("POST", f"/api/tasks/{part['id']}/restore", None),
        ("DELETE", f"/api/lists/{work['id']}", None),
    ):
        call(alice, method, path, body)
        look()
    alice.create("later")
    look()
    assert len({str(tasks) for _, tasks in seen}) == len(seen)
    for at, tasks in seen:
        assert without_time(listed(alice, as_of=at)) == without_time(tasks)
        shown = alice.client.get("/api/tasks", params={"as_of": at, "count": "exact", "limit": 1})
        assert shown.headers["total-count"] == str(len(tasks))


def test_filters_sorts_and_pages_are_those_of_then(alice: Person) -> None:
    tasks = [alice.create(title, tags=["a"]) for title in ("Ärger", "b", "c")]
    patch(alice, tasks[0], due_date="2026-03-01", priority="urgent")
    patch(alice, tasks[1], due_date="2026-02-01", priority="low")
    then = now(alice)
    for number, task in enumerate(tasks):
        fields = {"due_date": None, "priority": "none", "completed": True, "tags": ["b"]}
        patch(alice, task, title=f"{9 - number}", **fields)
    for query, titles in (
        ({"sort": "title"}, ["Ärger", "b", "c"]),
        ({"sort": "-title"}, ["c", "b", "Ärger"]),
        ({"sort": "due_date"}, ["b", "Ärger", "c"]),
        ({"sort": "-priority"}, ["Ärger", "b", "c"]),
        ({"sort": "created"}, ["Ärger", "b", "c"]),
        ({"tag": "b"}, []),
        ({"status": "completed"}, []),
        ({"status": "pending", "tag": "a", "priority": "low"}, ["b"]),
        ({"due_before": "2026-02-15"}, ["b"]),
    ):
        assert [task["title"] for task in listed(alice, as_of=then, **query)] == titles
    for sort in ("title", "due_date", "-priority", "position"):
        url: str = f"/api/tasks?as_of={then.replace('+', '%2B')}&sort={sort}&limit=1"
        read = []
        while url:
            answer = alice.client.get(url)
            read += [task["title"] for task in answer.json()]
            url = answer.links.get("next", {}).get("url", "")
        assert read == [task["title"] for task in listed(alice, as_of=then, sort=sort)]
        assert len(read) == 3


def test_no_moment_is_within_a_transaction(alice: Person) -> None:
    operations = [{"op": "create", "task": {"title": str(number)}} for number in range(5)]
    call(alice, "POST", "/api/tasks/batch", {"operations": operations, "atomic": True})
    for entry in history(alice):
        assert len(listed(alice, as_of=entry["at"])) == 5


def test_before_everything_there_was_nothing_and_in_the_future_is_what_is_now(
    alice: Person,
) -> None:
    alice.create()
    assert listed(alice, as_of="2020-01-01T00:00:00Z") == []
    assert listed(alice, as_of="2100-01-01T00:00:00Z") == listed(alice)


def test_what_is_gone_for_good_is_in_no_past(alice: Person) -> None:
    task = alice.create()
    then = now(alice)
    call(alice, "DELETE", f"/api/tasks/{task['id']}")
    assert [each["title"] for each in listed(alice, as_of=then)] == ["Buy milk"]
    call(alice, "DELETE", f"/api/trash/{task['id']}")
    assert listed(alice, as_of=then) == []


def test_before_what_was_forgotten_is_410(
    alice: Person, database_url: str, thin: Callable[[Person], Gone]
) -> None:
    task = alice.create("0")
    changed = patch(alice, task, title="1")
    with psycopg.connect(database_url) as connection:
        connection.execute(
            "update duly.history set at = at - interval '91 days'"
            " where space_id = %s and version < %s",
            [alice.subject, changed["version"]],
        )
    first = history(alice)[-1]["at"]
    assert [each["title"] for each in listed(alice, as_of=first)] == ["0"]
    assert thin(alice) == Gone(changes=1)
    answer = alice.client.get("/api/tasks", params={"as_of": "2020-01-01T00:00:00Z"})
    assert (answer.status_code, answer.json()["code"]) == (410, "history_gone")
    [shown] = listed(alice, as_of=first)
    assert (shown["title"], shown["version"]) == ("0", 0)
    for since in ("2020-01-01T00:00:00Z", 0):
        assert alice.client.post("/api/undo", json={"since": since}).status_code == 410
    for version in (task["version"], changed["version"]):
        answer = alice.client.post("/api/undo", json={"version": version})
        assert answer.status_code == (410 if version == task["version"] else 200)


@pytest.mark.parametrize(
    "query",
    [
        "as_of=2026-03-01",
        "as_of=x",
        *(
            f"as_of=2026-03-01T09:00:00Z&{more}"
            for more in ("q=x", "overdue=true", "sort=updated", "sort=-updated")
        ),
    ],
)
def test_what_does_not_go_with_a_past_is_422(alice: Person, query: str) -> None:
    assert alice.client.get(f"/api/tasks?{query}").status_code == 422


def test_a_past_has_an_entity_tag(alice: Person) -> None:
    alice.create()
    path = "/api/tasks?as_of=2100-01-01T00:00:00Z"
    tag = alice.client.get(path).headers["etag"]
    assert alice.client.get(path, headers={"If-None-Match": tag}).status_code == 304
    alice.create()
    assert alice.client.get(path, headers={"If-None-Match": tag}).status_code == 200
