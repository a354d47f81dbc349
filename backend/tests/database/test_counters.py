"""Which spaces have changed, for those who watch for many users."""

import psycopg
import pytest

from backend.database import migrate
from backend.tests.database.test_rights import as_user, failed, name_of, role
from backend.tests.support.private_cluster import PrivateCluster


def test_logins_ask_which_of_many_spaces_have_changed_and_requests_do_not(
    private: PrivateCluster,
) -> None:
    """Also an owner to whom row-level security shows one space at a time."""
    private.execute("create role asker login createrole", "create database asked owner asker")
    url = as_user(private.url, "asker", "asked")
    migrate.upgrade(url)
    name = role(private, url)
    web = f"web_{name_of(url)}"
    private.execute(f"create role {web} login", f"grant {name} to {web}")
    serving = as_user(url, web, name_of(url))
    assert failed(serving)["events"].startswith("the login of DATABASE_URL may not execute")
    assert f"{web}, which may act as {name}, may execute" in str(migrate.upgrade(url))
    assert "events" not in failed(serving)
    for space, version in (("alice", 5), ("bob", 7), ("charlie", 9), ("erased", 3)):
        private.execute(
            "insert into duly.spaces (id, last_version, erasing_at)"
            f" values ('{space}', {version}, case when '{space}' = 'erased' then now() end)",
            database=name_of(url),
        )
    asked = (
        "select space, version from duly.counters("
        "'{alice,bob,newcomer,gone,erased}', '{5,3,0,4,3}')"
    )
    for login in (url, serving):
        with psycopg.connect(login) as connection:
            answered = connection.execute(asked.encode()).fetchall()
            assert answered == [("bob", 7), ("gone", None), ("erased", None)]
            shown = connection.execute("select current_setting('app.space_id', true)").fetchall()
            assert shown == [("",)]
            connection.execute(f"set role {name}".encode())
            with pytest.raises(psycopg.errors.InsufficientPrivilege, match="counters"):
                connection.execute(asked.encode())
    private.execute(f"drop owned by {web}", database=name_of(url))
