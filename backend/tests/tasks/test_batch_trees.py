"""A change of all that a filter finds takes trees as wholes, whatever parts of them it finds."""

from itertools import chain, combinations
from typing import Any, Final

import pytest

from backend.tests.support.people import Person
from backend.tests.tasks.test_batch_changes import ALL, changed
from backend.tests.tasks.test_tree import Task, completed, delete, now, post, trashed, tree

_LEVELS: Final = (0, 1, 2, 3)
SUBSETS: Final = [
    frozenset(levels)
    for levels in chain.from_iterable(combinations(_LEVELS, size) for size in (1, 2, 3, 4))
]


def change(person: Person, levels: frozenset[int], does: Any) -> list[Task]:
    """A tree, after a change of the tasks on some of its levels."""
    tasks = tree(person, len(_LEVELS))
    chosen = {"ids": [tasks[level]["id"] for level in levels]}
    assert changed(person, chosen, does) == len(levels)
    return tasks


@pytest.mark.parametrize("levels", SUBSETS, ids=lambda levels: "".join(map(str, sorted(levels))))
def test_what_was_deleted_or_done_with_another_comes_back_with_it(
    levels: frozenset[int], alice: Person
) -> None:
    top = min(levels)
    gone = [level >= top for level in _LEVELS]
    tasks = change(alice, levels, {"delete": True})
    assert trashed(alice, *tasks) == gone
    post(alice, tasks[top], "restore")
    assert trashed(alice, *tasks) == [False] * len(_LEVELS)

    tasks = change(alice, levels, {"completed": True, "priority": "high"})
    assert completed(alice, *tasks) == gone
    priorities = [task["priority"] == "high" for task in now(alice, *tasks)]
    assert priorities == [level in levels for level in _LEVELS]
    post(alice, tasks[top], "complete", completed=False)
    assert completed(alice, *tasks) == [False] * len(_LEVELS)


def test_what_was_deleted_or_done_before_stays_so(alice: Person) -> None:
    root, part, leaf = tree(alice)
    post(alice, leaf, "complete", completed=True)
    assert changed(alice, ALL, {"completed": True}) == 3
    post(alice, root, "complete", completed=False)
    assert completed(alice, root, part, leaf) == [False, False, True]
    delete(alice, leaf)
    assert changed(alice, ALL, {"delete": True}) == 2
    post(alice, root, "restore")
    assert trashed(alice, root, part, leaf) == [False, False, True]


def test_trees_are_done_on_their_way_to_another_list(alice: Person) -> None:
    work = alice.client.post("/api/lists", json={"name": "Work"}).json()["id"]
    tasks = change(alice, frozenset({1, 3}), {"completed": True, "list_id": work, "tags": ["x"]})
    assert completed(alice, *tasks) == [False, True, True, True]
    assert [task["list_id"] == work for task in now(alice, *tasks)] == [False, True, True, True]
    assert [task["tags"] for task in now(alice, *tasks)] == [[], ["x"], [], ["x"]]
    post(alice, tasks[1], "complete", completed=False)
    assert completed(alice, *tasks) == [False] * 4


def test_what_leaves_its_parent_on_the_way_is_done_by_itself(alice: Person) -> None:
    home = alice.create("home")
    tasks = change(alice, frozenset({0, 2}), {"completed": True, "parent_id": home["id"]})
    assert completed(alice, home, *tasks) == [False, True, True, True, True]
    parents = [task["parent_id"] for task in now(alice, *tasks)]
    assert parents == [home["id"], tasks[0]["id"], home["id"], tasks[2]["id"]]
    post(alice, tasks[0], "complete", completed=False)
    assert completed(alice, *tasks) == [False, False, True, True]


def test_all_are_open_again_that_a_change_opens(alice: Person) -> None:
    tasks = change(alice, frozenset({0, 2}), {"completed": True})
    assert changed(alice, {"ids": [tasks[2]["id"]]}, {"completed": False}) == 1
    assert completed(alice, *tasks) == [False, False, False, False]
