"""Invented tasks look as if somebody lived in them."""

import json
import unicodedata
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from itertools import count
from typing import Any

import pytest

from backend.config import Settings
from backend.jobs.failures import JobFailed
from backend.jobs.seed import seed
from backend.tests.jobs.conftest import exported, progress

TASKS = 400


def rows(settings: Settings, user: str, kind: str = "task") -> list[dict[str, Any]]:
    lines = map(json.loads, exported(settings, user).splitlines())
    return [line for line in lines if line.get("type") == kind]


@pytest.fixture(scope="module")
def tasks(here: Settings) -> list[dict[str, Any]]:
    """What was made up for somebody."""
    made = seed(here, "seeded", TASKS, 7, progress)
    assert (made.tasks, made.lists) == (TASKS, 7)
    return rows(here, "seeded")


def test_there_are_as_many_as_asked_for(tasks: list[dict[str, Any]]) -> None:
    assert len(tasks) == TASKS


@pytest.mark.parametrize("number", [1, 2, 3, 5])
def test_also_when_a_tree_would_have_more(number: int, here: Settings, user: str) -> None:
    assert seed(here, user, number, 1, progress).tasks == number


def test_there_is_something_of_each_kind(tasks: list[dict[str, Any]]) -> None:
    kinds = Counter(name for task in tasks for name in task)
    for name in (
        *("list_id", "parent_id", "description", "due_date", "due_time", "due_time_zone"),
        *("recurrence", "completed_at", "completed_with", "deleted_at", "trashed_with"),
    ):
        assert 0 < kinds[name] < TASKS, name
    assert {task["priority"] for task in tasks} == {0, 1, 2, 3, 4}
    assert any(len(task["tags"]) > 1 for task in tasks)
    assert {task["recurrence_from"] for task in tasks} == {"due", "completion"}


def test_trees_are_more_than_one_level_deep(tasks: list[dict[str, Any]]) -> None:
    parents = {task["id"]: task.get("parent_id") for task in tasks}

    def depth(task_id: str) -> int:
        for level in count(1):
            if (above := parents[task_id]) is None:
                return level
            task_id = above
        raise AssertionError

    assert {depth(task_id) for task_id in parents} >= {1, 2, 3}


def test_what_recurs_begins_on_a_day_of_its_rule(tasks: list[dict[str, Any]]) -> None:
    on = {"FREQ=WEEKLY;BYDAY=MO,TH": {0, 3}, "FREQ=MONTHLY;BYDAY=-1FR": {4}}
    days: dict[str, set[int]] = {rule: set() for rule in on}
    for task in tasks:
        if (rule := task.get("recurrence")) in on:
            due = date.fromisoformat(task["due_date"])
            days[rule].add(due.weekday())
            assert task["recurrence_anchor"].startswith(task["due_date"])
    for rule, weekdays in on.items():
        assert set() < days[rule] <= weekdays


def test_dates_lie_around_today_and_what_is_done_was_done_lately(
    tasks: list[dict[str, Any]],
) -> None:
    today = datetime.now(UTC)
    days = {
        (datetime.fromisoformat(t["due_date"]).date() - today.date()).days
        for t in tasks
        if "due_date" in t
    }
    assert min(days) < 0 < max(days)
    for task in tasks:
        made = datetime.fromisoformat(task["created_at"])
        assert made <= datetime.fromisoformat(task["updated_at"]) <= today
        for name in ("completed_at", "deleted_at"):
            if name in task:
                at = datetime.fromisoformat(task[name])
                assert max(made, today - timedelta(days=31)) <= at <= today


def test_they_are_in_several_languages(here: Settings, tasks: list[dict[str, Any]]) -> None:
    names = [row["name"] for row in rows(here, "seeded", "list")]
    text = "".join([*names, *(task["title"] for task in tasks)])
    scripts = {unicodedata.name(letter).split()[0] for letter in text if letter.isalpha()}
    assert {"LATIN", "CYRILLIC", "ARABIC", "CJK", "HIRAGANA"} <= scripts


def test_the_same_number_makes_the_same_tasks(here: Settings, user: str) -> None:
    for name in (user, f"{user}-again"):
        seed(here, name, 30, 5, progress)
    one, other = (Counter(t["title"] for t in rows(here, n)) for n in (user, f"{user}-again"))
    assert one == other


def test_once_more_adds_tasks_to_the_same_lists(here: Settings, user: str) -> None:
    seed(here, user, 20, 1, progress)
    again = seed(here, user, 20, 2, progress)
    assert (again.tasks, again.lists) == (20, 0)
    assert len(rows(here, user)) == 40


def test_nobody_gets_more_than_they_may_have(here: Settings, user: str) -> None:
    bounded = here.model_copy(update={"max_tasks_per_user": 10})
    with pytest.raises(JobFailed, match="MAX_TASKS_PER_USER is 10, so nobody may have 11 tasks"):
        seed(bounded, user, 11, 1, progress)
    seed(bounded, user, 10, 1, progress)
    with pytest.raises(JobFailed, match="as many tasks as they may have"):
        seed(bounded, user, 1, 2, progress)
