"""Titles as people see them: they show something, and sort as one would look for them."""

from typing import Any

import psycopg
import pytest

from backend.core.ids import new_id
from backend.core.paging import Cursor
from backend.database import migrate
from backend.database.embedded import EmbeddedServer
from backend.security.signing import Issuer
from backend.tests.support.people import ORIGIN, Person

# Of each kind of what does not show; those of the first list the database refuses as well.
INVISIBLE_FOR_BOTH = {
    "zero-width space": "\u200b",
    "zero-width joiners": "\u200c\u200d",
    "word joiner": "\u2060",
    "byte order mark": "\ufeff",
    "soft hyphen": "\u00ad",
    "grapheme joiner": "\u034f",
    "Hangul filler": "\u3164",
    "halfwidth Hangul filler": "\uffa0",
    "Hangul jamo fillers": "\u115f\u1160",
    "empty Braille": "\u2800",
    "bidirectional controls": "\u202e\u2066\u2069\u200f\u061c",
    "variation selectors": "\ufe0f\U000e0100",
    "Mongolian separator": "\u180e",
    "Khmer inherent vowels": "\u17b4\u17b5",
    "tags": "\U000e0001\U000e0041\U000e007f",
    "musical controls": "\U0001d173\U0001d159",
    "shorthand controls": "\U0001bca0",
    "interlinear annotation": "\ufff0",
    "controls": "\x01\x1b\x7f\x9f",
    "blanks between": "\u200b \u3000\u00ad\t\ufeff",
}
INVISIBLE = INVISIBLE_FOR_BOTH | {
    "combining marks alone": "\u0301\u0308",
    "an enclosing mark alone": "\u20e3",
    "a spacing mark alone": "\u093e",
    "private use": "\ue000\U000f0000",
    "unassigned": "\u0378",
    "no character at all": "\uffff\U0010ffff",
    "blank hieroglyphs": "\U00013441\U00013442",
}
VISIBLE = {
    "one letter": "x",
    "one mark of punctuation": ".",
    "a digit": "7",
    "a pictograph": "\U0001f95b",
    "a pictograph with its selector": "\u2764\ufe0f",
    "a pictograph that Unicode has still to name": "\U0001fadf",
    "a family": "\U0001f468\u200d\U0001f469\u200d\U0001f467",
    "a flag": "\U0001f1eb\U0001f1f7",
    "a keycap": "1\ufe0f\u20e3",
    "an ideograph": "\u725b",
    "an ideograph that Unicode has still to name": "\U00033480",
    "a letter with its mark": "e\u0301",
    "Devanagari": "\u0926\u0942\u0927",
    "a currency": "\u20ac",
    "something between what does not show": "\u200b\u00adx\ufeff",
}


@pytest.mark.parametrize("kind", INVISIBLE)
def test_a_title_of_nothing_visible_is_refused(kind: str, alice: Person) -> None:
    task = alice.create("Buy milk")
    for method, path in (("POST", "/api/tasks"), ("PATCH", f"/api/tasks/{task['id']}")):
        answer = alice.client.request(method, path, json={"title": INVISIBLE[kind]})
        assert answer.status_code == 422
        [error] = answer.json()["errors"]
        assert (error["pointer"], error["code"]) == ("/body/title", "nothing_visible")
    assert alice.titles() == ["Buy milk"]


@pytest.mark.parametrize("kind", INVISIBLE_FOR_BOTH)
def test_the_database_refuses_it_too(kind: str, database_url: str) -> None:
    with psycopg.connect(database_url) as connection, pytest.raises(psycopg.errors.CheckViolation):
        connection.execute("select %s::duly.title", [INVISIBLE_FOR_BOTH[kind]])


@pytest.mark.parametrize("kind", VISIBLE)
def test_a_title_that_shows_something_is_kept_to_the_letter(kind: str, alice: Person) -> None:
    assert alice.create(VISIBLE[kind])["title"] == VISIBLE[kind]


# Each in the order in which a person looks for them.
IN_ORDER = {
    "case": ["apple", "Banana", "cherry", "Date"],
    "accents": ["Äpfel", "apple", "Apricot", "banana", "éclair", "Eclipse", "zebra"],
    "decomposed accents": ["A\u0308pfel", "apple", "e\u0301clair", "Eclipse"],
    "letters with a stroke": ["Lodge", "Łódź", "Loft", "Osaka", "Øslo", "Otto"],
    "two letters in one": ["adze", "Æon", "afar", "strasbourg", "Straße", "strata"],
    "ligatures and widths": ["fine", "\ufb01ngers", "\uff27ood", "hood"],
    "what does not show": ["apple", "\u200bbanana", "che\u00adrry"],
    "symbols, digits, letters": ["(a)", "10", "2", "apple"],
    "what ASCII has behind its digits": ["[x]", "2", "a"],
    "pictographs": ["\u2705 done", "\U0001f34e apples", "1", "apples"],
    "Cyrillic": ["Елка", "ёлка зимой", "иод", "Йод", "кот"],
    "Greek": ["άλφα", "Βήτα", "γάμμα"],
    "Kana": ["\u304b", "\u304d", "\u304e\u3042", "\u304f"],
    "scripts": ["zebra", "αλφα", "яблоко", "牛乳"],
}


@pytest.mark.parametrize("kind", IN_ORDER)
def test_titles_sort_as_one_would_look_for_them(kind: str, alice: Person) -> None:
    for title in sorted(IN_ORDER[kind], key=hash):
        alice.create(title)
    assert alice.titles(sort="title") == IN_ORDER[kind]
    assert alice.titles(sort="-title") == IN_ORDER[kind][::-1]


ALIKE = ["Milk", "milk", "MILK", "Mílk", "milk", "Milk", "mil\u00adk", "milkshake"]


def paged(person: Person, sort: str, limit: int) -> list[dict[str, Any]]:
    """All tasks, page by page."""
    answer = person.client.get("/api/tasks", params={"sort": sort, "limit": limit})
    found: list[dict[str, Any]] = answer.json()
    while "next" in answer.links:
        answer = person.client.get(answer.links["next"]["url"])
        assert answer.status_code == 200
        found += answer.json()
    return found


@pytest.mark.parametrize("limit", [1, 2, 3])
@pytest.mark.parametrize("sort", ["title", "-title"])
def test_titles_that_differ_in_case_or_not_at_all_are_paged_exactly(
    sort: str, limit: int, alice: Person
) -> None:
    made = [alice.create(title)["id"] for title in ALIKE]
    found = paged(alice, sort, limit)
    assert sorted(task["id"] for task in found) == sorted(made)
    alike = [task["id"] for task in found if task["title"] != "milkshake"]
    assert alike == sorted(alike, reverse=sort == "-title")  # where titles tie, ids decide


@pytest.mark.parametrize("title", ["ﷺ" * 500, "\U0001d54f" * 500, "Ä" * 500, "a" * 500])
def test_the_longest_titles_of_the_longest_subjects_are_sorted(
    title: str, alice: Person, issuer: Issuer
) -> None:
    subject = f"{alice.subject}-".ljust(255, "\U0001d54f")
    token = issuer.token(subject, issuer=ORIGIN, audience=ORIGIN, name="x", email="x")
    alice.client.headers["Authorization"] = f"Bearer {token}"
    made = {alice.create(title)["id"] for _ in range(3)}
    assert {task["id"] for task in paged(alice, "title", 1)} == made


def test_a_cursor_of_an_older_version_goes_on(alice: Person) -> None:
    """They have held the title since there are cursors."""
    made = {title: alice.create(title)["id"] for title in ("apple", "Äpfel", "banana")}
    cursor = Cursor("title", "apple", made["apple"]).encode()
    assert alice.titles(sort="title", cursor=cursor) == ["banana"]


def test_titles_that_showed_nothing_before_the_migration_show_something_after_it(
    cluster: EmbeddedServer, worker_id: str
) -> None:
    url = cluster.database(f"titles_{worker_id}")
    migrate.upgrade(url, "0006")
    with psycopg.connect(url) as connection:
        connection.execute("insert into duly.spaces (id) values ('alice')")
        for title in ("\u200b\ufeff", "Buy milk"):
            connection.execute(
                "insert into duly.tasks (space_id, id, title) values ('alice', %s, %s)",
                [new_id(), title],
            )
    migrate.upgrade(url)
    with psycopg.connect(url) as connection:
        shown = connection.execute("select title from duly.tasks order by title").fetchall()
    assert sorted(shown) == [("Buy milk",), ("…",)]
    migrate.downgrade(url, "0006")
    migrate.upgrade(url)
