"""One JSON line for each request; nothing in it that is anybody's business."""

import json
from collections.abc import Iterator

import httpx2
import pytest

from backend.core.ids import new_id
from backend.tests.support.people import NO_TLS, Person
from backend.tests.support.program import ServedProgram


@pytest.fixture
def client(program: ServedProgram, alice: Person) -> Iterator[httpx2.Client]:
    """Alice, talking to `duly serve`."""
    headers = {"Authorization": f"Bearer {alice.token}"}
    with httpx2.Client(
        base_url=program.url, headers=headers, verify=NO_TLS, trust_env=False, timeout=60
    ) as client:
        yield client


TASK = "01890a5d-ac96-774b-bcce-b302099a8057"
REQUESTS: list[tuple[str, str, str, int]] = [
    ("GET", "/api/tasks?sort=title", "/api/tasks", 200),
    ("HEAD", "/api/tasks", "/api/tasks", 200),
    ("GET", "/api/tasks/", "/api/tasks", 200),
    ("GET", f"/api/tasks/{TASK}", "/api/tasks/{task_id}", 404),
    ("PATCH", f"/api/tasks/{TASK}/toggle", "/api/tasks/{task_id}/toggle", 404),
    ("GET", "/api/somebody/tasks", "/api/{user_id}/tasks", 403),
    ("POST", f"/api/tasks/{TASK}", "/api/tasks/{task_id}", 405),
    ("GET", "/nowhere", "unknown", 404),
    ("GET", "/livez", "/livez", 200),
    ("GET", "/api/tasks?" + "x" * 9_000, "/api/tasks", 414),
]


@pytest.mark.parametrize("row", REQUESTS, ids=lambda row: f"{row[0]} {row[1]}"[:30])
def test_a_request_makes_one_line(
    row: tuple[str, str, str, int], client: httpx2.Client, program: ServedProgram
) -> None:
    method, target, route, status = row
    answer = client.request(method, target)
    assert answer.status_code == status
    request_id = answer.headers["x-request-id"]
    line = program.find_log(event="request", request_id=request_id)
    assert (line["method"], line["route"], line["status"]) == (method, route, status)
    assert 0 < line["duration_ms"] < 5_000
    assert line["level"] == "info"
    assert line["timestamp"].endswith("Z")
    assert program.output().count(request_id) == 1
    problem = "problem" in line
    assert problem == (status >= 400)


def test_a_request_keeps_the_id_that_a_proxy_gave_it(
    client: httpx2.Client, program: ServedProgram
) -> None:
    request_id = f"proxy-{new_id()}"
    answer = client.get("/nowhere", headers={"X-Request-Id": request_id})
    assert answer.headers["x-request-id"] == answer.json()["request_id"] == request_id
    assert program.find_log(request_id=request_id)["problem"] == "not_found"


def test_no_line_holds_a_token_a_query_or_content(
    client: httpx2.Client, program: ServedProgram, alice: Person
) -> None:
    title, words = f"title-{new_id()}", f"words-{new_id()}"
    created = client.post("/api/tasks", json={"title": title, "description": words})
    task = created.json()
    answers = [
        created,
        client.patch(f"/api/tasks/{task['id']}", json={"title": title, "colour": words}),
        client.post("/api/tasks", json={"title": title, "id": task["id"]}),
        client.post("/api/tasks", content=title, headers={"Content-Type": "application/json"}),
        client.get(f"/api/tasks?cursor={words}&token={alice.token}"),
        client.get("/api/tasks", headers={"Authorization": f"Bearer {alice.token}x"}),
        client.get(f"/api/{alice.subject}/tasks/{task['id']}", headers={"Cookie": words}),
    ]
    for answer in answers:
        program.find_log(request_id=answer.headers["x-request-id"])
    output = program.output()
    for private in (title, words, alice.token, task["id"], alice.subject, "example.com"):
        assert private not in output


def test_every_line_after_the_greeting_is_json(
    client: httpx2.Client, program: ServedProgram
) -> None:
    answer = client.get("/livez")
    program.find_log(request_id=answer.headers["x-request-id"])
    lines = [line for line in program.output().splitlines() if line]
    others = [line for line in lines if not line.startswith("{")]
    assert all(line.startswith("Duly serves http://") for line in others), others
    for line in lines:
        if line not in others:
            json.loads(line)
