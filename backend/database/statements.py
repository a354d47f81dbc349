"""SQL joined from fragments that were compiled once, and the values that go with it.

This is the only place that compiles. A `Fragment` is made at import time; joining some of them to a
`Statement` takes microseconds, so every combination of filters, sorts and fields may be a statement
of its own.
"""

import re
from collections.abc import Iterator, Sequence
from datetime import date, datetime, time
from decimal import Decimal
from hashlib import blake2b
from itertools import count
from typing import Any, Final, NamedTuple
from uuid import UUID

from psycopg.abc import Buffer
from psycopg.adapt import PyFormat, Transformer
from sqlalchemy import ClauseElement
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.sql.elements import SQLCoreOperations

_DIALECT: Final = PGDialect_psycopg(paramstyle="numeric_dollar")  # type: ignore[no-untyped-call]
_HOLE: Final = re.compile(r"\$(\d+)")
# Without its schema a column is the same inside a query and in what a subquery of it gives.
_SCHEMA_OF_COLUMN: Final = re.compile(r"\bduly\.(?=\w+\.)")

Expression = ClauseElement | SQLCoreOperations[Any]
"""An expression of SQLModel or SQLAlchemy; `col(Task.title)` is one, too."""

Scalar = str | int | float | bool | Decimal | UUID | datetime | date | time
Value = Scalar | Sequence[Scalar | None] | None
"""What a parameter may be; a sequence (a list, not a tuple, which is a row) becomes an array."""

# psycopg's own encoding: complete, and in C.
_dump: Final = Transformer().dump_sequence
_unnamed: Final = count()


class Parameter(NamedTuple):
    """A place in a fragment for a value.

    Attributes:
        name: The keyword of `Statement.bind`.
        fixed: Whether the expression brought the value itself.
        value: That value.
    """

    name: str
    fixed: bool = False
    value: Any = None


class Fragment:
    """A piece of SQL, compiled once.

    Args:
        parts: Text, expressions of SQLModel or SQLAlchemy, other fragments: joined in this order.
            The `bindparam`s of expressions become keywords of `Statement.bind`.

    Attributes:
        pieces: Text, and the places for values between.
    """

    __slots__ = ("pieces",)

    def __init__(self, *parts: "Expression | Fragment | str") -> None:
        self.pieces: tuple[str | Parameter, ...] = tuple(
            piece for part in parts for piece in _pieces(part)
        )

    @classmethod
    def of(cls, *pieces: str | Parameter) -> "Fragment":
        """A fragment of what others consist of."""
        fragment = cls()
        fragment.pieces = pieces
        return fragment


class Where(NamedTuple):
    """The conditions of a statement, of which all must hold. Made by `backend.database.queries`."""

    conditions: tuple[Fragment, ...]

    @property
    def pieces(self) -> Iterator[str | Parameter]:
        """As those of a `Fragment`."""
        between = "\nWHERE "
        for condition in self.conditions:
            yield between
            yield from condition.pieces
            between = " AND "


Part = Fragment | Where | str


class Bound(NamedTuple):
    """A statement with its values, ready to send.

    Attributes:
        statement: What to run.
        values: One for each parameter, in PostgreSQL's text format; None is NULL.
    """

    statement: "Statement"
    values: Sequence[Buffer | None]


class Statement:
    """One SQL statement.

    Args:
        parts: What it is joined from. Parameters of one name are one parameter.

    Attributes:
        parts: The same.
        sql: The SQL with `$1`, `$2`, …
        name: Names the statement among a connection's prepared statements: equal SQL, equal name.
    """

    __slots__ = ("_fixed", "_formats", "_parameters", "name", "parts", "sql")

    def __init__(self, *parts: Part) -> None:
        text: list[str] = []
        places: dict[str, str] = {}
        self._fixed: dict[str, Any] = {}
        for part in parts:
            for piece in (part,) if isinstance(part, str) else part.pieces:
                if isinstance(piece, str):
                    text.append(piece)
                    continue
                if piece.fixed:
                    self._fixed[piece.name] = piece.value
                text.append(places.setdefault(piece.name, f"${len(places) + 1}"))
        self.parts = parts
        self._parameters = tuple(places)
        self._formats = [PyFormat.TEXT] * len(places)
        self.sql = "".join(text).encode()
        self.name = b"duly_" + blake2b(self.sql, digest_size=8).hexdigest().encode()

    def bind(self, **values: Value) -> Bound:
        """The statement with `values` for its named parameters; those without a place are ignored.

        Raises:
            KeyError: when a value is missing.
            psycopg.Error: for what PostgreSQL cannot take: NUL in a text, an unknown type.
            UnicodeEncodeError: for lone surrogates.
        """
        if self._fixed:
            values |= self._fixed
        given = [values[name] for name in self._parameters]
        return Bound(self, _dump(given, self._formats))


def _pieces(part: Expression | Fragment | str) -> Iterator[str | Parameter]:
    if isinstance(part, str):
        yield part
    elif isinstance(part, Fragment):
        yield from part.pieces
    else:
        yield from _compile(part)


def _compile(expression: Expression) -> Iterator[str | Parameter]:
    clause: Any = getattr(expression, "__clause_element__", lambda: expression)()
    compiled = clause.compile(dialect=_DIALECT)
    names: list[str] = getattr(compiled, "positiontup", None) or []
    binds = getattr(compiled, "binds", {})
    parameters = {name: _parameter(name, binds[name]) for name in names}
    text = _SCHEMA_OF_COLUMN.sub("", str(compiled))
    for place, piece in enumerate(_HOLE.split(text)):
        yield parameters[names[int(piece) - 1]] if place % 2 else piece


def _parameter(name: str, bind: Any) -> Parameter:
    if bind.required:
        return Parameter(name)
    # SQLAlchemy numbers such names from 1 in every expression.
    return Parameter(f"{name} {next(_unnamed)}", fixed=True, value=bind.effective_value)
