"""Many clients move, nest, complete, delete and restore the same tasks, and they stay trees."""

import os
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import groupby
from random import Random
from typing import Any

import httpx2
import psycopg
import pytest

from backend.tests.support.people import NO_TLS, Person

SECONDS = float(os.environ.get("STORM_SECONDS", "2"))
"""How long; `STORM_SECONDS=20` is what it has to stand."""
CLIENTS = 20
TASKS = 50

# What may come of an action, besides 200 and 204: a place that cannot be, what is in the trash.
EXPECTED = {404, 409, 422}

Rows = dict[str, dict[str, Any]]


def act(client: httpx2.Client, ids: list[str], lists: list[str], random: Random) -> int:
    """One of them does something to one task; the status."""
    path = f"/api/tasks/{random.choice(ids)}"
    other = random.choice(ids)

    def move(place: dict[str, Any]) -> httpx2.Response:
        return client.post(f"{path}/move", json=place)

    actions: list[tuple[int, Callable[[], httpx2.Response]]] = [
        (6, lambda: move({"parent_id": other})),
        (3, lambda: move({random.choice(("before", "after")): other})),
        (2, lambda: move({"list_id": random.choice(lists)})),
        (2, lambda: move({"parent_id": None})),
        (1, lambda: client.patch(path, json={"parent_id": other, "title": "patched"})),
        (2, lambda: client.post(f"{path}/complete", json={"completed": True})),
        (2, lambda: client.patch(f"{path}/toggle")),
        (1, lambda: client.delete(path)),
        (3, lambda: client.post(f"{path}/restore")),
    ]
    weights, choices = zip(*actions, strict=True)
    status: int = random.choices(choices, weights)[0]().status_code
    return status


def rage(person: Person, ids: list[str], lists: list[str]) -> Counter[int]:
    """All clients for so long; how many answers had each status."""
    url = str(person.client.base_url)
    headers = {"Authorization": f"Bearer {person.token}"}
    until = time.monotonic() + SECONDS

    def work(seed: int) -> Counter[int]:
        random, seen = Random(seed), Counter[int]()  # noqa: S311 - which task, not a secret
        with httpx2.Client(
            base_url=url, headers=headers, verify=NO_TLS, trust_env=False, timeout=60
        ) as client:
            while time.monotonic() < until:
                seen[act(client, ids, lists, random)] += 1
        return seen

    with ThreadPoolExecutor(CLIENTS) as threads:
        return sum(threads.map(work, range(CLIENTS)), Counter())


def deadlocks(url: str) -> int:
    """How many PostgreSQL has seen; a call that meets one is sent again, unseen."""
    with psycopg.connect(url) as connection:
        row = connection.execute(
            "select deadlocks from pg_stat_database where datname = current_database()"
        ).fetchone()
    assert row
    return int(row[0])


@pytest.fixture
def rows(database_url: str, alice: Person) -> Callable[[], Rows]:
    def read() -> Rows:
        with psycopg.connect(database_url) as connection:
            found = connection.execute(
                "select to_jsonb(t) from duly.tasks t where space_id = %s", [alice.subject]
            ).fetchall()
        return {row["id"]: row for (row,) in found}

    return read


def above(row: dict[str, Any], rows: Rows) -> Iterator[dict[str, Any]]:
    """A task's parent, that one's, and so on; for ever if they are no tree."""
    while row["parent_id"]:
        row = rows[row["parent_id"]]
        yield row


def place(row: dict[str, Any]) -> tuple[str, str]:
    return row["list_id"], row["parent_id"] or ""


def test_trees_stay_trees_whatever_20_clients_do_at_once(
    alice: Person,
    make_list: Callable[[Person], str],
    rows: Callable[[], Rows],
    database_url: str,
) -> None:
    lists = [make_list(alice) for _ in range(3)]
    ids = [alice.create(f"{number}")["id"] for number in range(TASKS)]
    before = deadlocks(database_url)
    seen = rage(alice, ids, lists)
    assert deadlocks(database_url) == before
    assert set(seen) <= {200, 204, *EXPECTED}, seen
    assert seen[200] > seen.total() / 4
    found = rows()
    for row in found.values():
        for depth, ancestor in enumerate(above(row, found), 2):
            assert depth <= 5, "a cycle, or too deep"
            assert ancestor["list_id"] == row["list_id"]
            assert row["deleted_at"] or not ancestor["deleted_at"], "live below the trash"
            assert row["completed_at"] or row["deleted_at"] or not ancestor["completed_at"], (
                "open below what is done"
            )
    versions = [row["version"] for row in found.values()]
    assert len(set(versions)) == len(versions)
    live = sorted((row for row in found.values() if not row["deleted_at"]), key=place)
    for _, siblings in groupby(live, key=place):
        ranks = sorted((row["position"], row["id"]) for row in siblings)
        assert all(len(rank) <= 64 for rank, _ in ranks)
        # What comes back from the trash may tie, and one move tells them apart again.
        assert len(ranks) - len({rank for rank, _ in ranks}) <= 1


def test_a_task_taken_along_twice_at_once_comes_back_once(
    alice: Person, rows: Callable[[], Rows]
) -> None:
    """Two of a tree are deleted at the same moment, in either order: both come back."""
    random = Random(3)  # noqa: S311 - which comes first
    for _ in range(10):
        root = alice.create("root")
        part = alice.create("part", parent_id=root["id"])
        paths = [f"/api/tasks/{task['id']}" for task in (root, part)]
        random.shuffle(paths)
        with ThreadPoolExecutor(2) as threads:
            answers = threads.map(alice.client.delete, paths)
        statuses = sorted(answer.status_code for answer in answers)
        assert statuses in ([204, 204], [204, 404])
        for task in (root, part):
            assert alice.client.post(f"/api/tasks/{task['id']}/restore").status_code == 200
        found = rows()
        assert [found[task["id"]]["deleted_at"] for task in (root, part)] == [None, None]
        assert found[part["id"]]["parent_id"] == root["id"]
