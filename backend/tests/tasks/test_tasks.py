"""What users do with tasks, one by one."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote
from uuid import UUID

import pytest

from backend.core.ids import new_id
from backend.schemas.task import TaskRead
from backend.security.signing import Issuer
from backend.tests.support.people import ORIGIN, Person

FIELDS = list(TaskRead.model_fields)


def test_a_created_task_is_listed(alice: Person) -> None:
    created = alice.create("Buy milk")
    assert alice.titles() == ["Buy milk"]
    assert UUID(created["id"]).version == 7
    assert created["user_id"] == alice.subject
    assert created["version"] >= 1


def test_nobody_sees_the_tasks_of_another(alice: Person, bob: Person) -> None:
    created = alice.create("A secret")
    assert bob.titles() == []
    assert bob.client.get(f"/api/tasks/{created['id']}").status_code == 404


def test_a_new_task_is_answered_as_it_is_read(alice: Person) -> None:
    answer = alice.client.post("/api/tasks", json={"title": "Buy milk", "description": "2 l"})
    assert answer.status_code == 201
    task = answer.json()
    assert list(task) == FIELDS
    assert answer.headers["location"] == f"/api/tasks/{task['id']}"
    assert answer.headers["etag"] == f'"{task["version"]}"'
    read = alice.client.get(answer.headers["location"])
    assert read.status_code == 200
    assert read.content == answer.content
    assert read.headers["etag"] == answer.headers["etag"]


def test_a_new_task_has_the_defaults(alice: Person) -> None:
    task = alice.create("Buy milk")
    assert task["description"] is None
    assert task["completed"] is False
    assert task["completed_at"] is None
    assert task["deleted_at"] is None


def test_times_are_of_now_in_utc_with_microseconds(alice: Person) -> None:
    task = alice.create()
    assert task["created_at"] == task["updated_at"]
    assert task["created_at"].endswith("+00:00")
    made = datetime.fromisoformat(task["created_at"])
    assert abs(datetime.now(UTC) - made) < timedelta(seconds=10)


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("  Buy milk\n", "Buy milk"),
        ("a" * 500, "a" * 500),
        (" " * 600 + "a" * 500 + "\u3000", "a" * 500),
        ("\U0001f95b" * 500, "\U0001f95b" * 500),
        ("Ünïcödé \u202e מזל 日本", "Ünïcödé \u202e מזל 日本"),
        ("'; drop table duly.tasks; --", "'; drop table duly.tasks; --"),
        ("<script>alert(1)</script>", "<script>alert(1)</script>"),
        ("%_\\", "%_\\"),
        ('"quoted" \\u0000', '"quoted" \\u0000'),
        ("line\nline\ttab\x01\x7f", "line\nline\ttab\x01\x7f"),
    ],
    ids=lambda text: ascii(text)[:30],
)
def test_a_title_is_trimmed_and_else_kept_to_the_letter(
    given: str, kept: str, alice: Person
) -> None:
    task = alice.create(given)
    assert task["title"] == kept
    assert alice.titles() == [kept]
    patched = alice.client.patch(f"/api/tasks/{task['id']}", json={"title": given})
    assert patched.json()["title"] == kept


@pytest.mark.parametrize("text", ["", "  as it is \n", "d" * 16_384, "\U0001f95b\r\n"])
def test_a_description_is_kept_to_the_letter(text: str, alice: Person) -> None:
    assert alice.create(description=text)["description"] == text


def test_a_client_may_choose_the_id(alice: Person) -> None:
    task_id = str(new_id())
    assert alice.create(id=task_id)["id"] == task_id


def test_an_id_of_null_is_as_good_as_none(alice: Person) -> None:
    assert UUID(alice.create(id=None)["id"]).version == 7


@pytest.mark.parametrize("where", ["in the list", "in the trash"])
def test_the_same_id_twice_is_409_and_changes_nothing(where: str, alice: Person) -> None:
    task = alice.create("First", id=str(new_id()))
    path = f"/api/tasks/{task['id']}"
    if where == "in the trash":
        alice.client.delete(path)
    answer = alice.client.post("/api/tasks", json={"title": "Second", "id": task["id"]})
    assert answer.status_code == 409
    assert answer.json()["code"] == "conflict"
    alice.client.post(f"{path}/restore")
    assert alice.titles() == ["First"]


@pytest.mark.parametrize("method", ["PATCH", "PUT"])
@pytest.mark.parametrize(
    "patch",
    [
        {"title": "Changed"},
        {"description": "Changed"},
        {"description": None},
        {"completed": True},
        {"title": "Changed", "description": None, "completed": True},
    ],
    ids=str,
)
def test_put_and_patch_change_what_the_body_has_and_nothing_else(
    method: str, patch: dict[str, Any], alice: Person
) -> None:
    before = alice.create("Buy milk", description="2 l")
    answer = alice.client.request(method, f"/api/tasks/{before['id']}", json=patch)
    assert answer.status_code == 200
    after = answer.json()
    own = {"updated_at", "version", "completed_at"}
    expected = {name: value for name, value in {**before, **patch}.items() if name not in own}
    assert {name: value for name, value in after.items() if name not in own} == expected
    assert after["version"] == before["version"] + 1
    assert after["updated_at"] > before["updated_at"]
    assert (after["completed_at"] is not None) == after["completed"]
    assert answer.headers["etag"] == f'"{after["version"]}"'
    assert alice.client.get(f"/api/tasks/{before['id']}").json() == after


@pytest.mark.parametrize("method", ["PATCH", "PUT"])
def test_an_empty_patch_changes_nothing_at_all(method: str, alice: Person) -> None:
    before = alice.create()
    answer = alice.client.request(method, f"/api/tasks/{before['id']}", json={})
    assert answer.status_code == 200
    assert answer.json() == before


@pytest.mark.parametrize("field", ["title", "completed"])
def test_what_every_task_has_cannot_be_cleared(field: str, alice: Person) -> None:
    task = alice.create()
    answer = alice.client.patch(f"/api/tasks/{task['id']}", json={field: None})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == f"/body/{field}"
    assert alice.client.get(f"/api/tasks/{task['id']}").json() == task


def test_versions_number_the_writes_of_a_user(alice: Person) -> None:
    first, second = alice.create(), alice.create()
    patched = alice.client.patch(f"/api/tasks/{first['id']}", json={"title": "Changed"}).json()
    number = first["version"]
    assert [second["version"], patched["version"]] == [number + 1, number + 2]


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "/api/tasks/", None, 200),
        ("POST", "/api/tasks/", {"title": "a"}, 201),
        ("GET", "/api/tasks/{id}/", None, 200),
        ("PATCH", "/api/tasks/{id}/", {"title": "a"}, 200),
        ("PUT", "/api/tasks/{id}/", {"title": "a"}, 200),
        ("PATCH", "/api/tasks/{id}/complete/", {"completed": True}, 200),
        ("POST", "/api/tasks/{id}/complete/", None, 200),
        ("PATCH", "/api/tasks/{id}/toggle/", None, 200),
        ("POST", "/api/tasks/{id}/restore/", None, 200),
        ("DELETE", "/api/tasks/{id}/", None, 204),
        ("GET", "/api/trash/", None, 200),
        ("DELETE", "/api/trash/", None, 204),
        ("GET", "/api/{user}/tasks/", None, 200),
        ("GET", "/api/{user}/tasks/{id}/", None, 200),
        ("GET", "/api/auth/me/", None, 200),
    ],
)
def test_a_trailing_slash_is_the_same_resource(
    method: str, path: str, body: dict[str, Any] | None, status: int, alice: Person
) -> None:
    task = alice.create()
    path = path.format(id=task["id"], user=alice.subject)
    answer = alice.client.request(method, path, json=body, follow_redirects=False)
    assert answer.status_code == status


@pytest.mark.parametrize("path", ["/api/tasks", "/api/tasks/{id}", "/api/trash", "/api/auth/me"])
def test_head_is_get_without_the_body(path: str, alice: Person) -> None:
    path = path.format(id=alice.create()["id"])
    got, head = alice.client.get(path), alice.client.head(path)
    assert head.status_code == 200
    assert head.content == b""
    volatile = {"x-request-id"}
    assert {k: v for k, v in head.headers.items() if k not in volatile} == {
        k: v for k, v in got.headers.items() if k not in volatile
    }


def test_the_alias_answers_with_its_own_path(alice: Person) -> None:
    base = f"/api/{alice.subject}/tasks"
    created = alice.client.post(base, json={"title": "Buy milk"})
    assert created.headers["location"] == f"{base}/{created.json()['id']}"
    assert alice.client.get(created.headers["location"]).json() == created.json()
    alice.create()
    page = alice.client.get(base, params={"limit": 1})
    assert re.match(rf"<{re.escape(base)}\?", page.headers["link"])
    assert len(alice.client.get(page.links["next"]["url"]).json()) == 1


@pytest.mark.parametrize("subject", ["Жанна", "a b", "x>; rel=y", "a%2Fb", "é", "日本", "a?b#c"])
def test_the_alias_works_for_every_subject(subject: str, issuer: Issuer, alice: Person) -> None:
    subject = f"{subject}{alice.subject}"
    token = issuer.token(subject, issuer=ORIGIN, audience=ORIGIN)
    alice.client.headers["Authorization"] = f"Bearer {token}"
    base = f"/api/{quote(subject, safe='')}/tasks"
    created = [alice.client.post(base, json={"title": title}) for title in "ab"]
    assert [answer.status_code for answer in created] == [201, 201]
    assert created[0].json()["user_id"] == subject
    assert alice.client.get(created[0].headers["location"]).json() == created[0].json()
    page = alice.client.get(base, params={"limit": 1})
    assert alice.client.get(page.links["next"]["url"]).json() == [created[0].json()]
