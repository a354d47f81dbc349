"""Tags: what two clients do to them, and what is done to them everywhere at once."""

from typing import Any
from urllib.parse import quote

import psycopg
import pytest

from backend.services import tags
from backend.tests.support.people import Person

# Names that a path has to carry, percent-encoded.
NAMES = [
    "home",
    "tasks",
    "tags",
    "a/b",
    "/",
    "//",
    "/lead",
    "trail/",
    "a?b#c",
    "100%",
    "%2F",
    "%",
    "two words",
    "a+b",
    "näh",
    "日本",
    "👍🏽",
    "...",
    ";,:@&=$",
    '"<b>"',
    "\\",
]


def path(name: str) -> str:
    return f"/api/tags/{quote(name, safe='')}"


def listed(person: Person) -> dict[str, int]:
    return {each["name"]: each["count"] for each in person.client.get("/api/tags").json()}


def tags_of(person: Person, task: dict[str, Any]) -> list[str]:
    found: list[str] = person.client.get(f"/api/tasks/{task['id']}").json()["tags"]
    return found


def patch(person: Person, task: dict[str, Any], **change: Any) -> Any:
    return person.client.patch(f"/api/tasks/{task['id']}", json=change)


def test_tags_are_listed_as_titles_sort_with_how_many_tasks_have_them(alice: Person) -> None:
    for names in (["b", "Éa"], ["b"], ["A", "b"], []):
        alice.create(tags=names)
    gone = alice.create(tags=["b", "gone"])
    alice.client.delete(f"/api/tasks/{gone['id']}")
    assert list(listed(alice).items()) == [("A", 1), ("b", 3), ("Éa", 1)]


def test_who_has_no_tags_has_an_empty_list(alice: Person, bob: Person) -> None:
    bob.create(tags=["his"])
    answer = alice.client.get("/api/tags")
    assert (answer.status_code, answer.json()) == (200, [])


def test_the_list_is_not_sent_again_while_nothing_changes(alice: Person) -> None:
    task = alice.create(tags=["a"])
    tag = alice.client.get("/api/tags").headers["etag"]
    again = alice.client.get("/api/tags", headers={"If-None-Match": tag})
    assert (again.status_code, again.content) == (304, b"")
    patch(alice, task, add_tags=["b"])
    news = alice.client.get("/api/tags", headers={"If-None-Match": tag})
    assert [each["name"] for each in news.json()] == ["a", "b"]


@pytest.mark.parametrize("name", NAMES)
def test_a_tag_of_any_name_is_reached(name: str, alice: Person) -> None:
    task = alice.create(tags=["other", name])
    renamed = alice.client.patch(path(name), json={"name": f"{name}!"})
    assert (renamed.status_code, renamed.json()) == (200, {"name": f"{name}!", "count": 1})
    assert tags_of(alice, task) == ["other", f"{name}!"]
    mine = f"/api/{alice.subject}/tags"
    back = alice.client.patch(f"{mine}/{quote(f'{name}!', safe='')}", json={"name": name})
    assert back.status_code == 200
    assert alice.client.delete(f"{mine}/{quote(name, safe='')}").status_code == 204
    assert tags_of(alice, task) == ["other"]


def test_renaming_to_a_tag_that_exists_merges_the_two(alice: Person) -> None:
    both = alice.create(tags=["x", "old", "y", "new"])
    one = alice.create(tags=["old", "z"])
    trashed = alice.create(tags=["old"])
    alice.client.delete(f"/api/tasks/{trashed['id']}")
    merged = alice.client.patch(path("old"), json={"name": "new"})
    assert merged.json() == {"name": "new", "count": 2}
    assert tags_of(alice, both) == ["x", "y", "new"]
    assert tags_of(alice, one) == ["new", "z"]
    alice.client.post(f"/api/tasks/{trashed['id']}/restore")
    assert tags_of(alice, trashed) == ["new"]


def test_renaming_a_tag_to_itself_writes_nothing(alice: Person) -> None:
    task = alice.create(tags=["a"])
    assert alice.client.patch(path("a"), json={"name": " a "}).json() == {"name": "a", "count": 1}
    assert alice.client.get(f"/api/tasks/{task['id']}").json()["version"] == task["version"]


def test_a_tag_that_no_task_has_is_404(alice: Person, bob: Person) -> None:
    bob.create(tags=["his"])
    for name in ("his", "nobodys", "x" * 60):
        assert alice.client.patch(path(name), json={"name": "new"}).status_code == 404
        assert alice.client.patch(path(name), json={"name": name[:50]}).status_code == 404
        assert alice.client.delete(path(name)).status_code == 404
    assert listed(bob) == {"his": 1}


def test_a_renamed_tag_is_found_by_its_new_name(alice: Person) -> None:
    alice.create("Milk", tags=["dairy"])
    alice.client.patch(path("dairy"), json={"name": "fridge"})
    for query, titles in {"q=fridge": ["Milk"], "q=dairy": [], "tag=fridge": ["Milk"]}.items():
        found = alice.client.get(f"/api/tasks?{query}").json()
        assert [task["title"] for task in found] == titles


def test_what_is_too_much_for_one_transaction_is_done_in_several(
    alice: Person, database_url: str
) -> None:
    some = 10_001
    with psycopg.connect(database_url) as connection:
        connection.execute("insert into duly.spaces (id) values (%s)", [alice.subject])
        connection.execute(
            "insert into duly.tasks (space_id, id, title, tags)"
            " select %s, uuidv7(), 'x', '{old}' from generate_series(1, %s)",
            [alice.subject, some],
        )
    renamed = alice.client.patch(path("old"), json={"name": "new"})
    while renamed.status_code == 202:  # a busy machine
        renamed = alice.client.patch(path("old"), json={"name": "new"})
    assert renamed.json() == {"name": "new", "count": some}
    assert some > 2 * tags.BATCH
    assert listed(alice) == {"new": some}


def test_two_clients_that_add_one_each_both_keep_theirs(alice: Person) -> None:
    task = alice.create(tags=["a", "b"])
    for change in ({"add_tags": ["c"]}, {"add_tags": ["d", "a"]}, {"remove_tags": ["b", "no"]}):
        answer = patch(alice, task, **change)
        assert answer.status_code == 200
    assert answer.json()["tags"] == ["a", "c", "d"]
    both = patch(alice, task, add_tags=["e"], remove_tags=["a"], title="Changed")
    assert both.json()["tags"] == ["c", "d", "e"]
    assert both.json()["title"] == "Changed"


@pytest.mark.parametrize(
    "change",
    [
        {"tags": ["a"], "add_tags": ["b"]},
        {"tags": [], "remove_tags": ["b"]},
        {"add_tags": ["a"], "remove_tags": ["a"]},
        {"add_tags": ["x" * 51]},
        {"add_tags": [""]},
        {"add_tags": [1]},
        {"add_tags": None},
        {"add_tags": "a"},
        {"tags": ["."]},
        {"tags": [".."]},
        {"tags": ["\N{ZERO WIDTH SPACE}"]},
        {"tags": ["a"] * 21},
    ],
)
def test_a_change_of_tags_that_cannot_be_meant_is_422(
    change: dict[str, Any], alice: Person
) -> None:
    task = alice.create(tags=["kept"])
    assert patch(alice, task, **change).status_code == 422
    assert tags_of(alice, task) == ["kept"]


def test_the_twenty_first_tag_is_422(alice: Person) -> None:
    task = alice.create(tags=[str(number) for number in range(20)])
    refused = patch(alice, task, add_tags=["one more"])
    assert refused.status_code == 422
    assert [each["pointer"] for each in refused.json()["errors"]] == ["/body/add_tags"]
    assert patch(alice, task, add_tags=["one more"], remove_tags=["0"]).status_code == 200


def test_a_tag_is_one_whatever_its_letters_are_made_of(alice: Person) -> None:
    task = alice.create(tags=["e\N{COMBINING ACUTE ACCENT}", " é "])
    assert task["tags"] == ["é"]


def test_a_name_that_no_tag_can_have_is_404(alice: Person) -> None:
    for name in ("%00", "a%00b"):
        renamed = alice.client.patch(f"/api/tags/{name}", json={"name": "new"})
        assert (renamed.status_code, renamed.json()["code"]) == (404, "not_found")
        assert alice.client.delete(f"/api/tags/{name}").status_code == 404


def test_a_tag_is_reached_whatever_its_letters_are_made_of(alice: Person) -> None:
    alice.create(tags=["é"])
    assert alice.client.delete(path("e\N{COMBINING ACUTE ACCENT}")).status_code == 204
    assert listed(alice) == {}
