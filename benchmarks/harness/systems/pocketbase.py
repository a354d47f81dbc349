"""PocketBase: one Go program with SQLite inside, owner rules and tokens of its own."""

import json
import sqlite3
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from benchmarks.harness.calls import Call, Calls, send
from benchmarks.harness.people import DESCRIPTION, Person, title
from benchmarks.harness.places import HOST, program
from benchmarks.harness.systems.system import OK, System

_ADMIN = {"identity": "bench@example.com", "password": "benchmark-only"}
_RECORDS = "/api/collections/tasks/records"
_OWN = "owner = @request.auth.id"
_TASKS = {
    "name": "tasks",
    "type": "base",
    "listRule": _OWN,
    "viewRule": _OWN,
    "createRule": '@request.auth.id != "" && @request.body.owner = @request.auth.id',
    "updateRule": _OWN,
    "deleteRule": _OWN,
    "fields": [
        {
            "name": "owner",
            "type": "relation",
            "collectionId": "_pb_users_auth_",
            "maxSelect": 1,
            "required": True,
        },
        {"name": "title", "type": "text", "required": True, "max": 500},
        {"name": "description", "type": "text", "max": 16384},
        {"name": "completed", "type": "bool"},
        {"name": "created", "type": "autodate", "onCreate": True},
        {"name": "updated", "type": "autodate", "onCreate": True, "onUpdate": True},
    ],
    "indexes": ["create index tasks_newest on tasks (owner, created desc)"],
}
_FILL = "insert into tasks (id, owner, title, description, completed, created, updated)"


class PocketBase(System):
    """Has the same data in its SQLite, and does not wait for the disk on a commit."""

    name = "pocketbase"
    title = "Go, SQLite inside"
    needs = ("pocketbase",)
    health = "/api/health"
    calls = Calls(
        # `skipTotal` spares it the count that the others do not make either.
        list=Call("GET", f"{_RECORDS}?perPage=20&sort=-created&skipTotal=1"),
        get=Call("GET", f"{_RECORDS}/{{id}}"),
        create=Call(
            "POST",
            _RECORDS,
            '{"owner":"{user}","title":"A new task","description":"Made under load"}',
        ),
        update=Call("PATCH", f"{_RECORDS}/{{id}}", '{"completed":true}'),
        delete=Call("DELETE", f"{_RECORDS}/{{id}}"),
    )

    def prepare(self) -> None:
        upsert = ("superuser", "upsert", *_ADMIN.values(), "--dir", str(self._data))
        subprocess.run([program("pocketbase"), *upsert], check=True, capture_output=True)
        self.start()
        try:
            self._ask("/api/collections", _TASKS)
            self._fill_users()
            self.restore()
        finally:
            self.stop()

    def restore(self) -> None:
        size = self.stage.size
        numbers = range(1, size.users + 1)
        with closing(self._sqlite()) as database, database:
            database.execute("delete from tasks")
            database.executemany(
                f"{_FILL} values (?, ?, ?, ?, ?, ?, ?)",
                (_row(n, task) for task in range(1, size.tasks + 1) for n in numbers),
            )
        with closing(self._sqlite()) as database:
            database.execute("analyze")
            database.execute("pragma wal_checkpoint(truncate)")

    def people(self) -> list[Person]:
        size = self.stage.size
        recent = range(size.tasks, 0, -1)[:5]
        old = range(20, 0, -1)
        return [
            Person(
                n,
                _user(n),
                ("Authorization", self._token(n)),
                tuple(_task(n, task) for task in recent),
                tuple(_task(n, task) for task in old),
            )
            for n in range(1, size.users + 1)
        ]

    def command(self) -> Sequence[str | Path]:
        address = ("--http", f"{HOST}:{self.port}")
        return (program("pocketbase"), "serve", *address, "--dir", self._data)

    def environment(self) -> Mapping[str, str]:
        return {}

    @property
    def _data(self) -> Path:
        return self.stage.directory / "pocketbase"

    def _sqlite(self) -> sqlite3.Connection:
        return sqlite3.connect(self._data / "data.db", timeout=30)

    def _fill_users(self) -> None:
        with closing(self._sqlite()) as database, database:
            database.executemany(
                """insert into users (id, email, password, tokenKey, verified, created, updated)
                   values (?, ?, '-', ?, true, ?, ?)""",
                (
                    (_user(n), f"user{n}@example.com", f"{n:050d}", _at(n, 1), _at(n, 1))
                    for n in range(1, self.stage.size.users + 1)
                ),
            )

    def _token(self, number: int) -> str:
        """A token that PocketBase itself issues for the user."""
        path = f"/api/collections/users/impersonate/{_user(number)}"
        token: str = self._ask(path, {"duration": 14_400})["token"]
        return token

    def _ask(self, path: str, body: object) -> Any:
        return _post(self.port, path, body, self._admin())

    def _admin(self) -> Person:
        login = "/api/collections/_superusers/auth-with-password"
        if not hasattr(self, "_administrator"):
            token = _post(self.port, login, _ADMIN)["token"]
            self._administrator = Person(0, "", ("Authorization", token), (), ())
        return self._administrator


def _post(port: int, path: str, body: object, person: Person | None = None) -> Any:
    status, answer = send(port, Call("POST", path, json.dumps(body)), person)
    if status != OK:
        raise RuntimeError(f"PocketBase answered {status} to {path}: {answer}")
    return answer


def _user(number: int) -> str:
    return f"u{number:014d}"


def _task(number: int, task: int) -> str:
    return f"t{number:07d}{task:07d}"


def _at(number: int, task: int) -> str:
    """The hour of the task, from 2026 on."""
    day, hour = divmod(task, 24)
    month, day = divmod(day, 28)
    minute, second = divmod(number // 10 % 3600, 60)
    year, month = divmod(month, 12)
    return f"{2020 + year}-{month + 1:02}-{day + 1:02} {hour:02}:{minute:02}:{second:02}.000Z"


def _row(number: int, task: int) -> tuple[object, ...]:
    at = _at(number, task)
    done = task % 3 == 0
    return _task(number, task), _user(number), title(number, task), DESCRIPTION, done, at, at
