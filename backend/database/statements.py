"""SQLModel expressions compiled once to the SQL and the parameters that libpq takes.

This is the only place that compiles. Make a `Statement` at import time, or once per shape.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from hashlib import blake2b
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import ClauseElement
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg

_DIALECT = PGDialect_psycopg(paramstyle="numeric_dollar")  # type: ignore[no-untyped-call]

Value = str | int | bool | UUID | datetime | Sequence[int] | None


def _array(values: Sequence[int]) -> bytes:
    return b"{%s}" % ",".join(map(str, values)).encode()


_ENCODERS: dict[type, Callable[[Any], bytes | None]] = {
    str: str.encode,
    int: lambda value: b"%d" % value,
    bool: lambda value: b"t" if value else b"f",
    UUID: lambda value: str(value).encode(),
    datetime: lambda value: value.isoformat().encode(),
    tuple: _array,
    list: _array,
    type(None): lambda _value: None,  # SQL NULL
}


class Bound(NamedTuple):
    """A statement with its values, ready to send.

    Attributes:
        statement: What to run.
        values: One for each parameter, in PostgreSQL's text format; None is NULL.
    """

    statement: "Statement"
    values: list[bytes | None]


class Statement:
    """One compiled SQL statement.

    Args:
        expression: A SQLModel or SQLAlchemy expression; its named `bindparam`s become the
            keyword arguments of `bind`.

    Attributes:
        sql: The SQL with `$1`, `$2`, …
        name: Names the statement among a connection's prepared statements: equal SQL, equal name.
    """

    __slots__ = ("_fixed", "_parameters", "expression", "name", "sql")

    def __init__(self, expression: ClauseElement) -> None:
        compiled = expression.compile(dialect=_DIALECT)
        self.expression = expression
        self.sql = str(compiled).encode()
        self.name = b"duly_" + blake2b(self.sql, digest_size=8).hexdigest().encode()
        self._parameters: list[str] = getattr(compiled, "positiontup", None) or []
        binds = getattr(compiled, "binds", {})
        self._fixed: dict[str, Value] = {
            name: bind.effective_value for name, bind in binds.items() if not bind.required
        }

    def bind(self, **values: Value) -> Bound:
        """The statement with `values` for its named parameters.

        Raises:
            KeyError: when a value is missing.
        """
        return Bound(self, [_encode(values, self._fixed, name) for name in self._parameters])


def _encode(values: dict[str, Value], fixed: dict[str, Value], name: str) -> bytes | None:
    value = values[name] if name in values else fixed[name]
    return _ENCODERS[type(value)](value)
