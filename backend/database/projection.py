"""The JSON that PostgreSQL builds: a projection says which field comes from which expression.

The read schemas are the source of the bytes and of the OpenAPI document alike. A field without a
column of its name, or an expression of its own, is an error at import time.
"""

from collections.abc import Mapping
from typing import Final

from pydantic import BaseModel
from sqlalchemy import DateTime, inspect
from sqlmodel import SQLModel

from backend.database.statements import Expression, Fragment, Part
from backend.models.domains import base_type

_INSTANT: Final = 'YYYY-MM-DD"T"HH24:MI:SS.US"+00:00"'

_END: Final = ") r))::text"

Projection = Mapping[str, Expression]
"""Each field of an object, and the expression that gives it."""


def projection(
    schema: type[BaseModel], model: type[SQLModel], **expressions: Expression
) -> Projection:
    """Where the fields of `schema` come from.

    Args:
        schema: The object as clients get it.
        model: The table whose row it shows: a field is the column of its name.
        expressions: Those of the other fields.

    Raises:
        KeyError: when a field has neither, or an expression is of no field.
    """
    if unknown := expressions.keys() - schema.model_fields:
        raise KeyError(f"{schema.__name__} has no field {', '.join(unknown)}")
    columns = inspect(model).local_table.c
    return {
        name: expressions[name] if name in expressions else columns[name]
        for name in schema.model_fields
    }


def json_object(fields: Projection) -> Fragment:
    """SQL that gives a row as the JSON text of an object.

    Points in time come out in ISO 8601 as UTC, which is the prelude's time zone, with six digits of
    a second: PostgreSQL's JSON functions leave zeros at the end out, and strict clients stumble.
    """
    return Fragment(_object(fields), _END)


def json_object_from(fields: Projection, source: tuple[Part, ...]) -> tuple[Part, ...]:
    """As `json_object`, of a row and of what belongs to it.

    Args:
        fields: Their expressions may name columns of the row, and of the source.
        source: What follows the expressions: `FROM`, a query of one row and its name.
    """
    return _object(fields), *source, _END


def _object(fields: Projection) -> Fragment:
    parts = [part for name, each in fields.items() for part in (", ", _shown(each), f" AS {name}")]
    # A row of a subquery keeps the columns' names, at half the cost of `json_build_object`.
    return Fragment("row_to_json((SELECT r FROM (SELECT ", *parts[1:])


def _shown(expression: Expression) -> Fragment:
    """The expression, or the text of a point in time."""
    if not isinstance(base_type(getattr(expression, "type", None)), DateTime):
        return Fragment(expression)
    return Fragment("to_char(", expression, f", '{_INSTANT}')")
