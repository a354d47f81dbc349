"""Search: all words, the last one begun, whatever case, accents and punctuation."""

import unicodedata
from typing import Any

import pytest

from backend.tests.support.people import Person

TASKS: list[dict[str, Any]] = [
    {"title": "Buy oat milk"},
    {"title": "Ring the bank", "description": "About the milk money."},
    {"title": "Plan the garden", "tags": ["milk run", "Büro"]},
    {"title": "Größe der Möhren: 3.5 kg"},
    {"title": "crème brûlée"},
    {"title": "Прочитать «Войну и мир»"},
    {"title": "日本語を勉強する"},
]


@pytest.fixture
def reader(alice: Person) -> Person:
    for task in TASKS:
        alice.create(**task)
    return alice


@pytest.mark.parametrize(
    ("q", "found"),
    [
        ("milk", ["Buy oat milk", "Plan the garden", "Ring the bank"]),
        ("MILK", ["Buy oat milk", "Plan the garden", "Ring the bank"]),
        ("mil", ["Buy oat milk", "Plan the garden", "Ring the bank"]),
        ("milk b", ["Buy oat milk", "Plan the garden", "Ring the bank"]),
        ("milk buy", ["Buy oat milk"]),
        ("mil buy", []),
        ("  oat,milk!  ", ["Buy oat milk"]),
        ("grosse", ["Größe der Möhren: 3.5 kg"]),
        ("mohr", ["Größe der Möhren: 3.5 kg"]),
        ("MÖHREN 3.5", ["Größe der Möhren: 3.5 kg"]),
        ("creme brul", ["crème brûlée"]),
        ("buro", ["Plan the garden"]),
        ("война", []),
        ("войн мир", []),
        ("мир войн", ["Прочитать «Войну и мир»"]),
        ("日本", ["日本語を勉強する"]),
        ("nothing such", []),
    ],
)
def test_a_search_finds_all_of_its_words_and_best_first(
    q: str, found: list[str], reader: Person
) -> None:
    assert reader.titles(q=q) == found


@pytest.mark.parametrize(
    "q", ["", " ", "\t", "!", "'", "\\", "&|!()<->:*", "…", "«»", "\u200d", "''", "🥛", "\x01"]
)
def test_without_a_word_nothing_is_found(q: str, reader: Person) -> None:
    assert reader.titles(q=q) == []


@pytest.mark.parametrize(
    "q",
    [
        *("milk:*", "milk & bank", "!milk", "(milk", "milk)", "'milk'", "milk\\", "milk <-> oat"),
        *(
            "milk:A",
            "milk |",
            "a:b:c",
            "<1>",
            "%",
            "_",
            "--",
            "$1",
            "x\u1680y",
            "x\u3000y",
            "x\x1fy",
        ),
        *("a" * 100, "é" * 100, "ﷺ" * 100, "㌖" * 100, "\U0001f600" * 100, "a " * 50, "1e5", "-1"),
        *("http://a.b/c?d=e", "a@b.example", "/etc/passwd", "1.2.3", "2026-01-01", "<b>x</b>"),
    ],
)
def test_whatever_is_looked_for_is_no_error(q: str, reader: Person) -> None:
    answer = reader.client.get("/api/tasks", params={"q": q})
    assert answer.status_code == 200, answer.text


def test_no_hundred_characters_become_a_word_too_long_for_postgresql() -> None:
    """2 047 bytes are too many; folding is NFKD, and case."""
    characters = map(chr, [*range(0xD800), *range(0xE000, 0x110000)])
    longest = max(
        max(map(len, unicodedata.normalize("NFKD", each).lower().encode().split()), default=0)
        for each in characters
    )
    assert longest * 100 < 2_047


@pytest.mark.parametrize("q", ["x" * 101, "a\0b"])
def test_what_cannot_be_looked_for_is_refused_by_name(q: str, alice: Person) -> None:
    answer = alice.client.get("/api/tasks", params={"q": q})
    assert answer.status_code == 422
    assert [error["pointer"] for error in answer.json()["errors"]] == ["/query/q"]


def test_what_fits_best_comes_first_and_is_paged(alice: Person) -> None:
    titles = [*(f"{n} other" for n in range(5)), *(f"{n} milk" for n in range(5)), "milk milk"]
    for title in titles:
        alice.create(title, description="milk" if "other" in title else None)
    first = alice.client.get("/api/tasks", params={"q": "milk", "limit": 1, "count": "exact"})
    seen = [task["title"] for task in first.json()]
    assert first.headers["total-count"] == str(len(titles))
    while "next" in first.links:
        first = alice.client.get(first.links["next"]["url"])
        seen += [task["title"] for task in first.json()]
    # Of those that fit alike the newest is first.
    assert seen == titles[::-1] == alice.titles(q="milk")


def test_a_search_can_be_sorted_and_filtered(reader: Person) -> None:
    assert reader.titles(q="milk", sort="title") == [
        *("Buy oat milk", "Plan the garden", "Ring the bank")
    ]
    assert reader.titles(q="milk", sort="-created", tag="Büro") == ["Plan the garden"]


def test_a_changed_task_is_found_by_its_new_words(alice: Person) -> None:
    task = alice.create("old words")
    path = f"/api/tasks/{task['id']}"
    alice.client.patch(path, json={"title": "new", "tags": ["tagged"], "description": "said"})
    assert alice.titles(q="old") == []
    assert [alice.titles(q=q) for q in ("new", "tagged", "said")] == [["new"]] * 3
    alice.client.delete(path)
    assert alice.titles(q="new") == []


def test_a_cursor_of_a_search_is_good_for_that_order_only(reader: Person) -> None:
    link = reader.client.get("/api/tasks", params={"q": "milk", "limit": 1}).links["next"]["url"]
    for other in (f"{link}&sort=-created", link.replace("q=milk&", "")):
        answer = reader.client.get(other)
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["pointer"] == "/query/cursor"
