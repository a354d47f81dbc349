"""The peers in Python: one table of tasks, as `benchmarks/literal/models.py` declares it."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import ClassVar

from sqlalchemy import create_engine
from sqlmodel import SQLModel

from benchmarks.harness.calls import Call, Calls
from benchmarks.harness.cluster import task_rows
from benchmarks.harness.issuer import ORIGIN
from benchmarks.harness.people import Person, subject
from benchmarks.harness.places import program
from benchmarks.harness.systems.system import PEERS_PATH, System
from benchmarks.literal import models  # noqa: F401 - enters the table into the metadata

_COLUMNS = "id, user_id, title, description, completed, created_at, updated_at"
_RESTORE = (
    "truncate tasks",
    f"insert into tasks ({_COLUMNS}) select {_COLUMNS} from seed order by id",
    "vacuum analyze tasks",
)


class Plain(System):
    """A peer with a database of its own in the common cluster."""

    calls = Calls(
        list=Call("GET", "/api/tasks?limit=20"),
        get=Call("GET", "/api/tasks/{id}"),
        create=Call("POST", "/api/tasks", '{"title":"A new task","description":"Made under load"}'),
        update=Call("PATCH", "/api/tasks/{id}", '{"completed":true}'),
        delete=Call("DELETE", "/api/tasks/{id}"),
    )

    def prepare(self) -> None:
        cluster = self.stage.cluster
        cluster.make_database(self.name)
        engine = create_engine(cluster.url(self.name, driver="+psycopg"))
        SQLModel.metadata.create_all(engine)
        engine.dispose()
        cluster.execute(
            self.name,
            f"""insert into tasks (user_id, title, description, completed, created_at, updated_at)
                select user_id, title, description, done, at, at
                from ({task_rows(self.stage.size)}) rows""",
            "create table seed as table tasks",
            "vacuum analyze tasks",
        )

    def restore(self) -> None:
        self.stage.cluster.execute(self.name, *_RESTORE)

    def people(self) -> list[Person]:
        ids = self.stage.cluster.ids(self.name, "tasks")
        numbers = range(1, self.stage.size.users + 1)
        return [
            Person(n, subject(n), self.header(n), *map(tuple, ids[subject(n)])) for n in numbers
        ]

    def header(self, number: int) -> tuple[str, str]:
        """What says who is calling."""
        return "Authorization", f"Bearer {self.stage.issuer.token(number)}"


class Literal(Plain):
    """The plan to the letter."""

    name = "literal"
    title = "the plan to the letter: sync, SQLModel session, psycopg2, python-jose, uvicorn"
    needs = ("psycopg2", "jose", "uvicorn")

    def header(self, number: int) -> tuple[str, str]:
        return "Authorization", f"Bearer {self.stage.issuer.shared_secret_token(number)}"

    def command(self) -> Sequence[str | Path]:
        return self.uvicorn("benchmarks.literal.main:app")

    def environment(self) -> Mapping[str, str]:
        return PEERS_PATH | {
            "DATABASE_URL": self.stage.cluster.url(self.name, driver="+psycopg2"),
            "BETTER_AUTH_SECRET": self.stage.issuer.secret,
        }


class Idiom(Plain):
    """What most would write today."""

    name = "idiom"
    title = "the async idiom: async SQLModel session, asyncpg, PyJWT, uvicorn"
    needs = ("asyncpg", "uvicorn")

    def command(self) -> Sequence[str | Path]:
        return self.uvicorn("benchmarks.idiom:app")

    def environment(self) -> Mapping[str, str]:
        return PEERS_PATH | {
            "DATABASE_URL": self.stage.cluster.url(self.name, driver="+asyncpg"),
            "AUTH_JWKS_URL": self.stage.issuer.jwks_url,
            "AUTH_ISSUER": ORIGIN,
            "AUTH_AUDIENCE": ORIGIN,
        }


class BareAsyncpg(Plain):
    """No framework, no token, no isolation."""

    name = "bare-asyncpg"
    needs: ClassVar[Sequence[str]] = ("asyncpg", "granian")
    limit = True
    title = "bare ASGI + asyncpg pool, no framework, token or isolation (granian)"

    def prepare(self) -> None:
        super().prepare()
        newest = "create index tasks_newest on tasks (user_id, created_at desc)"
        self.stage.cluster.execute(self.name, newest, "vacuum analyze tasks")

    def header(self, number: int) -> tuple[str, str]:
        return "X-User", subject(number)

    def command(self) -> Sequence[str | Path]:
        return self.granian(program("granian"), "benchmarks.bare_asyncpg:app")

    def environment(self) -> Mapping[str, str]:
        return PEERS_PATH | {"DATABASE_URL": self.stage.cluster.url(self.name)}
