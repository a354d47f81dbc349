"""Rows that go for good, or to another space, some at a time."""

from typing import Final

from sqlmodel import col

from backend.database.queries import Parts, delete
from backend.database.statements import Fragment
from backend.models import List, Task

BY_INDEX: Final = "set_config('enable_seqscan', 'off', true)"
"""SQL, before rows go: for each, PostgreSQL looks for what names it, by a plan that a connection
makes once. Made while the table is small, it would read all of it for each row later."""


def delete_batch(ids: Parts, returning: str, model: type[List | Task] = Task) -> Parts:
    """The `WITH` of a statement that deletes tasks; what it has of them is `gone`.

    Args:
        ids: A query for their ids.
        returning: Which of their columns `gone` has.
        model: What they are, if not tasks.
    """
    return (
        *("WITH batch AS (", *ids, "), gone AS (\n"),
        *delete(model, Fragment(col(model.id), " = ANY (ARRAY(SELECT batch.id FROM batch))")),
        f"\nRETURNING {returning})\n",
    )
