"""Expressions become SQL once; values never become part of it."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import BigInteger, Boolean, DateTime, Text, Uuid, bindparam, cast, literal, select
from sqlalchemy.dialects.postgresql import ARRAY

from backend.database.connection.wire import Wire
from backend.database.statements import Statement
from backend.tests.database.calls import options, texts

ID = UUID("018f0000-0000-7000-8000-000000000001")
NOON = datetime(2026, 1, 2, 12, 0, 0, 123_456, UTC)
HOSTILE = "'; drop table duly.tasks; -- $1 %s :name \\ \" \N{PILE OF POO}"


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
        (ARRAY(BigInteger), (7,), "{7}"),
    ],
)
@pytest.mark.anyio
async def test_values_arrive_as_they_were(
    database_url: str, kind: Any, value: Any, shown: str | None
) -> None:
    statement = Statement(select(cast(cast(bindparam("value", type_=kind), kind), Text)))
    wire = await Wire.connect(f"{database_url}&options=-ctimezone%3DUTC", options())
    [rows] = await wire.send([statement.bind(value=value)])
    wire.close()
    assert texts(rows) == [[shown]]


def test_equal_sql_has_an_equal_name_and_other_sql_another() -> None:
    one, same = Statement(select(literal(1))), Statement(select(literal(2)))
    other = Statement(select(literal(1), literal(2)))
    assert one.sql == same.sql
    assert one.name == same.name != other.name
    assert len(other.name) < 64  # what PostgreSQL keeps of a name


def test_values_that_the_expression_brings_are_parameters_too() -> None:
    statement = Statement(select(literal(HOSTILE)))
    assert b"drop" not in statement.sql
    assert statement.bind().values == [HOSTILE.encode()]


def test_a_missing_value_is_noticed() -> None:
    statement = Statement(select(bindparam("wanted", type_=Text, required=True)))
    with pytest.raises(KeyError):
        statement.bind()


@pytest.mark.parametrize("value", ["\ud800", object(), 1.5, b"bytes", UUID])
def test_values_that_postgresql_cannot_take_are_refused_before_they_are_sent(value: Any) -> None:
    statement = Statement(select(bindparam("value", type_=Text)))
    with pytest.raises((KeyError, UnicodeEncodeError)):
        statement.bind(value=value)
