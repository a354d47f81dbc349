"""What the doctor says of a replica that cannot be used."""

import pytest

from backend.doctor.run import examine
from backend.tests.doctor.conftest import Changed, complaint


@pytest.mark.parametrize(
    ("url", "saying", "advice"),
    [
        ("{primary}", "is none", "Name a streaming replica of DATABASE_URL"),
        ("postgresql://duly@127.0.0.1:1/duly", "cannot be reached", "DATABASE_URL_REPLICA"),
    ],
    ids=["the primary itself", "nobody"],
)
def test_a_replica_that_is_of_no_use_is_said_and_stops_nothing(
    url: str, saying: str, advice: str, changed: Changed, database_url: str
) -> None:
    found = complaint(list(examine(changed(database_url_replica=url.format(primary=database_url)))))
    assert (found.verdict, saying in found.detail) == ("warn", True)
    assert advice in found.remedy
