"""An import takes what the API could have made, and says of anything else in which line it is."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from backend.config import Settings
from backend.core.ids import new_id
from backend.jobs.failures import JobFailed
from backend.tests.jobs.conftest import imported
from backend.tests.jobs.test_transfers import HEAD, OTHER_ID, rows, task

DAY = "2026-03-01"
JANUARY = "2026-01-01T00:00:00+00:00"
TO_COME = (datetime.now(UTC) + timedelta(days=3)).isoformat()
RECURRING = {
    "due_date": DAY,
    "recurrence": "FREQ=DAILY",
    "recurrence_anchor": "2026-02-28T00:00:00",
}
STEP = RECURRING | {"due_date": "2026-02-28", "below": {}}


def a_list(**members: Any) -> dict[str, Any]:
    return {"type": "list", "id": str(new_id()), "name": "Food", **members}


def recurring(**members: Any) -> dict[str, Any]:
    return task(**RECURRING | members)


# What is wrong with a line, and words of what is said about it.
BAD_LINES: dict[str, tuple[Any, str]] = {
    "no JSON": (b"{", "JSON"),
    "no object": ([1], "object"),
    "a type that nobody knows": ({"type": "note"}, "'list', 'task'"),
    "a member that nobody knows": (task(color="red"), "color: Extra inputs"),
    "no title": ({"type": "task", "id": OTHER_ID}, "title: Field required"),
    "no date": (task(due_date="soon"), "due_date: "),
    "a title that is too long": (task(title="x" * 501), "title: String should have at most 500"),
    "an id that is no UUIDv7": (
        task(id="018f0000-0000-4000-8000-000000000001"),
        "id: UUID version 7",
    ),
    "tags that come twice": (task(tags=["a", "a"]), "tags: "),
    "a tag that no path can name": (task(tags=["."]), "tags.0: No URL"),
    "a tag with blanks round it": (task(tags=[" a "]), "tags: Value error, Input should be as"),
    "a rule that is none": (task(due_date="2026-03-01", recurrence="FREQ=NOPE"), "recurrence: "),
    "a time zone that is none": ({"type": "settings", "time_zone": "Mars/Olympus"}, "time_zone: "),
    "a NUL": (task(title="x\0"), "x00|\\\\u0000|NUL|unsupported"),
    "a time without a date": (task(due_time="09:00:00"), "due_time: It is nothing without"),
    "a zone without a time": (
        task(due_date=DAY, due_time_zone="UTC"),
        "due_time_zone: It is nothing without due_time",
    ),
    "a zone that is none": (
        task(due_date=DAY, due_time="09:00:00", due_time_zone="Mars/Olympus"),
        "due_time_zone: ",
    ),
    "a time with parts of a second": (task(due_date=DAY, due_time="09:00:00.5"), "due_time: "),
    "a date as a number": (task(due_date=20_000), "due_date: "),
    "a title that nobody sees": (task(title="\u200b"), "title: Text needs a visible"),
    "a title with blanks round it": (task(title=" a "), "title: Value error, Input should be as"),
    "a position that is no rank": (task(position="z1"), "position: Input should be a rank"),
    "a position with nothing behind it": (
        task(position="a010"),
        "position: Input should be a rank",
    ),
    "a priority that is none": (task(priority=5), "priority: "),
    "a priority as a text": (task(priority="3"), "priority: "),
    "a colour that is none": (a_list(color="red"), "color: "),
    "a list that is archived somehow": (a_list(archived="yes"), "archived: "),
    "a list that nobody can name": (a_list(name="\u200b"), "name: Text needs a visible"),
    "an archived inbox": ({"type": "inbox", "name": "In", "archived": True}, "archived: "),
    "a rule without a date": (task(recurrence="FREQ=DAILY"), "recurrence: It is nothing without"),
    "a rule without an anchor": (
        task(due_date=DAY, recurrence="FREQ=DAILY"),
        "recurrence_anchor: A recurrence needs one",
    ),
    "an anchor without a rule": (
        task(due_date=DAY, recurrence_anchor=f"{DAY}T00:00:00"),
        "recurrence_anchor: It is nothing without recurrence",
    ),
    "an anchor with an offset": (
        recurring(recurrence_anchor=f"{DAY}T00:00:00+00:00"),
        "recurrence_anchor: ",
    ),
    "an anchor as a number": (recurring(recurrence_anchor=1_700_000_000), "recurrence_anchor: "),
    "a step that is no object": (recurring(stepped_from=[1]), "stepped_from: "),
    "a step from no date": (recurring(stepped_from=STEP | {"due_date": "x"}), "from.due_date: "),
    "a step that says nothing": (recurring(stepped_from={}), "stepped_from.due_date: Field"),
    "a step that says too much": (recurring(stepped_from=STEP | {"x": 1}), "stepped_from.x: "),
    "a step from a rule that is none": (
        recurring(stepped_from=STEP | {"recurrence": "FREQ=NOPE"}),
        "stepped_from.recurrence: ",
    ),
    "a step that closed nothing that could be": (
        recurring(stepped_from=STEP | {"below": {"x": ["2026-01-01T00:00:00Z", None]}}),
        "stepped_from.below.x",
    ),
    "a step of what does not recur": (task(stepped_from=STEP), "stepped_from: It is nothing"),
    "what took it to the trash where it is not": (task(trashed_with=OTHER_ID), "trashed_with: It"),
    "what it completed itself with": (
        task(id=OTHER_ID, completed_with=OTHER_ID),
        "completed_with: Input should be another",
    ),
    "a parent that it is itself": (
        task(id=OTHER_ID, parent_id=OTHER_ID),
        "parent_id: Input should be another",
    ),
    "a deletion to come": (task(deleted_at=TO_COME), "deleted_at: Input should not be in the f"),
    "a completion to come": (task(completed_at=TO_COME), "completed_at: Input should not be in"),
    "a moment without an offset": (task(created_at="2026-01-01T00:00:00"), "created_at: "),
    "a moment as a number": (task(created_at="1700000000"), "created_at: Input should be a date,"),
    "a change before it was made": (
        task(created_at=f"{DAY}T00:00:00Z", updated_at="2026-01-01T00:00:00Z"),
        "updated_at: Input should not be before created_at",
    ),
    "a completion before it was made": (
        task(created_at=f"{DAY}T00:00:00Z", completed_at="2026-01-01T00:00:00Z"),
        "completed_at: Input should not be before created_at",
    ),
    "a deletion after its last change": (
        task(created_at=JANUARY, updated_at=JANUARY, deleted_at=f"{DAY}T00:00:00Z"),
        "updated_at: Input should not be before deleted_at",
    ),
    "a change of what was never made": (
        task(updated_at=JANUARY),
        "updated_at: It is nothing without created_at",
    ),
    "a parent that is not there": (task(parent_id=OTHER_ID), "There is no such task"),
    "a list that is not there": (task(list_id=OTHER_ID), "There is no such list"),
    "an end too early": ({"type": "end", "lines": 7}, "7 lines were written, not 1"),
}


@pytest.mark.parametrize("what", BAD_LINES)
def test_a_bad_line_is_named_and_nothing_of_its_batch_stays(
    what: str, here: Settings, user: str
) -> None:
    bad, words = BAD_LINES[what]
    text = bad if isinstance(bad, bytes) else json.dumps(bad).encode()
    good = json.dumps(task()).encode()
    file = b"\n".join([HEAD, good, text, good, b'{"type":"end","lines":3}', b""])
    with pytest.raises(JobFailed, match=rf"^Line 3: .*(?:{words})") as refused:
        imported(here, user, file)
    assert "\n" not in str(refused.value)
    assert rows(here, user)["tasks"] == []
