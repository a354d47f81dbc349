"""Bare ASGI over an asyncpg pool: no framework, no token, no isolation; JSON by PostgreSQL."""

import os
from typing import Any

import asyncpg

from benchmarks.bare_asgi import Bare
from benchmarks.bare_statements import CREATE, DELETE, GET, LIST, UPDATE


class BareAsyncpg(Bare):
    """What Python and asyncpg can do at most; only the WHERE clauses name the user."""

    pool: "asyncpg.Pool[asyncpg.Record]"

    async def open(self) -> None:
        self.pool = await asyncpg.create_pool(os.environ["DATABASE_URL"])

    async def close(self) -> None:
        await self.pool.close()

    async def list(self, user: str) -> bytes | None:
        return _bytes(await self.pool.fetchval(LIST, user))

    async def get(self, user: str, task: str) -> bytes | None:
        return _bytes(await self.pool.fetchval(GET, user, int(task)))

    async def create(self, user: str, body: dict[str, Any]) -> bytes | None:
        values = body["title"], body.get("description")
        return _bytes(await self.pool.fetchval(CREATE, user, *values))

    async def update(self, user: str, task: str, body: dict[str, Any]) -> bytes | None:
        values = body.get("title"), body.get("completed")
        return _bytes(await self.pool.fetchval(UPDATE, user, int(task), *values))

    async def delete(self, user: str, task: str) -> bytes | None:
        return _bytes(await self.pool.fetchval(DELETE, user, int(task)))


def _bytes(text: str | None) -> bytes | None:
    return text.encode() if text else None


app = BareAsyncpg()
