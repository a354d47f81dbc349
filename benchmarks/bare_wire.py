"""Bare ASGI over Duly's wire: isolation, but no framework, token, validation or log: the limit.

Runs in Duly's own environment, with Duly's own server, pools, prelude, projection and pages.
"""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Any
from uuid import UUID

from sqlalchemy import Boolean, Text, Uuid, bindparam, case, func
from starlette.types import ASGIApp

from backend.core.ids import new_id
from backend.database.connection.pools import Pools
from backend.database.connection.wire import Rows
from backend.database.isolation import read_prelude, write_prelude
from backend.database.queries import insert, select, update
from backend.database.statements import Bound, Fragment, Statement
from backend.models import Task
from backend.services.tasks.filters import IS_LIVE
from backend.services.tasks.ordering import ORDERS
from backend.services.tasks.pages import page_of
from backend.services.tasks.shape import HAS_ID, JSON
from backend.serving.connections import Timers
from backend.serving.listener import claim
from backend.serving.supervisor import supervise
from backend.serving.worker import WorkerOptions, work
from benchmarks.bare_asgi import Bare

_ROOM = 4_096
"""Connections of a worker, as Duly has it."""

LIST = Statement(*page_of(ORDERS["-created"].stretches(), (IS_LIVE,)))
GET = Statement(*select(JSON, Task, HAS_ID, IS_LIVE))
CREATE = Statement(
    *insert(
        Task,
        {
            "id": Fragment(bindparam("id", type_=Uuid)),
            "title": Fragment(bindparam("title", type_=Text)),
            "description": Fragment(bindparam("description", type_=Text)),
        },
        returning=JSON,
    )
)
_TICK = Fragment(case((bindparam("completed", type_=Boolean), func.now())))
UPDATE = Statement(*update(Task, {"completed_at": _TICK}, HAS_ID, IS_LIVE, returning=JSON))
_NOW = Fragment("now()")
DELETE = Statement(*update(Task, {"deleted_at": _NOW}, HAS_ID, IS_LIVE, returning=JSON))


class BareWire(Bare):
    """What Python can do at most with isolation."""

    pools: Pools

    async def open(self) -> None:
        self.pools = Pools(os.environ["DATABASE_URL"])
        await self.pools.start()

    async def close(self) -> None:
        await self.pools.close()

    async def list(self, user: str) -> bytes | None:
        rows = await self._call(user, LIST.bind(limit=20), read_only=True)
        return b"[%s]" % b",".join([row[0] or b"" for row in rows])

    async def get(self, user: str, task: str) -> bytes | None:
        return _only(await self._call(user, GET.bind(id=UUID(task)), read_only=True))

    async def create(self, user: str, body: dict[str, Any]) -> bytes | None:
        values = {"title": body["title"], "description": body.get("description")}
        return _only(await self._call(user, CREATE.bind(id=new_id(), **values)))

    async def update(self, user: str, task: str, body: dict[str, Any]) -> bytes | None:
        change = UPDATE.bind(id=UUID(task), completed=body["completed"])
        return _only(await self._call(user, change))

    async def delete(self, user: str, task: str) -> bytes | None:
        return _only(await self._call(user, DELETE.bind(id=UUID(task))))

    async def _call(self, user: str, work: Bound, *, read_only: bool = False) -> Rows:
        prelude = read_prelude(user, user) if read_only else write_prelude(user, user, "")
        _, rows = await self.pools.call([prelude, work], read_only=read_only)
        return rows


def _only(rows: Rows) -> bytes | None:
    return rows[0][0] if rows else None


@asynccontextmanager
async def opened() -> AsyncIterator[ASGIApp]:
    """The application, with its connections."""
    app = BareWire()
    await app.open()
    try:
        yield app
    finally:
        await app.close()


def serve() -> None:
    """Run the application as Duly's server runs Duly's."""
    options = WorkerOptions(Timers(head=5, idle=75, write=15), _ROOM)
    [port] = claim("127.0.0.1", int(os.environ["PORT"]), "PORT")
    works = [partial(work, opened, options, [port])] * int(os.environ["WORKERS"])
    supervise(works, 10, on_ready=lambda: None, on_stop=port.close)


if __name__ == "__main__":
    serve()
