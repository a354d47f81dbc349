"""Bare ASGI over Duly's wire: isolation, but no framework, token, validation or log: the limit.

Runs in Duly's own environment, with Duly's own pools, prelude and projection.
"""

import os
from typing import Any
from uuid import UUID

from sqlalchemy import Boolean, Text, Uuid, bindparam, case, func, insert, literal_column, update
from sqlmodel import col, select

from backend.core.ids import new_id
from backend.database.connection.pools import Pools
from backend.database.isolation import prelude
from backend.database.statements import Bound, Statement
from backend.models import Task
from backend.services.tasks.writes import IS_LIVE, JSON
from benchmarks.bare_asgi import Bare

_HAS_ID = col(Task.id) == bindparam("id", type_=Uuid)
_PAGE = (
    select(JSON)
    .select_from(Task)
    .where(IS_LIVE)
    .order_by(col(Task.created_at).desc(), col(Task.id).desc())
    .limit(literal_column("20"))
    .subquery()
)
_ARRAY = func.concat("[", func.string_agg(_PAGE.c.json, ","), "]")
LIST = Statement(select(_ARRAY))
GET = Statement(select(JSON).where(_HAS_ID, IS_LIVE))
CREATE = Statement(
    insert(Task)
    .values(
        id=bindparam("id", type_=Uuid),
        title=bindparam("title", type_=Text),
        description=bindparam("description", type_=Text),
    )
    .returning(JSON)
)
UPDATE = Statement(
    update(Task)
    .where(_HAS_ID, IS_LIVE)
    .values(completed_at=case((bindparam("completed", type_=Boolean), func.now())))
    .returning(JSON)
)
DELETE = Statement(
    update(Task).where(_HAS_ID, IS_LIVE).values(deleted_at=func.now()).returning(JSON)
)


class BareWire(Bare):
    """What Python can do at most with isolation."""

    pools: Pools

    async def open(self) -> None:
        self.pools = Pools(os.environ["DATABASE_URL"])
        await self.pools.start()

    async def close(self) -> None:
        await self.pools.close()

    async def list(self, user: str) -> bytes | None:
        return await self._call(user, LIST.bind(), read_only=True)

    async def get(self, user: str, task: str) -> bytes | None:
        return await self._call(user, GET.bind(id=UUID(task)), read_only=True)

    async def create(self, user: str, body: dict[str, Any]) -> bytes | None:
        values = {"title": body["title"], "description": body.get("description")}
        return await self._call(user, CREATE.bind(id=new_id(), **values))

    async def update(self, user: str, task: str, body: dict[str, Any]) -> bytes | None:
        change = UPDATE.bind(id=UUID(task), completed=body["completed"])
        return await self._call(user, change)

    async def delete(self, user: str, task: str) -> bytes | None:
        return await self._call(user, DELETE.bind(id=UUID(task)))

    async def _call(self, user: str, work: Bound, *, read_only: bool = False) -> bytes | None:
        _, rows = await self.pools.call([prelude(user), work], read_only=read_only)
        return rows[0][0] if rows else None


app = BareWire()
