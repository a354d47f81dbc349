"""What an `Idempotency-Key` promises: the first answer, once more, and for whom and how long."""

import json
import time
from collections.abc import Iterator
from typing import Any

import httpx2
import psycopg
import pytest

from backend.core.ids import new_id
from backend.security.signing import Issuer
from backend.services import tags
from backend.tests.support.people import ORIGIN, Person

Connection = psycopg.Connection[Any]
REPLAYED = "Idempotency-Replayed"


@pytest.fixture
def database(database_url: str) -> Iterator[Connection]:
    with psycopg.connect(database_url, autocommit=True) as connection:
        yield connection


def send(person: Person, request: str, body: Any = None, **fields: str) -> httpx2.Response:
    """A request under the key `k`, unless the fields have another one."""
    method, _, path = request.partition(" ")
    headers = {"Idempotency-Key": "k"} | {key.replace("_", "-"): fields[key] for key in fields}
    return person.client.request(method, path, json=body, headers=headers)


def assert_replayed(again: httpx2.Response, first: httpx2.Response) -> None:
    assert again.headers.get(REPLAYED) == "true"
    assert (again.status_code, again.content) == (first.status_code, first.content)
    assert again.headers.get("ETag") == first.headers.get("ETag")


def test_the_answer_is_the_first_one_whatever_became_of_the_task(alice: Person) -> None:
    first = send(alice, "POST /api/tasks", {"title": 'Buy "milk", (2 l)\\\n\t{}'})
    path = first.headers["Location"]
    alice.client.patch(path, json={"title": "Changed"})
    alice.client.delete(path)
    again = send(alice, "POST /api/tasks", {"title": 'Buy "milk", (2 l)\\\n\t{}'})
    assert_replayed(again, first)
    assert again.headers["Location"] == path
    assert alice.titles() == []


def test_a_toggle_sent_again_does_not_toggle_back(alice: Person) -> None:
    task = alice.create()
    first = send(alice, f"PATCH /api/tasks/{task['id']}/toggle")
    assert_replayed(send(alice, f"PATCH /api/tasks/{task['id']}/toggle"), first)
    assert alice.client.get(f"/api/tasks/{task['id']}").json()["completed"] is True


def test_a_recurring_task_goes_on_once(alice: Person) -> None:
    task = alice.create(due_date="2026-01-01", recurrence="FREQ=DAILY")
    first = send(alice, f"POST /api/tasks/{task['id']}/complete", {"completed": True})
    assert first.json()["due_date"] == "2026-01-02"
    assert_replayed(
        send(alice, f"POST /api/tasks/{task['id']}/complete", {"completed": True}), first
    )
    assert alice.client.get(f"/api/tasks/{task['id']}").json()["due_date"] == "2026-01-02"


def test_a_recurring_task_goes_on_where_the_first_request_was_lost(
    alice: Person, database: Connection
) -> None:
    """The first call only looks; the second one, which steps, did not get through."""
    task = alice.create(due_date="2026-01-01", recurrence="FREQ=DAILY")
    send(alice, f"POST /api/tasks/{task['id']}/complete", {"completed": True})
    alice.client.patch(f"/api/tasks/{task['id']}", json={"due_date": "2026-01-01"})
    database.execute(
        "delete from duly.idempotency where user_id = %s and step > 1", [alice.subject]
    )
    again = send(alice, f"POST /api/tasks/{task['id']}/complete", {"completed": True})
    assert again.json()["due_date"] == "2026-01-02"
    assert REPLAYED not in again.headers


def test_what_rows_refused_stays_refused_with_the_same_bytes(alice: Person) -> None:
    task = alice.create()
    for request, body, status in (
        (f"PATCH /api/tasks/{new_id()}", {"title": "x"}, 404),
        (f"PATCH /api/tasks/{task['id']}", {"title": "x"}, 412),
        (f"PATCH /api/tasks/{task['id']}", {}, 412),
    ):
        fields = {"Idempotency_Key": f"{status}{len(body)}", "If_Match": '"999"'}
        first = send(alice, request, body, **fields)
        assert first.status_code == status
        alice.client.patch(f"/api/tasks/{task['id']}", json={"title": f"after {status}"})
        assert_replayed(send(alice, request, body, **fields), first)


def test_what_postgresql_refused_did_not_use_the_key(alice: Person) -> None:
    task = alice.create()
    body = {"title": "Again", "id": task["id"]}
    assert send(alice, "POST /api/tasks", body).status_code == 409
    alice.client.delete(f"/api/tasks/{task['id']}")
    alice.client.delete(f"/api/trash/{task['id']}")
    assert send(alice, "POST /api/tasks", body).status_code == 201
    assert REPLAYED in send(alice, "POST /api/tasks", body).headers


def test_what_was_not_acceptable_did_not_use_the_key(alice: Person) -> None:
    assert send(alice, "POST /api/tasks", {"title": ""}).status_code == 422
    assert send(alice, "POST /api/tasks", {"title": "Buy milk"}).status_code == 201


@pytest.mark.parametrize(
    ("request_", "body", "fields"),
    [
        ("POST /api/tasks", {"title": "Buy bread"}, {}),
        ("POST /api/tasks", {"title": "Buy  milk"}, {}),
        ("POST /api/lists", {"name": "Buy milk"}, {}),
        ("POST /api/tasks", {"title": "Buy milk"}, {"If_Match": '"3"'}),
        ("POST /api/tasks/batch", {"operations": [{"op": "create", "task": {"title": "x"}}]}, {}),
        ("DELETE /api/trash", None, {}),
    ],
)
def test_another_request_under_the_key_is_refused_and_does_nothing(
    request_: str, body: Any, fields: dict[str, str], alice: Person
) -> None:
    first = send(alice, "POST /api/tasks", {"title": "Buy milk"})
    answer = send(alice, request_, body, **fields)
    assert (answer.status_code, answer.json()["code"]) == (422, "key_reused")
    assert alice.titles() == ["Buy milk"]
    assert_replayed(send(alice, "POST /api/tasks", {"title": "Buy milk"}), first)


def test_the_path_may_name_the_user_or_not(alice: Person) -> None:
    first = send(alice, "POST /api/tasks", {"title": "Buy milk"})
    again = send(alice, f"POST /api/{alice.subject}/tasks/", {"title": "Buy milk"})
    assert_replayed(again, first)


def test_each_user_has_keys_of_their_own(alice: Person, bob: Person) -> None:
    for person in (alice, bob):
        answer = send(person, "POST /api/tasks", {"title": person.subject})
        assert (answer.status_code, REPLAYED in answer.headers) == (201, False)
    assert bob.titles() == [bob.subject]


def test_a_key_given_twice_is_refused(alice: Person) -> None:
    fields = [("Idempotency-Key", "k"), ("Idempotency-Key", "k")]
    answer = alice.client.post("/api/tasks", json={"title": "x"}, headers=fields)
    assert answer.status_code == 422


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_read_does_not_look_at_a_key(method: str, alice: Person) -> None:
    for _ in range(2):
        answer = send(alice, f"{method} /api/tasks", Idempotency_Key="not a key")
        assert (answer.status_code, REPLAYED in answer.headers) == (200, False)


def test_after_a_day_a_key_is_new(alice: Person, database: Connection) -> None:
    send(alice, "POST /api/tasks", {"title": "Yesterday"})
    database.execute(
        "update duly.idempotency set at = at - interval '24 hours' where user_id = %s",
        [alice.subject],
    )
    answer = send(alice, "POST /api/tasks", {"title": "Today"})
    assert (answer.status_code, REPLAYED in answer.headers) == (201, False)
    assert_replayed(send(alice, "POST /api/tasks", {"title": "Today"}), answer)


def batch(*operations: dict[str, Any], atomic: bool = False) -> dict[str, Any]:
    return {"operations": operations, "atomic": atomic}


def test_a_batch_keeps_what_was_refused_in_it(alice: Person) -> None:
    there, gone = alice.create("There"), alice.create("Gone")
    daily = alice.create("Daily", due_date="2026-01-01", recurrence="FREQ=DAILY")
    alice.client.delete(f"/api/tasks/{gone['id']}")
    body = batch(
        {"op": "create", "task": {"title": "New"}},
        {"op": "create", "task": {"title": "Taken", "id": there["id"]}},
        {"op": "complete", "id": daily["id"], "completed": True},
        {"op": "update", "id": daily["id"], "patch": {"title": "Seen"}},
        {"op": "update", "id": gone["id"], "patch": {"title": "x"}},
        {"op": "move", "id": there["id"], "parent_id": there["id"]},
    )
    first = send(alice, "POST /api/tasks/batch", body)
    statuses = [each["status"] for each in first.json()["results"]]
    assert statuses == [201, 409, 200, 200, 404, 409]
    alice.client.delete(f"/api/tasks/{there['id']}")
    alice.client.delete("/api/trash")
    titles = alice.titles()
    assert_replayed(send(alice, "POST /api/tasks/batch", body), first)
    assert alice.titles() == titles


def test_an_atomic_batch_is_done_once(alice: Person) -> None:
    daily = alice.create("Daily", due_date="2026-01-01", recurrence="FREQ=DAILY")
    body = batch(
        {"op": "create", "task": {"title": "New"}},
        {"op": "complete", "id": daily["id"], "completed": True},
        atomic=True,
    )
    first = send(alice, "POST /api/tasks/batch", body)
    assert first.json()["results"][1]["body"]["due_date"] == "2026-01-02"
    assert_replayed(send(alice, "POST /api/tasks/batch", body), first)
    due = alice.client.get(f"/api/tasks/{daily['id']}").json()["due_date"]
    assert (due, len(alice.titles())) == ("2026-01-02", 2)


def test_a_batch_goes_on_where_its_first_request_was_lost(
    alice: Person, database: Connection
) -> None:
    """One fails, so what stands before it and behind it are two transactions."""
    there = alice.create("There")
    titles = [f"New {number}" for number in range(4)]
    made = [{"op": "create", "task": {"title": title}} for title in titles]
    taken = {"op": "create", "task": {"title": "Taken", "id": there["id"]}}
    body = batch(*made[:2], taken, *made[2:])
    first = send(alice, "POST /api/tasks/batch", body).json()["results"]
    # As if the connection had broken after the first of the two.
    database.execute(
        "delete from duly.idempotency where user_id = %s and operation > 2", [alice.subject]
    )
    for each in first[3:]:
        database.execute("delete from duly.tasks where id = %s", [each["body"]["id"]])
    again = send(alice, "POST /api/tasks/batch", body)
    assert json.loads(again.content)["results"][:2] == first[:2]
    assert sorted(alice.titles()) == [*titles, "There"]


@pytest.mark.parametrize("is_first_lost", [False, True])
def test_what_goes_in_steps_goes_on(
    alice: Person, monkeypatch: pytest.MonkeyPatch, *, is_first_lost: bool
) -> None:
    """Whoever asks again, with the key, before all is done has the rest done."""
    monkeypatch.setattr(tags, "BATCH", 1)
    for _ in range(3):
        alice.create(tags=["home"])
    if is_first_lost:
        with monkeypatch.context() as hurry:
            hurry.setattr("backend.routes.tags._SECONDS", -1.0)
            assert send(alice, "PATCH /api/tags/home", {"name": "house"}).status_code == 202
    done = send(alice, "PATCH /api/tags/home", {"name": "house"})
    assert done.json() == {"name": "house", "count": 3}
    alice.create(tags=["house", "home"])
    assert_replayed(send(alice, "PATCH /api/tags/home", {"name": "house"}), done)


def test_an_answer_says_what_the_token_said(alice: Person, issuer: Issuer) -> None:
    first = send(alice, "PATCH /api/me", {"time_zone": "Asia/Tokyo"})
    token = issuer.token(
        alice.subject, issuer=ORIGIN, audience=ORIGIN, now=time.time() - 5, name="Alicia"
    )
    alice.client.headers["Authorization"] = f"Bearer {token}"
    assert_replayed(send(alice, "PATCH /api/me", {"time_zone": "Asia/Tokyo"}), first)


def test_nothing_is_left_under_a_key_of_who_is_erased(alice: Person, database: Connection) -> None:
    send(alice, "POST /api/tasks", {"title": "Not a word of it may stay"})
    assert send(alice, "DELETE /api/me", Idempotency_Key="gone").status_code == 204
    assert send(alice, "DELETE /api/me", Idempotency_Key="gone").status_code == 204
    left = database.execute(
        "select from duly.idempotency where user_id = %s", [alice.subject]
    ).fetchall()
    assert left == []
