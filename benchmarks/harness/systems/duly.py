"""Duly itself, and the bare wire over Duly's own database."""

import runpy
import subprocess
from collections.abc import Mapping, Sequence
from os import pathsep
from pathlib import Path

from benchmarks.harness.calls import Call, Calls
from benchmarks.harness.cluster import task_rows
from benchmarks.harness.issuer import ORIGIN
from benchmarks.harness.people import Person, Size, subject
from benchmarks.harness.places import ROOT
from benchmarks.harness.systems.system import System

OWNER = "duly_owner"
"""The login role: owner of the database, not a superuser."""

_TASK = "id, title, description, completed_at, created_at, updated_at, version"
_USER = "subject, email, name, claims_issued_at"
INBOXES = """insert into duly.lists (space_id, id, name)
    select id, duly.inbox_of(id), 'Inbox' from duly.spaces on conflict do nothing"""
RESTORE = (
    # Triggers number every write; the seed carries its numbers already.
    "set session_replication_role = replica",
    "truncate duly.users, duly.spaces, duly.history cascade",
    # A late request of the load before may have introduced its user again.
    f"insert into duly.users ({_USER}) select {_USER} from bench.users on conflict do nothing",
    """insert into duly.spaces (id, last_version) select subject, last_version from bench.users
        on conflict (id) do update set last_version = excluded.last_version""",
    INBOXES,  # a trigger's work, which is off
    f"""insert into duly.tasks (space_id, {_TASK})
        select user_id, {_TASK} from bench.tasks order by created_at""",
    "vacuum analyze duly.tasks, duly.spaces, duly.users",
)


def _seed(size: Size) -> tuple[str, ...]:
    rows = task_rows(size)
    return (
        "create schema bench",
        f"""create table bench.tasks as
            select user_id, uuidv7(at - clock_timestamp()) as id, title, description,
                case when done then at end as completed_at, at as created_at, at as updated_at,
                task::bigint as version
            from ({rows}) rows""",
        f"""create table bench.users as
            select distinct user_id as subject, format('user%s@example.com', number) as email,
                format('User %s', number) as name, 0::bigint as claims_issued_at,
                {size.tasks}::bigint as last_version
            from ({rows}) rows""",
    )


class Duly(System):
    """As in production: verification, isolation, limits, deadline, logs, metrics."""

    name = "duly"
    title = "all on: verification, isolation, limits, deadline, logs, metrics"
    health = "/readyz"
    calls = Calls(
        list=Call("GET", "/api/tasks?limit=20"),
        get=Call("GET", "/api/tasks/{id}"),
        create=Call("POST", "/api/tasks", '{"title":"A new task","description":"Made under load"}'),
        update=Call("PATCH", "/api/tasks/{id}", '{"completed":true}'),
        delete=Call("DELETE", "/api/tasks/{id}"),
    )

    @property
    def programs(self) -> Path:
        """The folder of its programs."""
        return self.stage.duly

    @property
    def source(self) -> Path:
        """The folder that it is imported from."""
        return self.stage.source

    def prepare(self) -> None:
        cluster = self.stage.cluster
        cluster.make_role(OWNER)
        cluster.make_database(self.name, owner=OWNER)
        self._migrate()
        cluster.execute(self.name, *_seed(self.stage.size))
        self.restore()

    def restore(self) -> None:
        self.stage.cluster.execute(self.name, *RESTORE)

    def people(self) -> list[Person]:
        ids = self.stage.cluster.ids(self.name, "bench.tasks")
        numbers = range(1, self.stage.size.users + 1)
        return [
            Person(n, subject(n), self.header(n), *map(tuple, ids[subject(n)])) for n in numbers
        ]

    def header(self, number: int) -> tuple[str, str]:
        """What says who is calling."""
        return "Authorization", f"Bearer {self.stage.issuer.token(number)}"

    def command(self) -> Sequence[str | Path]:
        return (self.programs / "duly", "serve")

    def environment(self) -> Mapping[str, str]:
        return {
            "ENVIRONMENT": "production",
            "DATABASE_URL": self.stage.cluster.url(self.name, user=OWNER),
            "AUTH_JWKS_URL": self.stage.issuer.jwks_url,
            "AUTH_ISSUER": ORIGIN,
            "AUTH_AUDIENCE": ORIGIN,
            "PORT": str(self.port),
            # Asked as in production, and never reached.
            "RATE_LIMIT": "1000000000/minute",
            "MAX_TASKS_PER_USER": "1000000000",
            "WORKERS": str(self.stage.workers),
            "PYTHONPATH": str(self.source),
        }

    def _migrate(self) -> None:
        subprocess.run(
            [self.programs / "duly", "migrate"],
            check=True,
            capture_output=True,
            env=self.environment(),
            cwd=self.stage.directory,
        )


class Before(Duly):
    """Duly in another state, to compare with in one run: the checkout that `--before` names."""

    name = "before"
    title = "Duly as it was before, all on"

    @property
    def programs(self) -> Path:
        return self._checkout / ".venv" / "bin"

    @property
    def source(self) -> Path:
        return self._checkout

    def restore(self) -> None:
        """As that state does it, whose tables may be others."""
        file = self._checkout / "benchmarks" / "harness" / "systems" / "duly.py"
        then = runpy.run_path(str(file))
        self.stage.cluster.execute(self.name, *(then.get("RESTORE") or then["_RESTORE"]))

    @property
    def _checkout(self) -> Path:
        if self.stage.before is None:
            raise SystemExit("the system `before` is a checkout: name it with --before FOLDER")
        return self.stage.before


class BareWire(Duly):
    """The limit: the wire and its prelude over Duly's data, nothing around it."""

    name = "bare-wire"
    limit = True
    title = "bare ASGI + Duly's wire, isolation, no framework or token: the limit"
    health = "/health"

    def command(self) -> Sequence[str | Path]:
        return (self.programs / "python", "-m", "benchmarks.bare_wire")

    def environment(self) -> Mapping[str, str]:
        return {**super().environment(), "PYTHONPATH": f"{self.stage.source}{pathsep}{ROOT}"}

    def header(self, number: int) -> tuple[str, str]:
        return "X-User", subject(number)
