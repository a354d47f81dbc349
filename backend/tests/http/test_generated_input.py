"""Whatever JSON and whatever query a client makes up: an answer of the contract, never a 500."""

import json
from base64 import urlsafe_b64encode
from typing import Any
from urllib.parse import urlencode

import httpx2
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backend.core.visibility import shows_something
from backend.tests.support.people import Person

everyday = settings(
    max_examples=100,
    deadline=None,
    derandomize=True,  # the same examples everywhere; the table of hostile input has the rest
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)

any_text = st.text(st.characters(exclude_categories=()), max_size=20)
scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | any_text
    | st.uuids().map(str)
    | st.datetimes().map(str)
)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(any_text, inner, max_size=4),
    max_leaves=8,
)
fields = ["id", "title", "description", "completed", "user_id", "version", "deleted_at"]
objects = st.dictionaries(st.sampled_from(fields) | any_text, values, max_size=5)
parameters = ["status", "sort", "limit", "cursor", "count", "q", "tag"]
choices = ["all", "pending", "completed", "title", "-created", "updated", "exact", "1", "200"]
sendable = st.text(max_size=20)
queries = st.lists(
    st.tuples(st.sampled_from(parameters) | sendable, st.sampled_from(choices) | sendable),
    max_size=4,
)


def check(answer: httpx2.Response) -> None:
    assert answer.status_code in {200, 201, 204, 400, 404, 409, 412, 422}, answer.text
    if answer.is_error:
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["status"] == answer.status_code
        assert answer.content.isascii()


def post(person: Person, method: str, path: str, body: Any) -> httpx2.Response:
    headers = {"Content-Type": "application/json"}
    return person.client.request(method, path, content=json.dumps(body), headers=headers)


@everyday
@given(body=objects | values)
def test_any_json_makes_a_task_or_a_problem(alice: Person, body: Any) -> None:
    answer = post(alice, "POST", "/api/tasks", body)
    check(answer)
    if answer.status_code == 201:
        made = answer.json()
        assert made["title"] == body["title"].strip()
        assert made["description"] == body.get("description")
        assert alice.client.get(f"/api/tasks/{made['id']}").json() == made


@everyday
@given(body=objects | values)
def test_any_json_patches_a_task_or_is_a_problem(alice: Person, body: Any) -> None:
    task = alice.create("As it was")
    path = f"/api/tasks/{task['id']}"
    answer = post(alice, "PATCH", path, body)
    check(answer)
    if answer.is_error:
        assert alice.client.get(path).json() == task
    check(post(alice, "PATCH", f"{path}/complete", body))


@everyday
@given(body=objects | values, name=st.text(max_size=30))
def test_any_json_makes_and_moves_lists_or_is_a_problem(
    alice: Person, body: Any, name: str
) -> None:
    made = post(
        alice, "POST", "/api/lists", body | {"name": name} if isinstance(body, dict) else body
    )
    check(made)
    if made.status_code == 201:
        path = f"/api/lists/{made.json()['id']}"
        assert alice.client.get(path).json() == made.json()
        check(post(alice, "PATCH", path, body))
        check(post(alice, "POST", f"{path}/move", body))
        alice.client.delete(path)
        alice.client.delete("/api/trash")


@everyday
@given(title=st.text(min_size=1, max_size=500), description=st.none() | st.text(max_size=600))
def test_any_text_comes_back_as_it_went(alice: Person, title: str, description: str | None) -> None:
    answer = alice.client.post("/api/tasks", json={"title": title, "description": description})
    storable = "\0" not in f"{title}{description}"
    if storable and shows_something(title.strip()):
        assert answer.status_code == 201, answer.text
        assert answer.json()["description"] == description
        assert answer.json()["title"] in title
    else:
        check(answer)


@everyday
@given(query=queries)
def test_any_query_is_a_page_or_a_problem(alice: Person, query: list[tuple[str, str]]) -> None:
    for path in ("/api/tasks", "/api/lists", "/api/trash", "/api/auth/me"):
        check(alice.client.get(f"{path}?{urlencode(query)}"))


@everyday
@given(data=st.binary(max_size=60))
def test_any_bytes_as_a_cursor_are_a_page_or_a_problem(alice: Person, data: bytes) -> None:
    for text in (data.decode("latin-1"), urlsafe_b64encode(data).decode()):
        check(alice.client.get("/api/tasks", params={"cursor": text}))


@everyday
@given(value=st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=30))
def test_any_condition_is_obeyed_or_refused(alice: Person, value: str) -> None:
    path = f"/api/tasks/{alice.create()['id']}"
    known = alice.client.get(path, headers={"If-None-Match": value})
    assert known.status_code in {200, 304}
    check(alice.client.patch(path, json={"title": "Changed"}, headers={"If-Match": value}))
