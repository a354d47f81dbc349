"""A user's day with `duly serve`, from the first task to the empty trash."""

from collections.abc import Iterator

import httpx2
import pytest

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


def titles(client: httpx2.Client, path: str = "/api/tasks", **query: str) -> list[str]:
    return [task["title"] for task in client.get(path, params=query).json()]


def test_create_read_change_complete_delete_restore(client: httpx2.Client) -> None:
    assert client.get("/api/tasks").json() == []
    created = client.post("/api/tasks", json={"title": "Buy milk"})
    assert created.status_code == 201
    path = created.headers["location"]
    client.post("/api/tasks", json={"title": "Call Bob"})
    assert titles(client) == ["Call Bob", "Buy milk"]

    read = client.get(path)
    assert read.content == created.content
    assert client.get(path, headers={"If-None-Match": read.headers["etag"]}).status_code == 304

    first = {"If-Match": read.headers["etag"]}
    changed = client.patch(path, json={"description": "2 l"}, headers=first)
    assert changed.json()["description"] == "2 l"
    stale = client.patch(path, json={"title": "Lost"}, headers=first)
    assert stale.status_code == 412
    assert stale.json()["current"] == changed.json()
    assert client.put(path, json={"title": "Buy oat milk"}).json()["description"] == "2 l"

    assert client.patch(f"{path}/complete", json={"completed": True}).json()["completed"]
    assert titles(client, status="completed") == ["Buy oat milk"]
    assert not client.patch(f"{path}/toggle").json()["completed"]

    assert client.delete(path).status_code == 204
    assert client.get(path).status_code == 404
    assert titles(client) == ["Call Bob"]
    assert titles(client, "/api/trash") == ["Buy oat milk"]
    assert client.post(f"{path}/restore").status_code == 200
    assert titles(client, sort="title") == ["Buy oat milk", "Call Bob"]

    client.delete(path)
    assert client.delete("/api/trash").status_code == 204
    assert client.post(f"{path}/restore").status_code == 404
    assert titles(client, "/api/trash") == []


def test_what_older_clients_send(client: httpx2.Client, alice: Person) -> None:
    base = f"/api/{alice.subject}/tasks"
    task = client.post(f"{base}/", json={"title": "Buy milk", "description": ""}).json()
    assert titles(client, base) == ["Buy milk"]
    partial = client.put(f"{base}/{task['id']}", json={"title": "Buy oat milk"})
    assert partial.json()["description"] == ""
    assert client.patch(f"{base}/{task['id']}/complete").json()["completed"] is True
    assert client.patch(f"{base}/{task['id']}/complete").json()["completed"] is False
    assert client.delete(f"{base}/{task['id']}").status_code == 204


def test_nobody_else_takes_part_in_it(client: httpx2.Client, bob: Person) -> None:
    path = client.post("/api/tasks", json={"title": "A secret"}).headers["location"]
    assert bob.client.get(path).status_code == 404
    assert bob.client.patch(path, json={"title": "Bob's"}).status_code == 404
    assert bob.client.delete(path).status_code == 404
    assert client.get(path).json()["title"] == "A secret"
