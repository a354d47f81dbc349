"""Paths that people try: the answer says what is right, and nothing of what was sent."""

import pytest

from backend.tests.support.people import Person

MEANT: dict[str, str] = {
    "/api/v1/tasks": "/api/tasks",
    "/api/v2/tasks/": "/api/tasks",
    "/api/v1.0/trash": "/api/trash",
    "/api/V1/tasks": "/api/tasks",
    "/api/api/tasks": "/api/tasks",
    "/api/rest/tasks": "/api/tasks",
    "/api/users/tasks": "/api/tasks",
    "/api/v1/tasks/01890a5d-ac96-774b-bcce-b302099a8057": "/api/tasks/{task_id}",
    "/v1/tasks": "/api/tasks",
    "/v1/api/tasks": "/api/tasks",
    "/tasks": "/api/tasks",
    "/tasks/": "/api/tasks",
    "/task": "/api/tasks",
    "/api/task": "/api/tasks",
    "/api/Tasks": "/api/tasks",
    "/API/TASKS": "/api/tasks",
    "//api/tasks": "/api/tasks",
    "/api//tasks": "/api/tasks",
    "/todos": "/api/tasks",
    "/api/todos": "/api/tasks",
    "/api/todo/7": "/api/tasks/{task_id}",
    "/tasks/7/toggle": "/api/tasks/{task_id}/toggle",
    "/users/xyzzy/tasks": "/api/{user_id}/tasks",
    "/api/users/xyzzy/tasks": "/api/tasks",
    "/api/v1/users/xyzzy/tasks": "/api/tasks",
    "/v1/auth/me": "/api/auth/me",
    "/health": "/livez",
    "/healthz": "/livez",
    "/api/health": "/livez",
    "/ready": "/readyz",
    "/api/metrics": "/metrics",
    "/swagger": "/docs",
    "/api/docs": "/docs",
    "/swagger.json": "/openapi.json",
}


@pytest.mark.parametrize("path", MEANT)
def test_a_wrong_path_is_told_the_right_one(path: str, alice: Person) -> None:
    answer = alice.client.get(path)
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert answer.json()["detail"] == f"Did you mean `{MEANT[path]}`?"
    assert "xyzzy" not in answer.text


@pytest.mark.parametrize(
    "path",
    ["/nowhere", "/api", "/api/nothing/here", "/.env", "/api/v1", "/a/b/c", "/api/tasks/x/y"],
)
def test_where_nothing_is_like_it_nothing_is_said(path: str, alice: Person) -> None:
    answer = alice.client.get(path)
    assert answer.status_code == 404
    assert answer.json()["detail"] == "There is nothing here"


def test_who_names_another_user_is_told_where_their_own_things_are(alice: Person) -> None:
    answers = [alice.client.get(f"/api/{user}/trash").json() for user in ("me", "bob")]
    for answer in answers:
        assert answer["code"] == "wrong_user"
        assert "`/api/trash`" in answer["detail"]


def test_a_missing_task_is_no_wrong_path(alice: Person) -> None:
    answer = alice.client.get("/api/tasks/01890a5d-ac96-774b-bcce-b302099a8057")
    assert answer.json()["detail"] == "There is nothing here"
