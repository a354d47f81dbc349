"""Keyset pages over a column that can be null: every row once, nulls last, in both directions."""

from collections.abc import AsyncIterator
from uuid import UUID

import psycopg
import pytest
from pydantic_core import from_json
from sqlmodel import col

from backend.core.ids import new_id
from backend.core.principal import Principal
from backend.database.connection.pool import Pool
from backend.database.operations import Operation
from backend.database.session import Session
from backend.database.statements import Statement
from backend.models import Task
from backend.services.tasks.ordering import Order
from backend.services.tasks.pages import page_of
from backend.services.users import KnownUsers

pytestmark = pytest.mark.anyio

# Descriptions, ties and nulls among them; ids break the ties.
TEXTS = [None, "b", "a", None, "b", "", None, "c", "a", "B"]
Seen = list[tuple[str | None, UUID]]


@pytest.fixture
async def db(database_url: str) -> AsyncIterator[Session]:
    """A user with a task for each of the texts."""
    subject = f"nulls-{new_id()}"
    with psycopg.connect(database_url) as connection:
        connection.execute("insert into duly.spaces (id) values (%s)", [subject])
        for text in TEXTS:
            connection.execute(
                "insert into duly.tasks (space_id, id, title, description)"
                " values (%s, %s, 'x', %s)",
                [subject, new_id(), text],
            )
    pool = Pool(database_url)
    await pool.start()
    yield Session(pool, Principal(subject, expires_at=0), KnownUsers())
    await pool.close()


async def page(db: Session, order: Order, limit: int, last: tuple[str | None, UUID] | None) -> Seen:
    """The next rows behind `last`."""
    conditions = [] if last is None else [order.after(null=last[0] is None)]
    value, last_id = last or (None, None)
    statement = Statement(*page_of(order, conditions))
    bound = statement.bind(limit=limit, last_value=value, last_id=last_id)
    [rows] = await db.run(Operation((bound,), lambda rows: rows))
    tasks = [from_json(row[0] or b"") for row in rows]
    return [(task["description"], UUID(task["id"])) for task in tasks]


def in_order(rows: Seen, *, descending: bool) -> Seen:
    """What the pages should be: nulls last, and among them the ids in the same direction."""
    some = sorted((row for row in rows if row[0] is not None), reverse=descending)
    none = sorted((row for row in rows if row[0] is None), key=lambda row: row[1])
    return some + (none[::-1] if descending else none)


@pytest.mark.parametrize("limit", [1, 2, 3, 7, 100])
@pytest.mark.parametrize("descending", [False, True])
async def test_every_row_comes_once_and_in_order(
    db: Session, limit: int, *, descending: bool
) -> None:
    order = Order.by("description", col(Task.description), nullable=True)
    if descending:
        order = order.reversed()
    seen: Seen = []
    while rows := await page(db, order, limit, seen[-1] if seen else None):
        seen += rows
    assert len(seen) == len(TEXTS)
    assert [text for text, _ in seen] == [text for text, _ in in_order(seen, descending=descending)]
    assert seen == in_order(seen, descending=descending)
