"""A dump of a database that is being written to all the time, restored elsewhere and served.

As docs/operations.md has it: by a role that row-level security does not bind, and `duly migrate`
for what a dump does not carry.
"""

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from threading import Event, Thread

import httpx2
import pytest
from psycopg.conninfo import make_conninfo
from pydantic import SecretStr

from backend.config import Settings
from backend.database import embedded, migrate
from backend.security.signing import Issuer
from backend.tests.support import program as programs
from backend.tests.support.people import NO_TLS, Person
from backend.tests.support.private_cluster import PrivateCluster, private_cluster
from backend.tests.support.processes import bare_environment
from backend.tests.support.program import DULY, ServedProgram

pytestmark = pytest.mark.e2e

# More than a pipe holds, so that a dump that nobody reads stands still in the middle.
ROWS = 20_000
MOST_WRITES = 100_000


class Writer:
    """Somebody who writes without a pause.

    Attributes:
        person: Who.
        acknowledged: The version of each task, as the last answer about it said.
        sent: Titles of all that they tried to write.
    """

    def __init__(self, person: Person) -> None:
        self.person = person
        self.acknowledged: dict[str, int] = {}
        self.sent: set[str] = set()
        self._stop = Event()
        self._thread = Thread(target=self._run, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        self._thread.join()
        self.person.client.close()

    def _run(self) -> None:
        latest = ""
        for number in range(MOST_WRITES):
            if self._stop.is_set():
                return
            title = f"{self.person.subject} {number}"
            self.sent.add(title)
            latest = self._write(latest if number % 3 == 2 else "", title)

    def _write(self, changed: str, title: str) -> str:
        """Create a task, or change one; its id."""
        if changed:
            client = self.person.client
            task = client.patch(f"/api/tasks/{changed}", json={"title": title}).json()
        else:
            task = self.person.create(title)
        self.acknowledged[task["id"]] = task["version"]
        return str(task["id"])


@contextmanager
def writing(program: ServedProgram, issuer: Issuer) -> Iterator[list[Writer]]:
    """Four people who write; they have stopped in the end."""
    people = [Person(name, program, issuer) for name in ("alice", "bob", "charlie", "dora")]
    writers = [Writer(person) for person in people]
    with ExitStack() as stack:
        for writer in writers:
            writer.start()
            stack.callback(writer.stop)
        yield writers


def count(writers: list[Writer]) -> int:
    return sum(len(writer.acknowledged) for writer in writers)


def known(writers: list[Writer]) -> dict[str, int]:
    return {task: version for each in writers for task, version in [*each.acknowledged.items()]}


def prepare(live: PrivateCluster) -> None:
    """Rows of others, and the role that may dump."""
    live.execute(
        "insert into duly.spaces (id) select 'user-' || n from generate_series(1, 100) n",
        "insert into duly.tasks (space_id, id, title) select 'user-' || n % 100 + 1,"
        " overlay(gen_random_uuid()::text placing '7' from 15 for 1)::uuid,"
        f" gen_random_uuid()::text from generate_series(1, {ROWS}) n",
        "create role duly_backup login bypassrls",
        "grant pg_read_all_data to duly_backup",
        database="duly",
    )


def dump(program: ServedProgram, writers: list[Writer], url: str, into: Path) -> dict[str, int]:
    """Dump the database; it stands still in the middle until they have written more.

    Returns:
        What was acknowledged after the dump's moment, and before its end.
    """
    command = [
        str(embedded.programs() / "pg_dump"),
        "-Fc",
        "-d",
        make_conninfo(url, user="duly_backup"),
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as dumping, into.open("wb") as file:
        assert dumping.stdout is not None
        file.write(dumping.stdout.read(1))  # its moment has been, and it is not over
        before = known(writers)
        program.wait_for(lambda: count(writers) >= len(before) + 100 or None)
        assert dumping.poll() is None
        meanwhile = known(writers).items() - before.items()
        shutil.copyfileobj(dumping.stdout, file)
    assert dumping.returncode == 0
    return {task: version for task, version in meanwhile if task not in before}


def restore(dumped: Path, fresh: PrivateCluster, directory: Path) -> str:
    """Restore it into a database of another owner; its URL."""
    fresh.execute("create role other login createrole", "create database shop owner other")
    url = make_conninfo(fresh.url, user="other", dbname="shop")
    back = ("pg_restore", "--no-owner", "--no-acl", "--exit-on-error", "-d", url, str(dumped))
    subprocess.run([embedded.programs() / back[0], *back[1:]], check=True, timeout=120)
    for words in ("migrate", "doctor"):
        variables = {**bare_environment(), "DATABASE_URL": url}
        subprocess.run([DULY, words], env=variables, cwd=directory, check=True, timeout=120)
    return url


def test_a_dump_of_a_busy_database_comes_back_whole_elsewhere(
    settings: Settings, issuer: Issuer, tmp_path: Path
) -> None:
    dumped = tmp_path / "duly.dump"
    (tmp_path / "fresh").mkdir()
    with private_cluster() as live, private_cluster() as fresh:
        prepare(live)
        here = settings.model_copy(update={"database_url": SecretStr(live.url)})
        with programs.serve(here, tmp_path) as program, writing(program, issuer) as writers:
            program.wait_for(lambda: count(writers) >= 200 or None)
            before = known(writers)
            later = dump(program, writers, live.url, dumped)
        url = restore(dumped, fresh, tmp_path)

        assert migrate.current(url) == migrate.revisions()[-1]
        rows = fresh.execute(
            "select id::text, space_id, title, version from duly.tasks", database="shop"
        )
        versions = {task: version for task, _, _, version in rows}
        assert {task for task in before if versions.get(task, 0) < before[task]} == set()
        assert later.keys() & versions.keys() == set()  # of one moment
        sent = {writer.person.subject: writer.sent for writer in writers}
        theirs = [(owner, title) for _, owner, title, _ in rows if owner in sent]
        assert [title for owner, title in theirs if title not in sent[owner]] == []
        assert len(rows) - len(theirs) == ROWS

        there = settings.model_copy(update={"database_url": SecretStr(url)})
        with programs.serve(there, tmp_path / "fresh") as program:
            busiest, other, *_ = sorted(writers, key=lambda each: -len(each.acknowledged))
            own = [task for task in busiest.acknowledged if task in before][:20]
            with client(busiest, program) as owner, client(other, program) as stranger:
                check_apart(owner, stranger, busiest.person.subject, own)


def client(writer: Writer, program: ServedProgram) -> httpx2.Client:
    """The writer's, of another service."""
    headers = writer.person.client.headers
    return httpx2.Client(base_url=program.url, headers=headers, verify=NO_TLS, trust_env=False)


def check_apart(
    owner: httpx2.Client, stranger: httpx2.Client, subject: str, tasks: list[str]
) -> None:
    """What is restored is served, goes on, and is its owner's alone."""
    assert tasks
    for task in tasks:
        assert owner.get(f"/api/tasks/{task}").json()["user_id"] == subject
        assert stranger.get(f"/api/tasks/{task}").status_code == 404
    [newest] = owner.get("/api/tasks?limit=1").json()
    added = owner.post("/api/tasks", json={"title": "Buy milk"})
    assert added.status_code == 201
    assert added.json()["version"] > newest["version"]
