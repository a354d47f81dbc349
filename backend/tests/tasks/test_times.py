"""Points in time are written in one form, whatever their digits."""

import re

import psycopg
import pytest
from pydantic import BaseModel, TypeAdapter
from sqlalchemy import DateTime
from sqlmodel import SQLModel

from backend.database.projection import json_object
from backend.models.domains import base_type
from backend.models.ownership import owned_tables
from backend.schemas.scalars import Instant
from backend.tests.support.people import Person

FORM = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}\+00:00")
# Of a time whose fraction of a second ends in zeros, JSON of PostgreSQL's own would leave them out.
TIMES = ["2026-01-02 03:04:05", "2026-01-02 03:04:05.1", "2026-01-02 03:04:05.123450"]
UPDATE = """
    update duly.tasks set created_at = moment, updated_at = moment, completed_at = moment,
        deleted_at = case title when 'deleted' then moment end
    from cast(%(time)s as timestamptz) moment where space_id = %(subject)s
"""


@pytest.mark.parametrize("time", TIMES)
def test_a_task_shows_six_digits_of_each_time(time: str, alice: Person, database_url: str) -> None:
    for title in ("listed", "deleted"):
        alice.create(title)
    with psycopg.connect(database_url) as connection:
        connection.execute("set session_replication_role = replica")  # no trigger: times as given
        connection.execute(UPDATE, {"time": f"{time}+00", "subject": alice.subject})
    [listed] = alice.client.get("/api/tasks").json()
    [deleted] = alice.client.get("/api/trash").json()
    shown = {task[name] for task in (listed, deleted) for name in task if name.endswith("_at")}
    seconds, _, fraction = time.replace(" ", "T").partition(".")
    assert shown == {f"{seconds}.{fraction:0<6}+00:00", None}


def test_so_does_the_end_of_a_token(alice: Person) -> None:
    assert FORM.fullmatch(alice.client.get("/api/auth/me").json()["expires_at"])


def test_no_table_can_be_shown_otherwise() -> None:
    tables = [SQLModel.metadata.tables[f"duly.{name}"] for name in owned_tables()]
    columns = [
        column
        for table in tables
        for column in table.c
        if isinstance(base_type(column.type), DateTime)
    ]
    assert len(columns) > 5
    for column in columns:
        assert "to_char(" in "".join(map(str, json_object({column.name: column}).pieces))


def test_a_time_of_another_zone_is_shown_as_utc() -> None:
    class Answer(BaseModel):
        at: Instant

    read = TypeAdapter(Answer).validate_python({"at": "2026-01-02T03:04:05+02:00"})
    assert read.model_dump_json() == '{"at":"2026-01-02T01:04:05.000000+00:00"}'
