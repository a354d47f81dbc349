"""Lists: made, read, changed, and the inbox that everybody has."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg
import pytest

from backend.core.ids import new_id
from backend.schemas.list import MAX_LISTS
from backend.tests.account.test_erasures import LISTS
from backend.tests.lists.people import create, inbox, names
from backend.tests.support.people import Person


@pytest.fixture
def database(database_url: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(database_url, autocommit=True) as connection:
        yield connection


def test_a_list_is_made_and_read(alice: Person) -> None:
    answer = alice.client.post("/api/lists", json={"name": "  Groceries ", "color": "#33AAff"})
    assert answer.status_code == 201
    made = answer.json()
    assert made["name"] == "Groceries"
    assert made["color"] == "#33aaff"
    assert (made["archived"], made["is_inbox"], made["deleted_at"]) == (False, False, None)
    assert (made["open_count"], made["completed_count"]) == (0, 0)
    assert made["user_id"] == alice.subject
    assert answer.headers["location"] == f"/api/lists/{made['id']}"
    read = alice.client.get(answer.headers["location"])
    assert (read.json(), read.headers["etag"]) == (made, answer.headers["etag"])


@pytest.mark.parametrize("before", ["nothing", "a read", "a task", "an erasure"])
def test_everybody_has_an_inbox_which_stays_the_same(before: str, alice: Person) -> None:
    first: dict[str, Callable[[], object]] = {
        "nothing": lambda: None,
        "a read": lambda: alice.client.get("/api/lists"),
        "a task": alice.create,
        "an erasure": lambda: (alice.create(), alice.client.delete("/api/me")),
    }
    first[before]()
    shown = inbox(alice)
    assert (shown["name"], shown["version"], shown["deleted_at"]) == ("Inbox", 0, None)
    assert names(alice) == ["Inbox"]
    assert alice.client.get(f"/api/lists/{shown['id']}").json()["id"] == shown["id"]
    assert alice.create(list_id=shown["id"])["list_id"] == shown["id"]
    assert alice.create()["list_id"] == shown["id"]
    assert inbox(alice)["id"] == shown["id"]


def test_a_new_user_can_rename_the_inbox_that_they_were_shown(alice: Person) -> None:
    answer = alice.client.patch(f"/api/lists/{inbox(alice)['id']}", json={"name": "Eingang"})
    assert answer.status_code == 200
    assert answer.json()["version"] >= 1
    assert names(alice) == ["Eingang"]


def test_who_was_erased_elsewhere_can_rename_the_inbox(
    alice: Person, database: psycopg.Connection
) -> None:
    """The process still takes them for known."""
    alice.create()
    database.execute("delete from duly.spaces where id = %s", [alice.subject])
    answer = alice.client.patch(f"/api/lists/{inbox(alice)['id']}", json={"name": "Eingang"})
    assert answer.status_code == 200, answer.text
    assert names(alice) == ["Eingang"]


def test_the_inbox_can_be_coloured_and_moved_but_neither_archived_nor_deleted(
    alice: Person,
) -> None:
    other = create(alice)
    shown = inbox(alice)
    path = f"/api/lists/{shown['id']}"
    for answer in (
        alice.client.delete(path),
        alice.client.patch(path, json={"archived": True, "name": "Gone"}),
    ):
        assert (answer.status_code, answer.json()["code"]) == (409, "inbox_protected")
    assert inbox(alice) == shown
    patched = alice.client.patch(path, json={"color": "#000000", "archived": False}).json()
    assert (patched["color"], patched["is_inbox"]) == ("#000000", True)
    assert alice.client.post(f"{path}/move", json={"after": other["id"]}).status_code == 200
    assert names(alice) == ["Groceries", "Inbox"]


def test_counts_are_of_the_tasks_outside_the_trash(alice: Person) -> None:
    made = create(alice)
    parent = alice.create(list_id=made["id"])
    alice.create(parent_id=parent["id"])
    alice.create(list_id=made["id"], completed=True)
    gone = alice.create(list_id=made["id"])
    alice.client.delete(f"/api/tasks/{gone['id']}")
    alice.create("In the inbox")
    path = f"/api/lists/{made['id']}"
    for shown in (alice.client.get(path), alice.client.patch(path, json={"name": "Food"})):
        assert (shown.json()["open_count"], shown.json()["completed_count"]) == (2, 1)
    counts = {
        each["name"]: (each["open_count"], each["completed_count"])
        for each in alice.client.get("/api/lists").json()
    }
    assert counts == {"Inbox": (1, 0), "Food": (2, 1)}


def test_a_copy_is_current_until_the_list_or_its_counts_change(alice: Person) -> None:
    made = create(alice)
    path = f"/api/lists/{made['id']}"

    def tag() -> str:
        known = alice.client.get(path).headers["etag"]
        again = alice.client.get(path, headers={"If-None-Match": known})
        assert (again.status_code, again.headers["etag"]) == (304, known)
        weak = f'W/"{known.strip(chr(34))}-gzip"'
        assert alice.client.get(path, headers={"If-None-Match": weak}).status_code == 304
        return str(known)

    tags = [tag()]
    task = alice.create(list_id=made["id"])
    tags.append(tag())
    alice.client.patch(f"/api/tasks/{task['id']}/toggle")
    tags.append(tag())
    alice.client.patch(path, json={"name": "Food"})
    tags.append(tag())
    assert len({*tags}) == 4


def test_a_write_is_conditional_on_the_list_and_not_on_its_counts(alice: Person) -> None:
    made = create(alice)
    path = f"/api/lists/{made['id']}"
    known = {"If-Match": alice.client.get(path).headers["etag"]}
    alice.create(list_id=made["id"])
    answer = alice.client.patch(path, json={"name": "Food"}, headers=known)
    assert answer.status_code == 200
    current = answer.json()
    for method, suffix, body in (
        ("PATCH", "", {"name": "Late"}),
        ("PATCH", "", {}),
        ("POST", "/move", {}),
        ("POST", "/restore", None),
        ("DELETE", "", None),
    ):
        late = alice.client.request(method, path + suffix, json=body, headers=known)
        assert (late.status_code, late.json()["current"]) == (412, current), (method, suffix)
        assert late.headers["etag"] == answer.headers["etag"]
    assert alice.client.get(path).json() == current
    fresh = {"If-Match": f'"{current["version"]}"'}
    assert alice.client.delete(path, headers=fresh).status_code == 204


def test_a_patch_changes_what_it_has_and_null_clears(alice: Person) -> None:
    made = create(alice, color="#123456")
    path = f"/api/lists/{made['id']}"
    named = alice.client.patch(path, json={"name": "Food"}).json()
    assert (named["name"], named["color"]) == ("Food", "#123456")
    assert alice.client.patch(path, json={"color": None}).json()["color"] is None
    before = alice.client.patch(path, json={"archived": True})
    assert before.json()["archived"] is True
    after = alice.client.patch(path, json={})
    assert (after.json(), after.headers["etag"]) == (before.json(), before.headers["etag"])


def test_an_archived_list_is_shown_to_who_asks_for_it(alice: Person) -> None:
    create(alice, "Now")
    create(alice, "Then", archived=True)
    assert names(alice) == names(alice, archived="false") == ["Inbox", "Now"]
    assert names(alice, archived="true") == ["Then"]
    assert names(alice, archived="all") == ["Inbox", "Now", "Then"]


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, "/body/name"),
        ({"name": " "}, "/body/name"),
        ({"name": None}, "/body/name"),
        ({"name": "\u200b"}, "/body/name"),
        ({"name": "x" * 501}, "/body/name"),
        ({"name": "a\0b"}, "/body/name"),
        ({"name": "x", "color": "red"}, "/body/color"),
        ({"name": "x", "color": "#12345"}, "/body/color"),
        ({"name": "x", "color": "#123456\n"}, "/body/color"),
        ({"name": "x", "color": "#12345\u0661"}, "/body/color"),
        ({"name": "x", "archived": "yes"}, "/body/archived"),
        ({"name": "x", "archived": None}, "/body/archived"),
        ({"name": "x", "position": "a0"}, "/body/position"),
        ({"name": "x", "is_inbox": True}, "/body/is_inbox"),
        ({"name": "x", "id": "01890a5d-ac96-474b-bcce-b302099a8057"}, "/body/id"),
    ],
)
def test_a_list_that_cannot_be_is_refused(
    body: dict[str, Any], pointer: str, alice: Person
) -> None:
    answers = [alice.client.post("/api/lists", json=body)]
    if body and pointer != "/body/id":
        answers.append(alice.client.patch(f"/api/lists/{create(alice)['id']}", json=body))
    for answer in answers:
        assert answer.status_code == 422
        assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]


@pytest.mark.parametrize(
    "query",
    [
        *("archived=yes", "archived=True", "trashed=all", "limit=0", "limit=501", "sort=name"),
        *("cursor=x", "cursor=Y3JlYXRlZAAwMTg5MGE1ZC1hYzk2LTc3NGItYmNjZS1iMzAyMDk5YTgwNTcAeA"),
    ],
)
def test_a_question_that_makes_no_sense_is_refused(query: str, alice: Person) -> None:
    answer = alice.client.get(f"/api/lists?{query}")
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == f"/query/{query.partition('=')[0]}"


def test_a_retry_makes_no_second_list(alice: Person) -> None:
    list_id = str(new_id())
    create(alice, id=list_id)
    for _ in range(2):
        again = alice.client.post("/api/lists", json={"name": "Again", "id": list_id})
        assert (again.status_code, again.json()["code"]) == (409, "conflict")
        alice.client.delete(f"/api/lists/{list_id}")
    taken = {"name": "Mine", "id": inbox(alice)["id"]}
    assert alice.client.post("/api/lists", json=taken).status_code == 409


def test_pages_give_every_list_once_in_their_order(
    alice: Person, database: psycopg.Connection
) -> None:
    alice.create()
    database.execute(LISTS, [alice.subject, 9])
    rank = "update duly.lists set position = 'm5' where space_id = %s and not is_inbox"
    database.execute(rank, [alice.subject])  # so that ids decide
    whole = alice.client.get("/api/lists")
    assert "link" not in whole.headers
    answer = alice.client.get("/api/lists", params={"limit": 3})
    found = answer.json()
    while "next" in answer.links:
        answer = alice.client.get(answer.links["next"]["url"])
        assert len(answer.json()) <= 3
        found += answer.json()
    assert found == whole.json()
    assert found == sorted(found, key=lambda each: (each["position"], each["id"]))
    assert len(found) == 10


def test_a_page_is_no_larger_than_others(alice: Person, database: psycopg.Connection) -> None:
    alice.create()
    database.execute(LISTS, [alice.subject, MAX_LISTS - 1])
    long = "update duly.lists set name = repeat(chr(128512), 500) where space_id = %s"
    database.execute(long, [alice.subject])
    answer = alice.client.get("/api/lists")
    found = answer.json()
    while "next" in answer.links:
        assert len(answer.content) <= 512 * 1024
        answer = alice.client.get(answer.links["next"]["url"])
        found += answer.json()
    assert len({each["id"] for each in found}) == MAX_LISTS > len(answer.json())


def test_nobody_makes_more_lists_than_they_may(
    alice: Person, bob: Person, database: psycopg.Connection
) -> None:
    alice.create()
    database.execute(LISTS, [alice.subject, MAX_LISTS - 2])
    last = create(alice, "The last one")
    alice.client.delete(f"/api/lists/{last['id']}")
    answer = alice.client.post("/api/lists", json={"name": "One more"})
    assert (answer.status_code, answer.json()["code"]) == (422, "too_many_lists")
    create(bob)
    assert alice.client.delete("/api/trash").status_code == 204
    create(alice, "After all")


def test_nor_by_making_several_at_once(alice: Person, database: psycopg.Connection) -> None:
    alice.create()
    database.execute(LISTS, [alice.subject, MAX_LISTS - 3])
    with ThreadPoolExecutor(8) as crowd:
        bodies = [{"name": f"List {n}"} for n in range(8)]
        answers = list(crowd.map(lambda body: alice.client.post("/api/lists", json=body), bodies))
    assert sorted(answer.status_code for answer in answers) == [201] * 2 + [422] * 6
    assert len(names(alice)) == MAX_LISTS


@pytest.mark.parametrize("list_id", ["x", "01890A5D-AC96-774B-BCCE-B302099A8057", "{hers}"])
def test_what_is_not_there_is_not_found(
    list_id: str, alice: Person, person: Callable[[str], Person]
) -> None:
    path = f"/api/lists/{list_id.format(hers=create(person('carol'))['id'])}"
    for method, suffix, body in (
        ("GET", "", None),
        ("PATCH", "", {"name": "x"}),
        ("PATCH", "", {}),
        ("DELETE", "", None),
        ("POST", "/restore", None),
        ("POST", "/move", {}),
    ):
        answer = alice.client.request(method, path + suffix, json=body)
        assert answer.status_code == 404, (method, suffix)


def test_the_inbox_that_is_only_to_be_is_no_news_to_nobody(alice: Person) -> None:
    """It says that it was made now, whenever it is looked at; and then it is made."""
    path = f"/api/lists/{inbox(alice)['id']}"

    def again(path: str, tag: str) -> Any:
        return alice.client.get(path, headers={"If-None-Match": tag})

    before = alice.client.get(path)
    assert again(path, before.headers["etag"]).status_code == 200
    for tag in ('"0.1"', '"7.1"', "*"):
        several = again("/api/lists", tag)
        assert (several.status_code, "etag" in several.headers) == (200, False)
        assert [each["name"] for each in several.json()] == ["Inbox"]
    before = alice.client.get(path)
    alice.client.patch("/api/me", json={"time_zone": "Asia/Tokyo"})
    after = again(path, before.headers["etag"])
    assert (after.status_code, after.json()["version"]) == (200, 0)
    assert after.json() != before.json()
    assert again(path, after.headers["etag"]).status_code == 304


def test_the_inbox_of_an_account_that_begins_anew_is_another(alice: Person) -> None:
    path = f"/api/lists/{inbox(alice)['id']}"
    alice.client.patch("/api/me", json={"time_zone": "Asia/Tokyo"})
    old = alice.client.get(path)
    alice.client.delete("/api/me")
    alice.client.patch("/api/me", json={"time_zone": "Asia/Tokyo"})
    seen = alice.client.get(path, headers={"If-None-Match": old.headers["etag"]})
    assert seen.status_code == 200
    assert seen.json()["version"] == old.json()["version"] == 0
    assert seen.json()["created_at"] > old.json()["created_at"]
