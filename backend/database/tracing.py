"""A span for each call to PostgreSQL that a traced request makes."""

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

from opentelemetry import trace

from backend.core.problems import Problem
from backend.core.pseudonyms import pseudonym
from backend.database.connection.call import Rows, Tag
from backend.database.connection.pool import PoolOptions
from backend.database.connection.pools import Pools
from backend.database.statements import Bound

_CHANGE: Final = re.compile(rb"\b(INSERT|UPDATE|DELETE)\b")
# The space is asked for its state along with others.
_TABLE: Final = re.compile(rb"\b(?:FROM|INTO|UPDATE) (duly\.(?!spaces\b)\w+)")


class TracedPools(Pools):
    """`Pools` whose calls are spans, from the moment in which they wait for a turn.

    A span names no value and no user but by pseudonym, and says nothing of what went wrong but the
    problem's code: PostgreSQL's messages may hold content. Names follow OpenTelemetry's semantic
    conventions for databases.
    """

    def __init__(self, conninfo: str, options: PoolOptions | None = None) -> None:
        super().__init__(conninfo, options)
        self._tracer = trace.get_tracer("duly.database")

    async def call(
        self,
        statements: Sequence[Bound],
        *,
        read_only: bool,
        tag: Tag | None = None,
        is_once: bool = False,
    ) -> list[Rows]:
        """As `Pools.call`."""
        calling = super().call(statements, read_only=read_only, tag=tag, is_once=is_once)
        if tag is None or not trace.get_current_span().is_recording():
            return await calling
        summary = _summary(next(each.sql for each, _ in statements if each.name == tag[1]))
        with self._tracer.start_as_current_span(
            summary,
            kind=trace.SpanKind.CLIENT,
            attributes={
                "db.system.name": "postgresql",
                "db.query.summary": summary,
                "db.operation.batch.size": len(statements),
                "user.hash": pseudonym(tag[0]),
            },
            record_exception=False,
            set_status_on_exception=False,
        ) as span:
            try:
                return await calling
            except Problem as problem:
                span.set_attribute("error.type", problem.code)
                span.set_status(trace.StatusCode.ERROR)
                raise


@lru_cache(maxsize=1_024)
def _summary(sql: bytes) -> str:
    """What a statement does, and to which table."""
    change, table = _CHANGE.search(sql), _TABLE.search(sql)
    verb = change[0] if change else b"SELECT"
    return b" ".join([verb, *([table[1]] if table else [])]).decode()
