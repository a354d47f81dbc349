"""What a scenario plays on: a PostgreSQL, a key source and the program, all of its own."""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path
from typing import NamedTuple
from uuid import uuid4

import httpx2
import psutil
from pydantic import SecretStr

from backend.config import Settings
from backend.security.signing import Issuer
from backend.tests.faults.aside import now
from backend.tests.faults.crowd import WRITERS, Crowd, Somebody
from backend.tests.support.key_server import KeyServer
from backend.tests.support.people import NO_TLS, ORIGIN
from backend.tests.support.private_cluster import PrivateCluster
from backend.tests.support.program import ServedProgram, serve

SECONDS = float(os.environ.get("FAULT_SECONDS", "2.5"))
"""How long a phase lasts."""

_TASKS = """
insert into duly.tasks (space_id, id, title, description, created_at, version, updated_at)
select '{subject}', ('018f0000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid,
    'Task ' || n % 997, {description}, now() - make_interval(secs => n), n, now()
from generate_series(1, {tasks}) n
"""


class Stage:
    """Makes people and programs.

    Attributes:
        cluster: The PostgreSQL.
        issuer: Whose tokens are valid.
        keys: The key source, which publishes the issuer's key.
    """

    def __init__(
        self, cluster: PrivateCluster, issuer: Issuer, keys: KeyServer, home: Path
    ) -> None:
        self.cluster, self.issuer, self.keys = cluster, issuer, keys
        self._home = home
        self._numbers = count(1)

    def folder(self) -> Path:
        """A new, empty one."""
        folder = self._home / str(next(self._numbers))
        folder.mkdir()
        return folder

    @contextmanager
    def program(
        self, database_url: str | None = None, *, first: str = "", **changes: str
    ) -> Iterator[ServedProgram]:
        """`duly serve` with two workers, without rate limits, unless told otherwise."""
        changes = {**_UNLIMITED, **changes}
        settings = self.settings(database_url)
        with serve(settings, self.folder(), first=first, **changes) as running:
            yield running

    def settings(self, database_url: str | None = None) -> Settings:
        """Production's."""
        return Settings(
            _env_file=None,
            environment="production",
            database_url=SecretStr(database_url or self.cluster.url),
            auth_jwks_url=self.keys.url,
            auth_issuer=ORIGIN,
            auth_audience=(ORIGIN,),
        )

    def somebody(self, name: str = "alice") -> Somebody:
        """A new user with a token that lasts."""
        subject = f"{name}-{uuid4().hex[:12]}"
        return subject, self.token(subject)

    def token(self, subject: str, issuer: Issuer | None = None) -> str:
        return (issuer or self.issuer).token(
            subject, issuer=ORIGIN, audience=ORIGIN, lifetime=86_400
        )

    def people(self, number: int = WRITERS) -> list[Somebody]:
        return [self.somebody("one-of-many") for _ in range(number)]

    def crowd(self, program: ServedProgram, pace: float = 0.05) -> Crowd:
        """Ten writers and ten readers, known to the program."""
        people = self.people()
        for _, token in people:
            ask(program, "POST", "/api/tasks", token, {"title": "hello"})
        return Crowd(program.port, people, pace)

    def owner_of(self, tasks: int, kilobytes: int = 0) -> Somebody:
        """A user with so many tasks, whose descriptions have that size."""
        subject, token = self.somebody("owner")
        description = f"repeat('x', {kilobytes * 1024})" if kilobytes else "null"
        self.cluster.execute(
            "set session_replication_role = replica",  # without the trigger
            f"insert into duly.users (subject) values ('{subject}')",
            f"insert into duly.spaces (id, last_version) values ('{subject}', {tasks})",
            _TASKS.format(subject=subject, tasks=tasks, description=description),
            "analyze duly.tasks" if tasks > 1_000 else "select",
            database="duly",
        )
        return subject, token


_UNLIMITED = {"RATE_LIMIT": "off", "MAX_TASKS_PER_USER": "1000000"}


class Memory(NamedTuple):
    """Of the live workers."""

    megabytes: float  # proportional set size: what is shared counts once
    descriptors: int


def workers(program: ServedProgram) -> list[psutil.Process]:
    """The processes that answer: children of the parent, without those that have just died."""
    return [each for each in psutil.Process(program.pid).children() if _works(each)]


def _works(process: psutil.Process) -> bool:
    with suppress(psutil.NoSuchProcess):
        return bool(process.name() == "duly-worker" and process.status() != psutil.STATUS_ZOMBIE)
    return False


def memory(program: ServedProgram) -> Memory:
    """What the workers hold now."""
    megabytes, descriptors = 0.0, 0
    for each in workers(program):
        try:
            megabytes += each.memory_full_info().pss / 2**20
            descriptors += each.num_fds()
        except psutil.NoSuchProcess:  # or a zombie by now, which is a kind of it
            continue
    return Memory(megabytes, descriptors)


def ask(
    program: ServedProgram, method: str, target: str, token: str = "", json: object = None
) -> httpx2.Response:
    """One request on a connection of its own."""
    fields = {"Authorization": f"Bearer {token}"} if token else {}
    with httpx2.Client(base_url=program.url, verify=NO_TLS, trust_env=False, timeout=20) as client:
        return client.request(method, target, headers=fields, json=json)


def seconds_until(happens: Callable[[], bool], patience: float = 30.0) -> float:
    """How long it takes until that is so; infinity when it is not within `patience`."""
    began = now()
    while not happens():
        if now() - began > patience:
            return float("inf")
        time.sleep(0.02)
    return now() - began


def ready(program: ServedProgram) -> bool:
    """Whether /readyz says so; no answer is no."""
    try:
        return ask(program, "GET", "/readyz").is_success
    except httpx2.HTTPError:
        return False
