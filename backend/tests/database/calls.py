"""Calls that say who they are and what they see."""

import asyncio
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NamedTuple

import psycopg

from backend.database.connection.wire import Rows, WireOptions
from backend.database.isolation import read_prelude
from backend.database.statements import Bound, Fragment, Parameter, Statement, Value


def sql(command: str, **values: Value) -> Bound:
    """A statement written by hand, with `:name` parameters."""
    pieces = re.split(r"(?<!:):(\w+)", command)
    parts = [_parameter(each) if place % 2 else each for place, each in enumerate(pieces)]
    return Statement(*parts).bind(**values)


def _parameter(name: str) -> Fragment:
    fragment = Fragment()
    fragment.pieces = (Parameter(name),)
    return fragment


def as_user(user: str, *statements: Bound) -> list[Bound]:
    """A call of `user`."""
    return [prelude(user), *statements]


def prelude(user: str) -> Bound:
    """The prelude of a call of `user` in their own space."""
    return read_prelude(user, user)


def options(silence: float = 5.0, *, prepare: bool = True) -> WireOptions:
    """Options of a wire of which nobody wants to know when it retires."""
    return WireOptions(silence=silence, prepare=prepare, on_retire=lambda: None)


class Held(NamedTuple):
    """Statements that take as long as somebody holds a lock, whatever the prelude allows."""

    statements: list[Bound]
    holder: psycopg.Connection

    async def met(self) -> None:
        """Wait until PostgreSQL is at one of them."""
        await until(lambda: self.holder.execute(_WAITING).fetchone() != (0,))


@contextmanager
def held(url: str) -> Iterator[Held]:
    """Hold the lock."""
    unlimited = sql("select set_config('statement_timeout', '0', true)")
    with psycopg.connect(url) as holder:
        holder.execute("select pg_advisory_xact_lock(1)")
        yield Held([unlimited, sql("select pg_advisory_xact_lock_shared(1)")], holder)


def texts(rows: Rows) -> list[list[str | None]]:
    """Rows as text."""
    return [[None if value is None else value.decode() for value in row] for row in rows]


WHO = sql(
    "select coalesce(current_setting('app.user_id', true), ''), current_user::text,"
    " current_setting('role'), current_setting('statement_timeout')"
)
NOBODY = [["", "postgres", "none", "0"]]  # what `WHO` answers without a prelude
OWNERS = sql("select space_id from duly.tasks")


_WAITING = (
    "select count(*) from pg_locks l join pg_database d on d.oid = l.database"
    " where locktype = 'advisory' and not granted and datname = current_database()"
)
PATIENCE = 30.0  # seconds after which something hangs, however busy the machine


async def until(condition: Callable[[], bool]) -> None:
    """Wait until `condition` holds."""
    async with asyncio.timeout(PATIENCE):
        while not condition():  # noqa: ASYNC110 - most conditions here have no event
            await asyncio.sleep(0.005)
