"""What became of things, as clients read it."""

from collections.abc import Iterator
from typing import Any

import pytest

from backend.core.ids import new_id
from backend.tests.support.people import Person


def history(person: Person, path: str = "/api/history", **query: Any) -> list[dict[str, Any]]:
    answer = person.client.get(path, params=query)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()
    return found


def of(task: dict[str, Any]) -> str:
    return f"/api/tasks/{task['id']}/history"


def patch(person: Person, task: dict[str, Any], **fields: Any) -> dict[str, Any]:
    answer = person.client.patch(f"/api/tasks/{task['id']}", json=fields)
    assert answer.status_code == 200, answer.text
    changed: dict[str, Any] = answer.json()
    return changed


def pages(person: Person, path: str) -> Iterator[list[dict[str, Any]]]:
    while path:
        answer = person.client.get(path)
        assert answer.status_code == 200, answer.text
        yield answer.json()
        path = answer.links.get("next", {}).get("url", "")


def test_a_change_is_told_by_the_names_and_in_the_forms_of_answers(alice: Person) -> None:
    task = alice.create()
    fields = {"priority": "high", "due_date": "2026-03-01", "due_time": "09:30", "tags": ["home"]}
    patch(alice, task, **fields)
    answer = alice.client.patch(f"/api/tasks/{task['id']}/complete", json={"completed": True})
    done, changed, made = history(alice)
    assert (made["change"], made["before"], made["after"]) == ("created", None, None)
    assert changed["before"] == {
        "priority": "none",
        "due_date": None,
        "due_time": None,
        "tags": [],
    }
    assert changed["after"] == {**fields, "due_time": "09:30:00"}
    assert done["before"] == {"completed": False, "completed_at": None}
    assert done["after"] == {"completed": True, "completed_at": answer.json()["completed_at"]}
    assert done["version"] == done["operation"] == answer.json()["version"]
    assert (done["type"], done["id"]) == ("task", task["id"])
    assert (done["actor"], done["request_id"]) == (alice.subject, answer.headers["x-request-id"])
    assert len(done["at"]) == len("2026-11-26T14:00:00.000000+00:00")


def test_lists_and_settings_have_a_history_too(alice: Person) -> None:
    made = alice.client.post("/api/lists", json={"name": "Work"}).json()
    alice.client.patch(f"/api/lists/{made['id']}", json={"color": "#00ff00"})
    for zone in ("Europe/Berlin", "Europe/Paris"):
        alice.client.patch("/api/me", json={"time_zone": zone})
    [settings, _] = history(alice, type="settings")
    assert settings["id"] == alice.subject
    assert settings["after"] == {"time_zone": "Europe/Paris"}
    changed, created = history(alice, type="list")
    assert changed["id"] == created["id"] == made["id"]
    assert changed["after"] == {"color": "#00ff00"}


def test_pages_lead_from_the_latest_change_to_the_first_and_skip_none(alice: Person) -> None:
    task = alice.create()
    for number in range(6):
        patch(alice, task, title=f"Title {number}")
    whole = [entry["version"] for entry in history(alice)]
    assert whole == sorted(whole, reverse=True)
    for path in ("/api/history", of(task)):
        read = [[entry["version"] for entry in page] for page in pages(alice, f"{path}?limit=3")]
        assert [len(page) for page in read] == [3, 3, 1]
        assert [version for page in read for version in page] == whole


def test_filters_say_who_when_of_what_and_which_change(alice: Person) -> None:
    task = alice.create()
    patch(alice, task, title="Buy oat milk")
    alice.client.post("/api/lists", json={"name": "Work"})
    listed, changed, made = history(alice)
    assert history(alice, type="task") == [changed, made]
    assert history(alice, change="created") == [listed, made]
    assert history(alice, since=changed["at"]) == [listed, changed]
    assert history(alice, until=changed["at"]) == [made]
    assert history(alice, since=changed["at"], until=listed["at"], type="task") == [changed]
    assert history(alice, actor=alice.subject) == [listed, changed, made]
    assert history(alice, actor="somebody") == []
    assert history(alice, of(task), change="updated", actor=alice.subject) == [changed]


@pytest.mark.parametrize(
    "query", ["since=2026", "type=tag", "change=x", "limit=0", "cursor=x", "actor=%00", "x=1"]
)
def test_a_question_that_is_none_is_422(alice: Person, query: str) -> None:
    assert alice.client.get(f"/api/history?{query}").status_code == 422


def test_a_cursor_of_another_list_is_422(alice: Person) -> None:
    for _ in range(2):
        task = alice.create()
    link = alice.client.get("/api/tasks?limit=1").links["next"]["url"]
    cursor = link.partition("cursor=")[2]
    for path in ("/api/history", of(task)):
        assert alice.client.get(f"{path}?cursor={cursor}").status_code == 422


def test_what_is_gone_for_good_shows_its_numbers_and_no_content(alice: Person) -> None:
    task = alice.create("secret")
    patch(alice, task, title="secret too")
    alice.client.delete(f"/api/tasks/{task['id']}")
    assert [entry["change"] for entry in history(alice, of(task))] == [
        *("updated", "updated", "created")
    ]
    assert alice.client.delete(f"/api/trash/{task['id']}").status_code == 204
    found = history(alice, of(task))
    assert [entry["change"] for entry in found] == ["deleted", "updated", "updated", "created"]
    assert "secret" not in str(found)
    assert all(entry["before"] is entry["after"] is None for entry in found)


def test_a_task_never_seen_has_no_history_nor_has_anothers(alice: Person, bob: Person) -> None:
    theirs = bob.create()
    for name in (theirs["id"], str(new_id()), "x"):
        assert alice.client.get(f"/api/tasks/{name}/history").status_code == 404
    assert history(alice) == []


def test_a_page_past_the_end_of_a_history_is_empty(alice: Person) -> None:
    task = alice.create()
    assert history(alice, of(task), change="deleted") == []
