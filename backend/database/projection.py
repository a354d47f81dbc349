"""The JSON that PostgreSQL builds, derived from the read schemas.

One source for the bytes and for the OpenAPI document: the fields of the pydantic class. A field
without a column of its name is an error at import time.
"""

from pydantic import BaseModel
from sqlalchemy import ColumnElement, Text, inspect, literal_column
from sqlmodel import SQLModel


def json_object(schema: type[BaseModel], model: type[SQLModel]) -> ColumnElement[str]:
    """A SQL expression that gives one row of `model` as the JSON text of `schema`.

    Times come out in ISO 8601 with offset and microseconds, because PostgreSQL's JSON functions
    write them so.

    Raises:
        KeyError: when `model` lacks a column that `schema` has as a field.
    """
    table = inspect(model).local_table
    columns = ", ".join(str(table.c[name]) for name in schema.model_fields)
    # A row of a subquery keeps the columns' names, at half the cost of `json_build_object`.
    row = f"row_to_json((select r from (select {columns}) r))::text"  # noqa: S608 - our columns
    return literal_column(row, Text).label("json")
