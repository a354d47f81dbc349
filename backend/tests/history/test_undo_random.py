"""Whatever is done, undone step by step, latest first, leads through every state that there was."""

import os
from collections.abc import Callable
from random import Random
from typing import Any

import pytest

from backend.tests.history.test_pages import history
from backend.tests.history.test_undo import undo
from backend.tests.support.people import Person

RUNS = int(os.environ.get("UNDO_RUNS", "4"))
STEPS = 14


def live(person: Person) -> dict[str, list[dict[str, Any]]]:
    """What is outside the trash, where what was created ends."""
    return {
        path: [
            {name: each[name] for name in each.keys() - {"version", "updated_at"}}
            for each in person.client.get(path).json()
        ]
        for path in ("/api/tasks?limit=200&sort=created", "/api/lists")
    }


def _changes(random: Random, person: Person) -> list[Callable[[], Any]]:
    """What can be done now, some of which is refused."""
    client = person.client
    tasks = client.get("/api/tasks?limit=200").json()
    lists = client.get("/api/lists").json()
    trash = client.get("/api/trash").json()
    task = random.choice(tasks) if tasks else None
    place = {
        **({"list_id": random.choice(lists)["id"]} if random.random() < 0.5 else {}),
        **({"parent_id": random.choice([*tasks, {"id": None}])["id"]} if tasks else {}),
    }
    made: dict[str, Any] = {"title": str(random.random()), "due_date": "2026-03-01"}
    if random.random() < 0.3:
        made["recurrence"] = "FREQ=DAILY"
    changes: list[Callable[[], Any]] = [
        lambda: client.post("/api/tasks", json=made | place),
        lambda: client.post("/api/lists", json={"name": made["title"]}),
        lambda: client.delete(f"/api/lists/{random.choice(lists)['id']}"),
    ]
    if trash:
        changes.append(lambda: client.post(f"/api/tasks/{random.choice(trash)['id']}/restore"))
    if task is None:
        return changes
    path = f"/api/tasks/{task['id']}"
    return [
        *changes,
        lambda: client.post("/api/tasks", json=made | place),
        lambda: client.patch(path, json={"title": made["title"], "priority": "high"}),
        lambda: client.post(f"{path}/complete", json={"completed": random.random() < 0.6}),
        lambda: client.post(f"{path}/move", json=place),
        lambda: client.delete(path),
        lambda: client.patch("/api/me", json={"time_zone": random.choice(["Asia/Tokyo", "UTC"])}),
        lambda: client.post(
            "/api/tasks/batch",
            json={"filter": {"status": "pending"}, "change": {"completed": True}},
        ),
    ]


def do(random: Random, person: Person) -> None:
    random.choice(_changes(random, person))()


@pytest.mark.parametrize("seed", range(RUNS))
def test_undone_step_by_step_all_is_as_it_was_before_each(seed: int, alice: Person) -> None:
    random = Random(seed)  # noqa: S311 - the same ones each time
    alice.create("first")
    steps = []
    for _ in range(STEPS):
        before, known = live(alice), len(history(alice, limit=200))
        do(random, alice)
        found = history(alice, limit=200)
        if len(found) > known:
            steps.append((found[0]["version"], before))
    assert len(steps) >= STEPS // 3
    for version, before in reversed(steps):
        undo(alice, version=version)
        assert live(alice) == before


@pytest.mark.parametrize("seed", range(RUNS))
def test_undone_at_once_all_is_as_it_was_at_first(seed: int, alice: Person) -> None:
    random = Random(seed)  # noqa: S311 - the same ones each time
    for number in range(4):
        alice.create(str(number))
    since, before = history(alice, limit=1)[0]["version"], live(alice)
    for _ in range(STEPS):
        do(random, alice)
    undo(alice, since=since)
    assert live(alice) == before
