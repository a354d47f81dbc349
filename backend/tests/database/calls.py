"""Calls that say who they are and what they see."""

import asyncio
from collections.abc import Callable

from sqlalchemy import text

from backend.database.connection.wire import Rows, WireOptions
from backend.database.isolation import prelude
from backend.database.statements import Bound, Statement, Value


def sql(command: str, **values: Value) -> Bound:
    """A statement written by hand, with `:name` parameters."""
    return Statement(text(command)).bind(**values)


def as_user(user: str, *statements: Bound) -> list[Bound]:
    """A call of `user`."""
    return [prelude(user), *statements]


def options(silence: float = 5.0, depth: int = 10_000, *, prepare: bool = True) -> WireOptions:
    """Options of a wire of which nobody wants to know when it retires."""
    return WireOptions(silence=silence, depth=depth, prepare=prepare, on_retire=lambda: None)


def texts(rows: Rows) -> list[list[str | None]]:
    """Rows as text."""
    return [[None if value is None else value.decode() for value in row] for row in rows]


WHO = sql(
    "select coalesce(current_setting('app.user_id', true), ''), current_user::text,"
    " current_setting('role'), current_setting('statement_timeout')"
)
NOBODY = [["", "postgres", "none", "0"]]  # what `WHO` answers without a prelude
OWNERS = sql("select user_id from duly.tasks")


async def until(condition: Callable[[], bool], seconds: float = 5) -> None:
    """Wait until `condition` holds."""
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 - most conditions here have no event
            await asyncio.sleep(0.005)
