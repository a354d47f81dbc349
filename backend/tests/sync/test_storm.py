"""Several writers of one user, and somebody who follows: nothing is skipped or out of order."""

import os
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from random import Random

import pytest
from pydantic import SecretStr

from backend.config import Settings
from backend.security.signing import Issuer
from backend.tests.conftest import PATIENCE
from backend.tests.lists.people import create as create_list
from backend.tests.support import pgbouncer
from backend.tests.support.people import Person
from backend.tests.support.pgbouncer import PgBouncer
from backend.tests.support.service import Service
from backend.tests.sync.follower import Follower, everything
from backend.tests.sync.writers import write_something

SECONDS = float(os.environ.get("STORM_SECONDS", "0.5"))
"""How long; `STORM_SECONDS=60` is what it has to stand."""


def storm(person: Person, writers: int, limit: Callable[[], int]) -> str:
    """Write and follow for so long.

    Returns:
        How much was done and seen.
    """
    tasks = [person.create(f"task {number}")["id"] for number in range(20)]
    other_list = create_list(person)["id"]
    follower = Follower(person)
    until = time.monotonic() + SECONDS

    def write(seed: int) -> int:
        chance, written = Random(seed), 0  # noqa: S311 - what, not a secret
        while time.monotonic() < until:
            write_something(person, chance, tasks, other_list)
            written += 1
        return written

    seen = polls = deleted = 0
    with ThreadPoolExecutor(writers) as pool:
        writing = [pool.submit(write, seed) for seed in range(writers)]
        while not all(each.done() for each in writing):
            changes = follower.poll(limit())
            seen, polls = seen + len(changes), polls + 1
            deleted += sum(each["deleted"] for each in changes)
        written = sum(each.result() for each in writing)
    follower.follow()
    assert follower.rows == everything(person)
    assert polls
    return f"{writers} writers: {written} writes, {polls} polls, {seen} changes, {deleted} gone"


@contextmanager
def behind_a_pooler(settings: Settings, directory: Path) -> Iterator[Service]:
    assert settings.database_url
    with PgBouncer(settings.database_url.get_secret_value(), directory) as pooler:
        through = {"database_url": SecretStr(pooler.url)}
        with Service(settings.model_copy(update=through), patience=PATIENCE) as service:
            yield service


@pytest.mark.parametrize("limit", [1, 7, 50])
@pytest.mark.parametrize("writers", [2, 8])
def test_who_follows_writers_ends_with_what_they_left(
    writers: int, limit: int, alice: Person
) -> None:
    print(storm(alice, writers, lambda: limit))  # noqa: T201 - what a long run has shown


@pytest.mark.skipif(pgbouncer.PROGRAM is None, reason="pgbouncer is not installed")
def test_through_a_pooler_it_is_the_same(
    settings: Settings, issuer: Issuer, tmp_path: Path
) -> None:
    chance = Random(1)  # noqa: S311 - how much, not a secret
    with behind_a_pooler(settings, tmp_path) as service:
        person = Person("pooled", service, issuer)
        print(storm(person, 4, lambda: chance.choice([1, 7, 50])))  # noqa: T201
        person.client.close()
