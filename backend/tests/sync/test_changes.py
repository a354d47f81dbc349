"""`GET /api/changes`: who follows it knows what the tables say."""

import re
from collections.abc import Callable
from typing import Any

import psycopg
import pytest

from backend.core.ids import new_id
from backend.tests.account.test_merges import merged
from backend.tests.docs.pages import ROOT
from backend.tests.lists.people import create as create_list
from backend.tests.lists.people import inbox
from backend.tests.support.people import Person
from backend.tests.sync.follower import Follower, everything

MISSING = "01890a5d-ac96-774b-bcce-b302099a8057"


def purge(person: Person, task_id: str) -> None:
    for path in (f"/api/tasks/{task_id}", f"/api/trash/{task_id}"):
        assert person.client.delete(path).status_code == 204


def test_whoever_has_written_nothing_is_shown_the_inbox_that_they_will_have(alice: Person) -> None:
    answer = Follower(alice).ask()
    [change] = answer.json()["changes"]
    shown = inbox(alice)
    assert change.keys() == {"type", "id", "version", "deleted", "data"}
    assert (change["type"], change["id"], change["version"]) == ("list", shown["id"], 0)
    assert change["data"].keys() == shown.keys()
    assert (answer.json()["cursor"], answer.json()["more"]) == ("0", False)
    again = Follower(alice)
    again.cursor = "0"
    alice.create()
    assert [each["type"] for each in again.follow()] == ["list", "task"]
    assert again.rows == everything(alice)


def test_each_thing_comes_once_as_it_is_now(alice: Person) -> None:
    follower = Follower(alice)
    follower.follow()
    milk, bread = alice.create("Buy milk"), alice.create("Buy bread")
    made = create_list(alice)
    for title in ("a", "b"):
        alice.client.patch(f"/api/tasks/{milk['id']}", json={"title": title})
    alice.client.delete(f"/api/tasks/{bread['id']}")
    follower.cursor = str(milk["version"])
    changes = follower.follow()
    assert [(each["type"], each["id"]) for each in changes] == [
        ("list", made["id"]),
        ("task", milk["id"]),
        ("task", bread["id"]),
    ]
    shown = alice.client.get(f"/api/tasks/{milk['id']}")
    assert changes[1]["data"] == shown.json()
    assert changes[2]["data"]["deleted_at"]
    assert not changes[2]["deleted"]
    assert changes[0]["data"] == alice.client.get(f"/api/lists/{made['id']}").json()
    at = follower.cursor
    assert (follower.follow(), follower.cursor) == ([], at)


def test_what_the_user_chooses_is_a_change_whose_id_is_the_users(alice: Person) -> None:
    follower = Follower(alice)
    follower.follow()
    chosen = alice.client.patch("/api/me", json={"time_zone": "Europe/Berlin"}).json()
    for each in (Follower(alice), follower):
        [change] = [found for found in each.follow() if found["type"] == "settings"]
        assert (change["id"], change["data"]) == (alice.subject, chosen)


def test_what_is_gone_for_good_is_a_tombstone_and_none_once_it_is_made_again(alice: Person) -> None:
    chosen = str(new_id())
    alice.create(id=chosen)
    follower = Follower(alice)
    follower.follow()
    begun = follower.cursor
    purge(alice, chosen)
    [change] = follower.follow()
    assert change == {
        "type": "task",
        "id": chosen,
        "version": change["version"],
        "deleted": True,
        "data": None,
    }
    alice.create(id=chosen)
    purge(alice, chosen)
    assert [each["deleted"] for each in follower.follow()] == [True]
    alice.create(id=chosen)
    follower.cursor = begun
    assert [each["deleted"] for each in follower.follow()] == [False]


@pytest.mark.parametrize("limit", [1, 2, 7])
def test_a_beginning_in_pages_that_purges_overtake_ends_like_the_tables(
    limit: int, alice: Person
) -> None:
    """What was changed or purged behind the pages comes by the delta behind them."""
    made = [alice.create(f"task {number}")["id"] for number in range(12)]
    follower = Follower(alice)
    seen: list[Any] = []
    for number, task_id in enumerate(made):
        seen += follower.poll(limit)
        if number % 3 == 0:
            purge(alice, task_id)
        else:
            alice.client.patch(f"/api/tasks/{made[-number]}", json={"title": f"again {number}"})
    seen += follower.follow(limit)
    assert len(seen) > len(made)
    assert follower.rows == everything(alice)


def test_pages_that_are_large_end_early_and_lose_nothing(alice: Person) -> None:
    alice.create("first")
    follower = Follower(alice)
    follower.follow()
    made = [alice.create(description="é" * 16_000)["id"] for _ in range(30)]
    first = follower.poll(1000)
    assert 10 < len(first) < 20
    assert follower.more
    assert [each["id"] for each in first + follower.follow()] == made
    begins = Follower(alice)
    assert len(begins.poll(1000)) < 20
    begins.follow()
    assert begins.rows == everything(alice)


def test_a_cursor_that_nothing_can_go_on_from_is_a_410_that_says_to_begin_again(
    alice: Person, database_url: str
) -> None:
    for _ in range(3):
        alice.create()
    follower = Follower(alice)
    follower.poll(1)
    paged = follower.cursor
    with psycopg.connect(database_url, autocommit=True) as administrator:
        administrator.execute(
            "update duly.spaces set history_floor = last_version where id = %s", [alice.subject]
        )
    head = alice.client.get("/api/changes").json()["cursor"]
    assert head == str(alice.create()["version"] - 1)
    for cursor in (str(int(head) - 1), "999999999"):
        follower.cursor = cursor
        answer = follower.ask()
        assert (answer.status_code, answer.json()["code"]) == (410, "cursor_too_old")
        assert "without `since`" in str(alice.client.get("/problems/cursor_too_old").json())
    for cursor in (
        head,
        str(paged),
    ):  # at the floor; in the middle of a beginning whose head is there
        follower.cursor = cursor
        assert follower.ask().status_code == 200, cursor


@pytest.mark.parametrize(
    "since", ["", "x", "-1", "1.", "1.2.3", "1.-1", "9" * 19, "1e3", "٣", "0x1", " 1", "1\n"]
)
def test_what_is_no_cursor_is_refused(since: str, alice: Person) -> None:
    answer = alice.client.get("/api/changes", params={"since": since})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == "/query/since"


@pytest.mark.parametrize("limit", ["0", "1001", "x"])
def test_a_limit_out_of_bounds_is_refused(limit: str, alice: Person) -> None:
    assert Follower(alice).ask(limit=limit).status_code == 422


def test_who_begins_anew_after_an_erasure_is_told_so(alice: Person) -> None:
    alice.create()
    follower = Follower(alice)
    follower.follow()
    paged = Follower(alice)
    paged.poll(1)
    assert alice.client.delete("/api/me").status_code == 204
    assert follower.ask().status_code == paged.ask().status_code == 410
    alice.create("anew")
    assert follower.ask().status_code == paged.ask().status_code == 410
    begins = Follower(alice)
    begins.follow()
    assert begins.rows == everything(alice)


def test_after_a_backup_was_restored_all_can_be_made_to_begin_again(
    alice: Person, database_url: str
) -> None:
    """The dump knows less than the follower; by the time they ask, there are as many numbers."""
    alice.create()
    follower = Follower(alice)
    follower.follow()
    page = (ROOT / "docs/operations.md").read_text("utf-8")
    [command] = re.findall(r"^(update duly\.spaces set .*);$", page, re.MULTILINE)
    with psycopg.connect(database_url) as administrator:
        administrator.execute(f"{command} where id = %s".encode(), [alice.subject])
    assert follower.ask().status_code == 410
    alice.create()
    assert follower.ask().status_code == 410
    begins = Follower(alice)
    begins.follow()
    alice.create()
    begins.follow()
    assert begins.rows == everything(alice)


def test_what_comes_over_from_another_account_comes_as_changes(
    alice: Person, person: Callable[[str], Person]
) -> None:
    alice.create()
    follower = Follower(alice)
    follower.follow()
    guest = person("guest")
    guest.create("Call the bank")
    create_list(guest, "Guests")
    their = Follower(guest)
    their.follow()
    merged(alice, guest)
    assert len(follower.follow()) >= 2
    assert follower.rows == everything(alice)
    assert their.ask().status_code == 410


def test_nobody_is_told_of_anothers_changes(alice: Person, bob: Person) -> None:
    alice.create("secret")
    hers = Follower(alice)
    hers.follow()
    bob.create()
    other = Follower(bob)
    for cursor in (None, "0.0", "1", f"{hers.cursor}.1"):
        other.cursor = cursor
        assert "secret" not in other.ask().text
