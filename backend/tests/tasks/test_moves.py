"""Moving: a place among others, another list, below another task."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg
import pytest

from backend.core.ids import new_id
from backend.tests.support.people import Person
from backend.tests.tasks.test_tree import Task, delete, now, post, tree

MakeList = Callable[[Person], str]


def move(person: Person, task: Task, **place: Any) -> Task:
    answer = person.client.post(f"/api/tasks/{task['id']}/move", json=place)
    assert answer.status_code == 200, answer.text
    assert answer.headers["etag"] == f'"{answer.json()["version"]}"'
    assert answer.json()["id"] == task["id"]
    moved: Task = answer.json()
    return moved


def refuse(person: Person, task: Task, **place: Any) -> tuple[int, str]:
    """The status, and which member is to blame or else the code."""
    before = now(person, task)
    answer = person.client.post(f"/api/tasks/{task['id']}/move", json=place)
    problem = answer.json()
    assert now(person, task) == before
    errors = problem.get("errors")
    return answer.status_code, errors[0]["pointer"] if errors else problem["code"]


def order(person: Person, **place: Any) -> str:
    """The titles of all tasks that have these values, in their order."""
    tasks = person.client.get("/api/tasks?limit=200").json()
    chosen = [task for task in tasks if all(task[k] == v for k, v in place.items())]
    return "".join(t["title"] for t in sorted(chosen, key=lambda t: (t["position"], t["id"])))


@pytest.fixture
def five(alice: Person) -> dict[str, Task]:
    return {title: alice.create(title) for title in "abcde"}


@pytest.mark.parametrize(
    ("moved", "place", "expected"),
    [
        ("e", {"before": "a"}, "eabcd"),
        ("e", {"before": "c"}, "abecd"),
        ("a", {"after": "e"}, "bcdea"),
        ("a", {"after": "c"}, "bcade"),
        ("b", {"before": "c"}, "abcde"),
        ("b", {"after": "a"}, "abcde"),
        ("b", {}, "acdeb"),
        ("e", {}, "abcde"),
    ],
)
def test_a_task_stands_where_it_was_put(
    moved: str, place: dict[str, str], expected: str, alice: Person, five: dict[str, Task]
) -> None:
    move(alice, five[moved], **{side: five[title]["id"] for side, title in place.items()})
    assert order(alice) == expected
    others = {title: task for title, task in five.items() if title != moved}
    assert now(alice, *others.values()) == [*others.values()], "only the moved one is written"


def test_a_new_task_comes_behind_a_moved_one(alice: Person, five: dict[str, Task]) -> None:
    move(alice, five["a"])
    alice.create("f")
    assert order(alice) == "bcdeaf"


def test_a_neighbour_in_the_trash_does_not_count(alice: Person, five: dict[str, Task]) -> None:
    delete(alice, five["b"])
    assert refuse(alice, five["e"], before=five["b"]["id"]) == (422, "/body/before")
    move(alice, five["e"], before=five["c"]["id"])
    assert order(alice, deleted_at=None) == "aecd"


def test_a_neighbour_says_list_and_parent(alice: Person, make_list: MakeList) -> None:
    groceries = make_list(alice)
    root = alice.create("r", list_id=groceries)
    part = alice.create("p", parent_id=root["id"])
    moved = move(alice, alice.create("m"), before=part["id"])
    assert (moved["list_id"], moved["parent_id"]) == (groceries, root["id"])
    assert order(alice, parent_id=root["id"]) == "mp"


def test_a_tree_changes_its_list_as_a_whole(alice: Person, make_list: MakeList) -> None:
    groceries = make_list(alice)
    root, part, leaf = tree(alice)
    delete(alice, leaf)
    moved = move(alice, root, list_id=groceries)
    assert moved == now(alice, root)[0]
    assert [task["list_id"] for task in now(alice, root, part, leaf)] == [groceries] * 3
    move(alice, root, list_id=None)
    assert [task["list_id"] for task in now(alice, root, part, leaf)] == [root["list_id"]] * 3
    post(alice, leaf, "restore")
    assert now(alice, leaf)[0]["parent_id"] == part["id"]


def test_a_part_leaves_its_parent_for_another_list_only(alice: Person, make_list: MakeList) -> None:
    groceries = make_list(alice)
    root, part = tree(alice, 2)
    assert move(alice, part, list_id=root["list_id"])["parent_id"] == root["id"]
    moved = move(alice, part, list_id=groceries)
    assert (moved["list_id"], moved["parent_id"]) == (groceries, None)


def test_a_parent_brings_its_list(alice: Person, make_list: MakeList) -> None:
    groceries = make_list(alice)
    root = alice.create("root", list_id=groceries)
    moved, below = tree(alice, 2)
    move(alice, moved, parent_id=root["id"])
    assert [task["list_id"] for task in now(alice, moved, below)] == [groceries] * 2
    assert move(alice, moved, parent_id=None)["list_id"] == groceries


def test_what_cannot_be_is_refused(alice: Person, make_list: MakeList, bob: Person) -> None:
    groceries = make_list(alice)
    root, part, leaf = tree(alice)
    gone, there = alice.create("gone"), alice.create("there", list_id=groceries)
    delete(alice, gone)
    deep = tree(alice, 4)
    foreign = bob.create()["id"]
    misplaced = (409, "misplaced")
    assert refuse(alice, root, parent_id=root["id"]) == misplaced
    assert refuse(alice, root, parent_id=leaf["id"]) == misplaced
    assert refuse(alice, root, before=leaf["id"]) == misplaced
    assert refuse(alice, part, parent_id=deep[-1]["id"]) == misplaced
    assert refuse(alice, leaf, parent_id=gone["id"]) == misplaced
    assert refuse(alice, leaf, before=there["id"], list_id=None) == misplaced
    assert refuse(alice, leaf, before=there["id"], parent_id=root["id"]) == misplaced
    assert refuse(alice, leaf, after=foreign) == (422, "/body/after")
    assert refuse(alice, leaf, after=leaf["id"]) == (422, "/body/after")
    assert refuse(alice, leaf, before=str(new_id())) == (422, "/body/before")
    assert refuse(alice, leaf, parent_id=foreign) == (422, "/body/parent_id")
    assert refuse(alice, leaf, list_id=str(new_id())) == (422, "/body/list_id")
    assert refuse(alice, leaf, list_id=groceries, parent_id=root["id"]) == (422, "/body/list_id")
    assert refuse(alice, leaf, before=root["id"], after=part["id"]) == (422, "/body")
    assert refuse(alice, leaf, position="a0") == (422, "/body/position")
    assert refuse(alice, leaf, parent_id="") == (422, "/body/parent_id")
    assert now(alice, root, part, leaf) == [root, part, leaf]


def test_the_fifth_level_is_the_last(alice: Person) -> None:
    five = tree(alice, 5)
    answer = alice.client.post("/api/tasks", json={"title": "six", "parent_id": five[-1]["id"]})
    assert (answer.status_code, answer.json()["code"]) == (409, "misplaced")


def test_a_stale_version_moves_nothing(alice: Person, five: dict[str, Task]) -> None:
    path = f"/api/tasks/{five['e']['id']}/move"
    body = {"before": five["a"]["id"]}
    answer = alice.client.post(path, json=body, headers={"If-Match": '"0"'})
    assert answer.status_code == 412
    assert answer.json()["current"] == five["e"]
    current = {"If-Match": f'"{five["e"]["version"]}"'}
    assert alice.client.post(path, json=body, headers=current).status_code == 200
    assert order(alice) == "eabcd"


def test_what_is_not_there_cannot_be_moved(alice: Person, bob: Person) -> None:
    trashed = alice.create()
    delete(alice, trashed)
    for task in (trashed, bob.create(), {"id": "x"}):
        answer = alice.client.post(f"/api/tasks/{task['id']}/move", json={})
        assert answer.status_code == 404


def test_a_patch_moves_to_the_end_of_another_place(alice: Person, make_list: MakeList) -> None:
    groceries = make_list(alice)
    root, below = tree(alice, 2)
    first = alice.create("first", list_id=groceries)
    path = f"/api/tasks/{root['id']}"
    changed = alice.client.patch(path, json={"title": "moved", "list_id": groceries}).json()
    assert (changed["title"], changed["list_id"]) == ("moved", groceries)
    assert changed["position"] > first["position"]
    assert now(alice, below)[0]["list_id"] == groceries
    below_it = alice.client.patch(path, json={"parent_id": first["id"]}).json()
    assert below_it["parent_id"] == first["id"]


def test_a_task_that_is_sent_back_as_it_came_stays_where_it_is(
    alice: Person, five: dict[str, Task]
) -> None:
    place = {name: five["b"][name] for name in ("list_id", "parent_id")}
    answer = alice.client.put(f"/api/tasks/{five['b']['id']}", json={"title": "B", **place})
    assert answer.json()["position"] == five["b"]["position"]
    assert order(alice) == "aBcde"


def test_equal_ranks_are_told_apart_unseen(
    alice: Person, five: dict[str, Task], database_url: str
) -> None:
    with psycopg.connect(database_url) as connection:
        connection.execute(
            "update duly.tasks set position = 'a0' where space_id = %s", [alice.subject]
        )
    before = order(alice)  # by id
    moved = five[before[-1]]
    move(alice, moved, after=five[before[1]]["id"])
    assert order(alice) == before[:2] + before[-1] + before[2:-1]
    assert len({task["position"] for task in now(alice, *five.values())}) == 5
    assert len({task["version"] for task in now(alice, *five.values())}) == 5


def test_ranks_stay_short(alice: Person, five: dict[str, Task]) -> None:
    """Always into the same gap, which is as bad as it can be."""
    pair = ["b", "d"]
    for _ in range(400):
        move(alice, five[pair[0]], after=five["a"]["id"])
        pair.reverse()
    tasks = now(alice, *five.values())
    assert max(len(task["position"]) for task in tasks) <= 64
    assert order(alice) == "adbce"


def test_only_what_is_near_is_numbered_anew(
    alice: Person, five: dict[str, Task], database_url: str
) -> None:
    """Between two of many that tie."""
    with psycopg.connect(database_url) as connection:
        connection.execute(
            "insert into duly.tasks (space_id, id, title, position) select %s,"
            " ('018f0000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, n::text,"
            " 'b' || lpad(n::text, 3, '0') from generate_series(1, 500) n",
            [alice.subject],
        )
        row = connection.execute(
            "update duly.tasks set position = 'b250' where space_id = %s and title = '251'"
            " returning id",
            [alice.subject],
        ).fetchone()
        assert row
    read = "select title, version from duly.tasks where space_id = %s order by position, id"
    with psycopg.connect(database_url) as connection:
        before = connection.execute(read, [alice.subject]).fetchall()
    move(alice, five["a"], before=str(row[0]))
    with psycopg.connect(database_url) as connection:
        after = connection.execute(read, [alice.subject]).fetchall()
    titles = [title for title, _ in before if title != "a"]
    at = titles.index("251")
    assert [title for title, _ in after] == [*titles[:at], "a", *titles[at:]]
    assert 100 < len(set(after) - set(before)) < 450


def test_a_restored_task_goes_to_the_inbox_when_its_list_is_gone(
    alice: Person, make_list: MakeList, database_url: str
) -> None:
    groceries = make_list(alice)
    root = alice.create("root", list_id=groceries)
    part = alice.create("part", parent_id=root["id"])
    with psycopg.connect(database_url) as connection:
        connection.execute(
            "update duly.tasks set deleted_at = now(), trashed_with = list_id where list_id = %s",
            [groceries],
        )
        connection.execute("update duly.lists set deleted_at = now() where id = %s", [groceries])
    inbox = alice.create("last")
    restored = post(alice, root, "restore")
    assert restored["list_id"] == inbox["list_id"]
    assert restored["position"] > inbox["position"]
    assert now(alice, part)[0]["list_id"] == inbox["list_id"]
    assert now(alice, part)[0]["deleted_at"] is None


def test_moves_at_once_make_different_ranks(alice: Person) -> None:
    target = alice.create("target")
    tasks = [alice.create(f"{number}") for number in range(20)]
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda task: move(alice, task, before=target["id"]), tasks))
    assert len({task["position"] for task in now(alice, target, *tasks)}) == 21
    assert order(alice).endswith("target")
