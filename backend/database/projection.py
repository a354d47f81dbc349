"""The JSON that PostgreSQL builds, derived from the read schemas.

One source for the bytes and for the OpenAPI document: the fields of the pydantic class. A field
without a column of its name is an error at import time.
"""

from pydantic import BaseModel
from sqlalchemy import ColumnElement, Text, cast, func, literal_column
from sqlmodel import SQLModel


def json_object(schema: type[BaseModel], model: type[SQLModel]) -> ColumnElement[str]:
    """A SQL expression that gives one row of `model` as the JSON text of `schema`.

    Times come out in ISO 8601 with offset and microseconds, because PostgreSQL's JSON functions
    write them so.

    Raises:
        AttributeError: when `model` lacks a column that `schema` has as a field.
    """
    members: list[ColumnElement[object]] = []
    for name in schema.model_fields:
        members += [literal_column(f"'{name}'"), getattr(model, name)]
    return cast(func.json_build_object(*members), Text).label("json")
