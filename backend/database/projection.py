"""The JSON that PostgreSQL builds: a projection says which field comes from which expression.

The read schemas are the source of the bytes and of the OpenAPI document alike. A field without a
column of its name, or an expression of its own, is an error at import time.
"""

from collections.abc import Mapping
from functools import cache
from typing import Final

from pydantic import BaseModel
from sqlalchemy import Boolean, DateTime, Integer, Uuid, inspect
from sqlalchemy.sql.elements import TextClause
from sqlmodel import SQLModel

from backend.database.statements import Expression, Fragment, Part
from backend.models.domains import PLAIN, base_type

_INSTANT: Final = 'YYYY-MM-DD"T"HH24:MI:SS.US"+00:00"'

Projection = Mapping[str, Expression | str]
"""Each field of an object, and what gives it: the expression of its value; of its JSON, which is
how `text()` is taken, and not null; or the JSON itself, without apostrophes.
"""


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
    """SQL that gives a row as the JSON text of an object of at most 49 members.

    Joined from pieces, because PostgreSQL's JSON functions look up the type of each member anew for
    each row, which takes half of their time. Points in time come out in ISO 8601 as UTC, which is
    the prelude's time zone, with six digits of a second: those functions leave zeros at the end
    out, and strict clients stumble.
    """
    parts: list[Fragment | str] = []
    text = "{"
    for name, each in fields.items():
        text += f'"{name}":'
        if isinstance(each, str):
            text += f"{each},"
            continue
        quote, shown = _shown(each)
        parts += [f"'{text}{quote}', ", shown, ", "]
        text = f"{quote},"
    return Fragment("concat(", *parts, f"'{text[:-1]}}}')")


def json_object_from(fields: Projection, source: tuple[Part, ...]) -> tuple[Part, ...]:
    """As `json_object`, of a row and of what belongs to it.

    Args:
        fields: Their expressions may name columns of the row, and of the source.
        source: What follows the expressions: `FROM`, a query of one row and its name.
    """
    return "(SELECT ", json_object(fields), *source, ")"


@cache
def _shown(expression: Expression) -> tuple[str, Fragment]:
    """The quotes that a value needs, and its text; what may be null comes as JSON."""
    shown = Fragment(expression)
    if isinstance(expression, TextClause):
        return "", shown
    domain = getattr(expression, "type", None)
    type_ = base_type(domain)
    if isinstance(type_, DateTime):
        shown = Fragment("to_char(", shown, f", '{_INSTANT}')")
    if getattr(expression, "nullable", True):
        return "", Fragment("coalesce(to_json(", shown, "), 'null')")
    if isinstance(type_, DateTime | Uuid) or domain in PLAIN:
        return '"', shown
    if isinstance(type_, Boolean):
        return "", Fragment("CASE WHEN ", shown, " THEN 'true' ELSE 'false' END")
    return "", shown if isinstance(type_, Integer) else Fragment("to_json(", shown, ")")
