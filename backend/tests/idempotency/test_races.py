"""The same request, many times at once, over two instances on one database."""

import asyncio
import random
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import httpx2
import pytest

from backend.config import Settings
from backend.security.signing import Issuer
from backend.tests.support import program as programs
from backend.tests.support.people import NO_TLS, Person
from backend.tests.support.program import ServedProgram

KEYS, USERS = 40, 10
IN_FLIGHT = 16  # of each instance; what waits for longer than a request may is no race
Answer = tuple[int, bytes, str | None, str | None]


@pytest.fixture(scope="module")
def instances(
    settings: Settings, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[list[ServedProgram]]:
    with ExitStack() as stack:
        yield [
            stack.enter_context(
                programs.serve(settings, tmp_path_factory.mktemp("instance"), WORKERS="1")
            )
            for _ in range(2)
        ]


def requests(person: Person, number: int) -> tuple[str, str, dict[str, Any]]:
    """One of four kinds: the last two are several calls, or several operations."""
    task = person.create("There", due_date="2026-01-01", recurrence="FREQ=DAILY")
    path = f"/api/tasks/{task['id']}"
    taken = {"op": "create", "task": {"title": "Taken", "id": task["id"]}}
    made = {"op": "create", "task": {"title": f"Key {number}"}}
    return (
        ("POST", "/api/tasks", {"title": f"Key {number}"}),
        ("PATCH", f"{path}/toggle", {}),
        ("POST", f"{path}/complete", {"completed": True}),
        ("POST", "/api/tasks/batch", {"operations": [made, taken, made]}),
    )[number % 4]


@pytest.mark.parametrize("times", [8, pytest.param(50, marks=pytest.mark.faults)])
def test_forty_keys_many_times_each_are_forty_effects(
    times: int, instances: list[ServedProgram], issuer: Issuer
) -> None:
    people = [Person(f"race{number}", instances[0], issuer) for number in range(USERS)]
    wanted = [requests(people[number % USERS], number) for number in range(KEYS)]
    answers = asyncio.run(_all_at_once(instances, people, wanted, times))

    assert Counter(status for each in answers.values() for status, *_ in each).keys() <= {200, 201}
    assert [len(set(answers[number])) for number in range(KEYS)] == [1] * KEYS
    assert [len(answers[number]) for number in range(KEYS)] == [times] * KEYS
    effects = Counter[str]()
    for person in people:
        tasks = person.client.get("/api/tasks?limit=200").json()
        effects += Counter(task["title"] for task in tasks if task["title"] != "There")
        assert {task["due_date"] for task in tasks} <= {None, "2026-01-01", "2026-01-02"}
        person.client.close()
    assert effects == {
        f"Key {number}": 1 + (number % 4 == 3) for number in range(KEYS) if number % 4 in {0, 3}
    }


async def _all_at_once(
    instances: list[ServedProgram],
    people: list[Person],
    wanted: list[tuple[str, str, dict[str, Any]]],
    times: int,
) -> dict[int, list[Answer]]:
    answers = defaultdict[int, list[Answer]](list)
    clients = [
        httpx2.AsyncClient(base_url=each.url, verify=NO_TLS, timeout=60) for each in instances
    ]
    rooms = [asyncio.Semaphore(IN_FLIGHT) for _ in instances]

    async def one(number: int, instance: int) -> None:
        method, path, body = wanted[number]
        token = people[number % USERS].token
        fields = {"Authorization": f"Bearer {token}", "Idempotency-Key": f"key-{number}"}
        content = body or None
        async with rooms[instance]:
            answer = await clients[instance].request(method, path, json=content, headers=fields)
        told = (answer.headers.get("ETag"), answer.headers.get("Location"))
        answers[number].append((answer.status_code, answer.content, *told))

    jobs = [one(number, time % 2) for number in range(KEYS) for time in range(times)]
    random.shuffle(jobs)
    await asyncio.gather(*jobs)
    for client in clients:
        await client.aclose()
    return answers
