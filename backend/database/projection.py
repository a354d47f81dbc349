"""The JSON that PostgreSQL builds: a projection says which field comes from which expression.

The read schemas are the source of the bytes and of the OpenAPI document alike. A field without a
column of its name, or an expression of its own, is an error at import time.
"""

from collections.abc import Mapping

from pydantic import BaseModel
from sqlalchemy import inspect
from sqlmodel import SQLModel

from backend.database.statements import Expression, Fragment

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

    Times come out in ISO 8601 with offset and microseconds, because PostgreSQL's JSON functions
    write them so.
    """
    parts = [part for name, each in fields.items() for part in (", ", each, f" AS {name}")]
    # A row of a subquery keeps the columns' names, at half the cost of `json_build_object`.
    return Fragment("row_to_json((SELECT r FROM (SELECT ", *parts[1:], ") r))::text")
