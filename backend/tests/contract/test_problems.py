"""The codes that the document allows an operation are those that it answers with."""

from collections.abc import Callable, Iterator
from typing import Any, Final

import httpx2
import psycopg
import pytest

from backend.tests.contract.test_answers import MISSING, fresh
from backend.tests.support.document import PROBLEM, Document
from backend.tests.support.paths import Operation, operations
from backend.tests.support.people import Person
from backend.tests.support.service import Service

# What no request alone leads to: outages, limits, what others do meanwhile. Wherever a test meets
# such a code, its client looks it up in the document (`support/document.py`).
PASSING: Final = {
    *("internal_error", "request_timeout", "deadline_exceeded", "overloaded", "rate_limited"),
    *("database_unavailable", "read_only", "keys_unavailable", "being_erased", "key_in_use"),
}
BY_MANY: Final = {
    *((name, "too_many_tasks") for name in ("create_task", "batch_tasks", "merge_into_me")),
    *((name, "too_many_matches") for name in ("batch_tasks", "undo")),
    *(("create_list", "too_many_lists"), ("follow_changes", "too_many_streams")),
}
# Which request of any operation has one flaw, all else being right.
FLAWS: Final[dict[str, dict[str, Any]]] = {
    "url_too_long": {"query": f"?x={'x' * 9_000}"},
    "headers_too_large": {"headers": {"X-Large": "x" * 20_000}},
    "body_too_large": {"content": b" " * 1_100_000},
    "malformed_request": {"query": "?x=%ff"},
    "validation_failed": {"query": "?no_such=1"},
    "not_acceptable": {"headers": {"Accept": "image/png"}},
    "missing_token": {"headers": {"Authorization": ""}},
    "invalid_token": {"headers": {"Authorization": "Bearer x"}},
    "invalid_json": {"content": b"{", "headers": {"Content-Type": "application/json"}},
    "unsupported_media_type": {"content": b"x", "headers": {"Content-Type": "text/plain"}},
    "stale_version": {"headers": {"If-Match": '"999999"'}},
}


def requests(
    operation: Operation, person: Person, other: Person
) -> Iterator[tuple[str, httpx2.Response]]:
    """An answer to each flaw, under the code that it should lead to wherever it is one."""

    def send(
        query: str = "", headers: dict[str, str] | None = None, **more: Any
    ) -> httpx2.Response:
        target = operation.target(user=person.subject, task=thing)
        options = {"headers": headers or {}} | (more or right)
        return person.client.request(operation.method, target + query, **options)

    right: dict[str, Any] = {"json": operation.body} if operation.takes_body else {}
    if operation.path == "/api/me/merge":
        right = {"json": {"token": other.token}}
    person.create(tags=["home"])
    named = operation.names_task or operation.names_list
    for code, flaw in FLAWS.items():
        thing = fresh(operation, person) if named else ""
        yield code, send(**flaw)
    thing = fresh(operation, person) if named else ""
    key = {"Idempotency-Key": "one"}
    person.client.patch("/api/me", json={"time_zone": "UTC"}, headers=key)
    yield "key_reused", send(headers=key)
    thing = MISSING
    person.client.delete("/api/tags/home")
    path = operation.path.replace("{code}", "none")
    missing = path.format(task_id=MISSING, list_id=MISSING, name="none")
    if "{" in operation.path:
        yield "not_found", person.client.request(operation.method, missing, **right)
    if operation.route.terms.owned:
        strange = f"/api/stranger{missing.removeprefix('/api')}"
        yield "wrong_user", person.client.request(operation.method, strange, **right)


def test_each_operation_answers_what_is_said_of_it_and_nothing_else(
    document: Document, service: Service, alice: Person, bob: Person
) -> None:
    for operation in operations(service.app):
        if operation.method == "HEAD" or operation.names_user:
            continue
        said = codes(document, operation)
        for code, answer in requests(operation, alice, bob):
            answered = answer.headers.get("content-type") == PROBLEM and answer.json()["code"]
            assert (answered == code) == (code in said), (operation, code, answer)
            said.discard(code)
        led = {code for name, code in LED_TO.keys() | BY_MANY if name == operation.route.name}
        assert led <= said <= led | PASSING, operation


def codes(document: Document, operation: Operation) -> set[str]:
    responses = document.operations()[operation.method, operation.path]["responses"]
    contents = [each.get("content", {}).get(PROBLEM) for each in responses.values()]
    shapes = [each["schema"]["properties"] for each in contents if each]
    return {code for shape in shapes for code in shape["code"]["enum"]}


def below_the_trash(person: Person) -> dict[str, str]:
    task = person.create()
    person.client.delete(f"/api/tasks/{task['id']}")
    return {"parent_id": task["id"]}


def path_of(person: Person) -> str:
    return f"/api/tasks/{person.create()['id']}"


def batch(person: Person, *operations: dict[str, Any]) -> httpx2.Response:
    body = {"operations": operations, "atomic": True}
    return person.client.post("/api/tasks/batch", json=body)


def twice(person: Person, path: str, **members: str) -> httpx2.Response:
    person.client.post(path, json={"id": MISSING, **members})
    return person.client.post(path, json={"id": MISSING, **members})


def inbox(person: Person) -> str:
    [inbox] = person.client.get("/api/lists").json()
    return f"/api/lists/{inbox['id']}"


def entangled(person: Person) -> httpx2.Response:
    task = person.create(due_date="2030-01-31", recurrence="FREQ=MONTHLY")
    patch = {"op": "update", "id": task["id"], "patch": {"due_date": "2030-02-01"}}
    return batch(person, patch, {"op": "complete", "id": task["id"], "completed": True})


def undo(person: Person, version: int) -> httpx2.Response:
    return person.client.post("/api/undo", json={"version": version})


def overtaken(person: Person) -> httpx2.Response:
    path = path_of(person)
    first, _ = (person.client.patch(path, json={"title": title}).json() for title in "12")
    return undo(person, first["version"])


def purged(person: Person) -> httpx2.Response:
    task = person.create()
    person.client.delete(f"/api/tasks/{task['id']}")
    person.client.delete(f"/api/trash/{task['id']}")
    return undo(person, task["version"])


# What an operation is led to by what there is.
LED_TO: Final[dict[tuple[str, str], Callable[[Person], httpx2.Response]]] = {
    ("create_task", "conflict"): lambda someone: twice(someone, "/api/tasks", title="x"),
    ("create_task", "misplaced"): lambda someone: someone.client.post(
        "/api/tasks", json={"title": "x", **below_the_trash(someone)}
    ),
    ("update_task", "misplaced"): lambda someone: someone.client.patch(
        path_of(someone), json=below_the_trash(someone)
    ),
    ("put_task", "misplaced"): lambda someone: someone.client.put(
        path_of(someone), json=below_the_trash(someone)
    ),
    ("move_task", "misplaced"): lambda someone: someone.client.post(
        f"{path_of(someone)}/move", json=below_the_trash(someone)
    ),
    ("batch_tasks", "not_found"): lambda someone: batch(someone, {"op": "delete", "id": MISSING}),
    ("batch_tasks", "conflict"): lambda someone: batch(
        someone, *[{"op": "create", "task": {"id": MISSING, "title": "x"}}] * 2
    ),
    ("batch_tasks", "misplaced"): lambda someone: batch(
        someone, {"op": "create", "task": {"title": "x", **below_the_trash(someone)}}
    ),
    ("batch_tasks", "entangled"): entangled,
    ("batch_tasks", "unexpected_count"): lambda someone: someone.client.post(
        "/api/tasks/batch",
        json={"filter": {"q": "x"}, "change": {"priority": "low"}, "expected_count": 7},
    ),
    ("undo", "not_found"): lambda someone: undo(someone, 999_999),
    ("undo", "undo_conflict"): overtaken,
    ("undo", "gone_for_good"): purged,
    ("create_list", "conflict"): lambda someone: twice(someone, "/api/lists", name="x"),
    ("update_list", "inbox_protected"): lambda someone: someone.client.patch(
        inbox(someone), json={"archived": True}
    ),
    ("delete_list", "inbox_protected"): lambda someone: someone.client.delete(inbox(someone)),
    ("list_changes", "cursor_too_old"): lambda someone: someone.client.get("/api/changes?since=7"),
    ("sync", "cursor_too_old"): lambda someone: someone.client.post(
        "/api/sync", json={"since": "7"}
    ),
    ("list_tasks", "history_gone"): lambda someone: someone.client.get(
        "/api/tasks?as_of=2020-01-01T00:00:00Z"
    ),
    ("undo", "history_gone"): lambda someone: someone.client.post(
        "/api/undo", json={"since": "2020-01-01T00:00:00Z"}
    ),
}


@pytest.mark.parametrize(("name", "code"), LED_TO)
def test_what_is_said_of_an_operation_is_what_it_can_be_led_to(
    name: str, code: str, document: Document, alice: Person, database_url: str
) -> None:
    if code == "history_gone":  # as after `HISTORY_DAYS`
        alice.create()
        with psycopg.connect(database_url) as connection:
            connection.execute(
                "update duly.spaces set history_floor = last_version, history_from = now()"
                " where id = %s",
                [alice.subject],
            )
    answer = LED_TO[name, code](alice)
    assert answer.json()["code"] == code, answer.text
    assert document.faults(answer) == []
