"""What several tests of tasks need."""

from collections.abc import Callable

import psycopg
import pytest

from backend.core.ids import new_id
from backend.tests.support.people import Person


@pytest.fixture
def make_list(database_url: str) -> Callable[[Person], str]:
    """Makes a list of somebody who has a task already, if only in the trash; its id."""

    def make(person: Person) -> str:
        person.create("so that there is a space")
        with psycopg.connect(database_url) as connection:
            row = connection.execute(
                "insert into duly.lists (space_id, id, name) values (%s, %s, 'List') returning id",
                [person.subject, new_id()],
            ).fetchone()
        assert row
        return str(row[0])

    return make
