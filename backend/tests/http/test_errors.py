"""Errors: one shape, one page of explanation for each, nothing that should not be said."""

from typing import Any

import pytest

from backend.core.problems import (
    BeingErased,
    Entangled,
    GoneForGood,
    HistoryGone,
    InTrash,
    KeyInUse,
    KeyReused,
    MisdirectedRequest,
    Problem,
    RateLimited,
    RequestTimeout,
    TooManyLists,
    TooManyMatches,
    TooManyStreams,
    TooManyTasks,
    UndoConflict,
)
from backend.tests.support.paths import operations
from backend.tests.support.people import Person
from backend.tests.support.service import Service

MISSING = "01890a5d-ac96-774b-bcce-b302099a8057"
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "FOO")


def below(person: Person, levels: int) -> str:
    """The id of a task that stands so many levels deep."""
    parent = None
    for _ in range(levels):
        parent = person.create(parent_id=parent)["id"]
    assert parent
    return str(parent)


def errors(person: Person) -> list[Any]:
    """One answer of each kind that a request alone can cause."""
    task = person.create()
    path = f"/api/tasks/{task['id']}"
    ask = person.client.request
    nobody = {"Authorization": ""}
    return [
        ask("POST", "/api/tasks", content=b"{", headers={"Content-Type": "application/json"}),
        ask("GET", "/api/tasks?x=%ff"),
        ask("GET", "/api/tasks", headers=nobody),
        ask("GET", "/api/tasks", headers={"Authorization": "Bearer x"}),
        ask("GET", "/api/somebody-else/tasks"),
        ask("GET", f"/api/tasks/{MISSING}"),
        ask("GET", "/nowhere"),
        ask("POST", path),
        ask("GET", path, headers={"Accept": "text/html"}),
        ask("POST", "/api/tasks", json={"title": "a", "id": task["id"]}),
        ask("PATCH", path, json={"title": "a"}, headers={"If-Match": '"0"'}),
        ask("POST", "/api/tasks", content=b"x" * 70_000),
        ask("GET", "/api/tasks?" + "x" * 9_000),
        ask("POST", "/api/tasks", content=b"x", headers={"Content-Type": "text/plain"}),
        ask("GET", "/api/tasks?limit=0"),
        ask("GET", "/api/changes?since=999999999999999999"),
        ask("POST", "/api/tasks", json={"title": "a", "parent_id": below(person, 5)}),
        ask("DELETE", f"/api/lists/{task['list_id']}"),
        ask("POST", "/api/tasks/batch", json={
            "filter": {"ids": [MISSING]}, "change": {"delete": True}, "expected_count": 1,
        }),
        ask("GET", "/api/tasks", headers={"X": "x" * 17_000}),
        ask("OPTIONS", "/api/tasks", headers={
            "Origin": "https://evil.example.com", "Access-Control-Request-Method": "GET",
        }),
    ]  # fmt: skip


def test_every_error_is_problem_json_of_the_same_shape(alice: Person) -> None:
    for answer in errors(alice):
        assert answer.is_client_error
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.content.isascii()
        problem = answer.json()
        kind = Problem.registry[problem["code"]]
        assert problem["type"] == f"/problems/{kind.code}"
        assert problem["title"] == kind.title
        assert problem["status"] == answer.status_code == kind.status
        assert isinstance(problem["detail"], str)
        assert problem["request_id"] == answer.headers["x-request-id"]
        assert ("errors" in problem) == (answer.status_code == 422)
        assert ("www-authenticate" in answer.headers) == (answer.status_code == 401)


def test_the_requests_above_meet_every_error_of_a_client(alice: Person) -> None:
    met = {answer.json()["code"] for answer in errors(alice)}
    known = {kind.code for kind in Problem.registry.values() if kind.status < 500}
    # These take time, limits or many rows: tests/serving/test_timers.py, tests/rates,
    # tests/database/test_quota.py, tests/account/test_erasures.py, tests/pages/test_hosts.py,
    # tests/lists/test_lists.py, tests/database/test_operations.py,
    # tests/tasks/test_batch_changes.py; tests/idempotency, tests/database/test_idempotency.py;
    # tests/sync/test_sync.py; tests/events/test_streams.py; tests/history.
    limits = (RateLimited, TooManyTasks, TooManyLists, TooManyMatches)
    others = (RequestTimeout, BeingErased, MisdirectedRequest, Entangled)
    undo = (UndoConflict, GoneForGood, HistoryGone)
    elsewhere = (*limits, *others, *undo, KeyReused, KeyInUse, InTrash, TooManyStreams)
    assert met == known - {each.code for each in elsewhere}


def test_each_refused_part_has_pointer_code_and_words(alice: Person) -> None:
    body = {"title": "", "description": 1, "completed": "x", "a/b~c": 1}
    answer = alice.client.post("/api/tasks", json=body)
    assert [(each["pointer"], each["code"]) for each in answer.json()["errors"]] == [
        ("/body/title", "string_too_short"),
        ("/body/description", "string_type"),
        ("/body/completed", "bool_type"),
        ("/body/a~1b~0c", "extra_forbidden"),
    ]
    assert all(each["detail"] for each in answer.json()["errors"])


def test_query_and_body_are_told_together(alice: Person) -> None:
    answer = alice.client.post("/api/tasks?x=1", json={"title": ""})
    pointers = [each["pointer"] for each in answer.json()["errors"]]
    assert pointers == ["/query/x", "/body/title"]


def test_the_list_of_refused_parts_ends_somewhere(alice: Person) -> None:
    body = {f"unknown{n}": 1 for n in range(2_000)}
    answer = alice.client.post("/api/tasks", json=body)
    assert answer.status_code == 422
    assert len(answer.json()["errors"]) == 20
    assert len(answer.content) < 8_192


@pytest.mark.parametrize("code", Problem.registry)
def test_the_type_of_each_error_leads_to_its_explanation(code: str, alice: Person) -> None:
    kind = Problem.registry[code]
    answer = alice.client.get(f"/problems/{code}", headers={"Authorization": ""})
    assert answer.status_code == 200
    assert answer.json() == {
        "code": code,
        "status": kind.status,
        "title": kind.title,
        "meaning": kind.meaning,
        "remedy": kind.remedy,
    }


def test_a_code_that_does_not_exist_is_404(alice: Person) -> None:
    assert alice.client.get("/problems/made_up").json()["code"] == "not_found"


def test_405_lists_every_method_of_the_path(service: Service, alice: Person) -> None:
    allowed: dict[str, set[str]] = {}
    for operation in operations(service.app):
        allowed.setdefault(operation.path, set()).add(operation.method)
    task = alice.create()["id"]
    for operation in operations(service.app):
        for method in set(METHODS) - allowed[operation.path]:
            target = operation.target(user=alice.subject, task=task)
            answer = alice.client.request(method, target)
            assert answer.status_code == 405, (method, target)
            assert answer.headers["allow"] == ", ".join(sorted(allowed[operation.path]))


def test_asking_for_nothing_that_exists_needs_no_token(alice: Person) -> None:
    answer = alice.client.get("/api/nothing/here", headers={"Authorization": ""})
    assert answer.status_code == 404


def test_who_may_not_ask_is_not_told_what_was_wrong_with_the_question(alice: Person) -> None:
    for path in ("/api/tasks?limit=x", "/api/somebody-else/tasks?limit=x"):
        answer = alice.client.post(path, json={"x": 1}, headers={"Authorization": ""})
        assert answer.status_code == 401
    answer = alice.client.post("/api/somebody-else/tasks?limit=x", json={"x": 1})
    assert answer.status_code == 403
