"""Who takes another account over gets its lists, and its trees whole."""

from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest
from psycopg.rows import dict_row

from backend.core.ids import new_id
from backend.core.principal import Principal
from backend.database.connection.pool import Pool
from backend.database.session import Session
from backend.services import arrivals, merges
from backend.services.merges import Merge, merge_from
from backend.services.users import KnownUsers
from backend.tests.account.test_erasures import PARTS
from backend.tests.account.test_merges import everything, merge, merged, rows
from backend.tests.lists.people import create, inbox, names
from backend.tests.support.people import Person

Row = dict[str, Any]

MADE_HERE = {"space_id", "version"}


@pytest.fixture
def guest(person: Callable[[str], Person]) -> Person:
    return person("guest")


@pytest.fixture
def database(database_url: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(database_url, autocommit=True) as connection:
        yield connection


def kept(database: psycopg.Connection, person: Person, table: str) -> dict[str, Row]:
    """All rows of a person, without what is each account's own, by title or name."""
    query = f"select * from duly.{table} where space_id = %s"
    found = database.cursor(row_factory=dict_row).execute(query.encode(), [person.subject])
    made = MADE_HERE | ({"updated_at"} if table == "lists" else set())
    return {
        row.get("title") or row["name"]: {k: v for k, v in row.items() if k not in made}
        for row in found
    }


def tree(person: Person, depth: int, **fields: Any) -> list[str]:
    """The ids of tasks, each a part of the one before it."""
    ids: list[str] = []
    for level in range(depth):
        place = {"parent_id": ids[-1]} if ids else fields
        ids.append(person.create(f"Level {level}", **place)["id"])
    return ids


def test_lists_come_along_as_they_are(
    alice: Person, guest: Person, database: psycopg.Connection
) -> None:
    create(alice, "Groceries")
    theirs = [create(guest, "Groceries"), create(guest, "Old", archived=True, color="#123456")]
    empty, gone = create(guest, "Empty"), create(guest, "Gone")
    guest.create("Bread", list_id=theirs[0]["id"])
    guest.create("Thing", list_id=gone["id"])
    guest.client.delete(f"/api/lists/{gone['id']}")
    guest.client.post(f"/api/lists/{empty['id']}/move", json={"before": theirs[0]["id"]})
    guest.client.patch(f"/api/lists/{inbox(guest)['id']}", json={"name": "Theirs"})
    before = kept(database, guest, "lists")

    merged(alice, guest)

    after = kept(database, alice, "lists")
    for name in ("Old", "Empty", "Gone"):
        assert after[name] == before[name]
    assert names(alice) == ["Theirs", "Groceries", "Empty", "Groceries"]
    assert alice.client.get(f"/api/lists/{theirs[0]['id']}").json()["open_count"] == 1
    assert names(alice, trashed="true") == ["Gone"]
    alice.client.post(f"/api/lists/{gone['id']}/restore")
    assert alice.titles(list_id=gone["id"]) == ["Thing"]
    assert sum(rows(database, guest)) == 0


def test_what_was_in_the_other_inbox_is_in_the_own_one(alice: Person, guest: Person) -> None:
    alice.create("Hers")
    guest.create("Theirs")
    guest.client.delete(f"/api/tasks/{guest.create('Gone')['id']}")
    merged(alice, guest)
    assert {task["list_id"] for task in everything(alice)} == {inbox(alice)["id"]}
    assert names(alice) == ["Inbox"]


@pytest.mark.parametrize("is_gone", ["neither", "hers", "theirs"])
def test_of_two_lists_with_one_id_both_stay_with_their_tasks(
    is_gone: str, alice: Person, guest: Person
) -> None:
    list_id = str(new_id())
    name = "Food" if is_gone == "neither" else "Groceries"  # or one is in the trash, one not
    create(alice, "Groceries", id=list_id)
    create(guest, name, id=list_id)
    alice.create("Her bread", list_id=list_id)
    guest.create("Their bread", list_id=list_id)
    if is_gone != "neither":
        {"hers": alice, "theirs": guest}[is_gone].client.delete(f"/api/lists/{list_id}")
    merged(alice, guest)
    found = {task["title"]: task["list_id"] for task in everything(alice)}
    assert found["Her bread"] == list_id
    assert found["Their bread"] != list_id
    assert found["Their bread"][:18] == list_id[:18]
    assert len(names(alice, archived="all") + names(alice, trashed="true")) == 3
    for each in alice.client.get("/api/lists?trashed=true").json():  # what it took comes back
        alice.client.post(f"/api/lists/{each['id']}/restore")
    assert sorted(alice.titles()) == ["Her bread", "Their bread"]


def test_a_list_that_a_client_made_in_both_accounts_stays_one(alice: Person, guest: Person) -> None:
    list_id = str(new_id())
    for person in (alice, guest):
        create(person, "Groceries", id=list_id)
        person.create(f"{person.subject}'s", list_id=list_id)
    merged(alice, guest)
    assert names(alice) == ["Inbox", "Groceries"]
    assert alice.client.get(f"/api/lists/{list_id}").json()["open_count"] == 2


def test_tasks_keep_all_that_they_have(
    alice: Person, guest: Person, database: psycopg.Connection
) -> None:
    made = create(guest)
    top, *_ = tree(guest, 3, list_id=made["id"], tags=["a", "b"], priority="high")
    guest.create("Due", due_date="2026-03-01", due_time="09:30", due_time_zone="Europe/Berlin")
    database.execute(
        "update duly.tasks set recurrence = 'FREQ=DAILY', recurrence_anchor = '2026-01-01 09:30',"
        " recurrence_from = 'completion' where space_id = %s and title = 'Due'",
        [guest.subject],
    )
    database.execute(
        "update duly.tasks set completed_at = now(), completed_with = %s"
        " where space_id = %s and title = 'Level 2'",
        [top, guest.subject],
    )
    guest.client.patch("/api/me", json={"time_zone": "Asia/Tokyo"})
    alice.client.patch("/api/me", json={"time_zone": "Europe/Paris"})
    before = kept(database, guest, "tasks")

    merged(alice, guest)

    after = kept(database, alice, "tasks")
    assert after.pop("Due") == before.pop("Due") | {"list_id": after_list(database, alice)}
    assert after == before
    assert alice.client.get("/api/auth/me").json()["time_zone"] == "Europe/Paris"


def after_list(database: psycopg.Connection, person: Person) -> Any:
    row = database.execute("select duly.inbox_of(%s)", [person.subject]).fetchone()
    return row[0] if row else None


def test_a_deep_tree_whose_top_has_a_taken_id_stays_one_tree(alice: Person, guest: Person) -> None:
    made = create(guest)
    ids = tree(guest, 5, list_id=made["id"])
    alice.create("Hers", id=ids[0])
    merged(alice, guest)
    found = {task["title"]: task for task in everything(alice)}
    above = None
    for level in range(5):
        task = found[f"Level {level}"]
        assert (task["parent_id"], task["list_id"]) == (above, made["id"])
        above = task["id"]
    assert found["Level 0"]["id"] != ids[0]
    assert [found[f"Level {level}"]["id"] for level in range(1, 5)] == ids[1:]


def test_a_tree_in_the_trash_comes_back_whole(alice: Person, guest: Person) -> None:
    made = create(guest)
    tree(guest, 4, list_id=made["id"])
    guest.client.delete(f"/api/lists/{made['id']}")
    merged(alice, guest)
    assert alice.titles() == []
    assert alice.client.post(f"/api/lists/{made['id']}/restore").json()["open_count"] == 4
    found = {task["title"]: task for task in alice.client.get("/api/tasks").json()}
    assert [found[f"Level {level}"]["parent_id"] for level in range(1, 4)] == [
        found[f"Level {level}"]["id"] for level in range(3)
    ]


def test_what_is_below_a_task_that_both_have_is_where_that_is(alice: Person, guest: Person) -> None:
    hers, theirs = create(alice, "Hers"), create(guest, "Theirs")
    shared = str(new_id())
    for person, made in ((alice, hers), (guest, theirs)):
        person.create("Shared", id=shared, list_id=made["id"])
    guest.create("Part", parent_id=shared)
    merged(alice, guest)
    found = {task["title"]: task for task in everything(alice)}
    assert (found["Part"]["parent_id"], found["Part"]["list_id"]) == (shared, hers["id"])


@pytest.mark.anyio
async def test_a_small_account_comes_at_once_however_deep(
    alice: Person, guest: Person, database_url: str
) -> None:
    tree(guest, arrivals.LEVELS)
    assert await step(database_url, alice, guest) is Merge.DONE
    assert len(alice.titles()) == arrivals.LEVELS


async def step(
    database_url: str, person: Person, other: Person, batch: int = merges.BATCH
) -> Merge:
    """One transaction of a merge."""
    pool = Pool(database_url)
    await pool.start()
    session = Session(pool, Principal(person.subject, expires_at=0), KnownUsers())
    standing = await session.run(merge_from(Principal(other.subject, expires_at=0), batch))
    await pool.close()
    return standing


@pytest.mark.anyio
async def test_a_wide_tree_comes_in_steps_and_loses_nothing(
    alice: Person, guest: Person, database: psycopg.Connection, database_url: str
) -> None:
    made = create(guest)
    top, below = tree(guest, 2, list_id=made["id"])
    many = merges.BATCH + 1_000
    for parent in (below, top):
        values = {"subject": guest.subject, "parent": parent, "many": many // 2}
        database.execute(PARTS, values)
    assert await step(database_url, alice, guest) is Merge.LEFT
    # Its parents are here, and there as well; what becomes of them here meanwhile stays.
    alice.client.patch(f"/api/tasks/{top}", json={"title": "Renamed"})
    alice.client.patch(f"/api/lists/{made['id']}", json={"name": "Food"})
    assert merge(alice, guest.token).status_code == 204
    found = database.execute(
        "select parent_id::text, count(*), count(distinct title), count(distinct list_id)"
        " from duly.tasks where space_id = %s group by parent_id",
        [alice.subject],
    ).fetchall()
    assert {row[0]: row[1:] for row in found} == {
        None: (1, 1, 1),
        top: (many // 2 + 1, many // 2 + 1, 1),
        below: (many // 2, many // 2, 1),
    }
    assert alice.titles(parent_id="none") == ["Renamed"]
    assert sorted(names(alice)) == ["Food", "Inbox"]
    assert sum(rows(database, guest)) == 0


def test_a_part_outside_the_trash_of_a_task_inside_is_not_lost(
    alice: Person, guest: Person, database: psycopg.Connection
) -> None:
    """No write leaves one so, but a merge must not fail for ever where there is one."""
    top, below = tree(guest, 2)
    with database.transaction():
        database.execute("set local session_replication_role = replica")  # without the triggers
        database.execute("update duly.tasks set deleted_at = now() where id = %s", [top])
    merged(alice, guest)
    assert alice.titles() == ["Level 1"]
    assert alice.client.get(f"/api/tasks/{below}").json()["parent_id"] is None
