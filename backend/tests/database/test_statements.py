"""Expressions become SQL once; values never become part of it."""

import json
import timeit
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any
from uuid import UUID

import psycopg
import pytest
from sqlalchemy import (
    BigInteger,
    Boolean,
    Date,
    DateTime,
    Double,
    Numeric,
    Text,
    Time,
    Uuid,
    bindparam,
    cast,
    func,
    literal,
    select,
)
from sqlalchemy.dialects.postgresql import ARRAY

from backend.database.connection.wire import Wire
from backend.database.statements import Fragment, Statement
from backend.services.tasks.pages import _select
from backend.tests.database.calls import options, texts

ID = UUID("018f0000-0000-7000-8000-000000000001")
NOON = datetime(2026, 1, 2, 12, 0, 0, 123_456, UTC)
HOSTILE = "'; drop table duly.tasks; -- $1 %s :name \\ \" \N{PILE OF POO}"


def _statement(expression: Any) -> Statement:
    return Statement(Fragment(expression))


@pytest.mark.parametrize(
    ("kind", "value", "shown"),
    [
        (Text, HOSTILE, HOSTILE),
        (Text, "", ""),
        (Text, None, None),
        (BigInteger, 2**63 - 1, str(2**63 - 1)),
        (BigInteger, -5, "-5"),
        (Boolean, True, "true"),
        (Boolean, False, "false"),
        (Uuid, ID, str(ID)),
        (DateTime(timezone=True), NOON, "2026-01-02 12:00:00.123456+00"),
        (ARRAY(BigInteger), [1, 2, 3], "{1,2,3}"),
        (ARRAY(BigInteger), [], "{}"),
        (Date, date(2026, 1, 2), "2026-01-02"),
        (Time, time(9, 30), "09:30:00"),
        (Double, 1.5, "1.5"),
        (Double, float("inf"), "Infinity"),
        (Numeric, Decimal("1.10"), "1.10"),
    ],
)
@pytest.mark.anyio
async def test_values_arrive_as_they_were(
    database_url: str, kind: Any, value: Any, shown: str | None
) -> None:
    statement = _statement(select(cast(cast(bindparam("value", type_=kind), kind), Text)))
    wire = await Wire.connect(f"{database_url}&options=-ctimezone%3DUTC", options())
    [rows] = await wire.send([statement.bind(value=value)])
    wire.close()
    assert texts(rows) == [[shown]]


@pytest.mark.parametrize(
    "texts_given",
    [["a,b"], ['say "x"', "", None, "NULL"], ["{}", "\\", " "], [HOSTILE], [None], []],
)
@pytest.mark.anyio
async def test_a_list_of_texts_keeps_each_text_as_it_is(
    database_url: str, texts_given: list[str | None]
) -> None:
    statement = _statement(select(func.to_json(bindparam("value", type_=ARRAY(Text)))))
    wire = await Wire.connect(database_url, options())
    [[(answer,)]] = await wire.send([statement.bind(value=texts_given)])
    wire.close()
    assert json.loads(answer or b"") == texts_given


def test_equal_sql_has_an_equal_name_and_other_sql_another() -> None:
    one, same = _statement(select(literal(1))), _statement(select(literal(2)))
    other = _statement(select(literal(1), literal(2)))
    assert one.sql == same.sql
    assert one.name == same.name != other.name
    assert len(other.name) < 64  # what PostgreSQL keeps of a name


def test_values_that_the_expression_brings_are_parameters_too() -> None:
    statement = _statement(select(literal(HOSTILE)))
    assert b"drop" not in statement.sql
    assert statement.bind().values == [HOSTILE.encode()]


def test_a_missing_value_is_noticed() -> None:
    statement = _statement(select(bindparam("wanted", type_=Text, required=True)))
    with pytest.raises(KeyError):
        statement.bind()


def test_parameters_of_one_name_are_one_wherever_they_stand() -> None:
    fragment = Fragment(bindparam("twice", type_=Text))
    statement = Statement("SELECT ", fragment, ", ", Fragment(literal(7)), ", ", fragment)
    assert statement.sql == b"SELECT $1::VARCHAR, $2::INTEGER, $1::VARCHAR"
    assert statement.bind(twice="x", unused="y").values == [b"x", b"7"]


def test_a_new_shape_costs_microseconds() -> None:
    """Joined from fragments, where compiling each shape took 400 to 800."""
    shape = _select.__wrapped__
    filters = frozenset({"live", "pending"})
    fastest = min(timeit.repeat(lambda: shape(filters, "-title", none=False), number=50, repeat=20))
    assert fastest / 50 < 120e-6


@pytest.mark.parametrize("value", ["\ud800", "\0", object(), UUID])
def test_values_that_postgresql_cannot_take_are_refused_before_they_are_sent(value: Any) -> None:
    statement = _statement(select(bindparam("value", type_=Text)))
    with pytest.raises((psycopg.Error, UnicodeEncodeError)):
        statement.bind(value=value)
