"""What an everyday interface asks for, by openapi-python-client: the same as `everyday.ts`."""

import json
import os
from datetime import date
from typing import TypeVar
from uuid import UUID

from duly_client import AuthenticatedClient
from duly_client.api.lists import create_list, list_lists
from duly_client.api.stats import count_tasks
from duly_client.api.tags import list_tags
from duly_client.api.tasks import (
    batch_tasks,
    complete_task,
    create_task,
    delete_task,
    list_tasks,
    list_trash,
    move_task,
    restore_task,
)
from duly_client.models import (
    BatchChange,
    BatchChanged,
    BatchOperations,
    BatchResults,
    ChosenTasks,
    CompleteOperation,
    CreateOperation,
    ListCreate,
    ListRead,
    ListTasksSort,
    Stats,
    TaskComplete,
    TaskCreate,
    TaskCreatePriority,
    TaskMove,
    TaskRead,
    TasksChange,
    TasksChangePriority,
    TaskUpdate,
    UpdateOperation,
)

A = TypeVar("A")
duly = AuthenticatedClient(base_url=os.environ["DULY_URL"], token=os.environ["DULY_TOKEN"])


def found(kind: type[A], answer: object) -> A:
    """What was answered, if it was not refused."""
    assert isinstance(answer, kind), answer
    return answer


def create(task: TaskCreate) -> TaskRead:
    """A new task."""
    return found(TaskRead, create_task.sync(client=duly, body=task))


def titles(answer: object) -> list[str]:
    """Those of a list."""
    return [found(TaskRead, each).title for each in found(list, answer)]


place = found(
    ListRead, create_list.sync(client=duly, body=ListCreate(name="Trip", color="#3366FF"))
)
high = TaskCreatePriority.HIGH
trip = create(TaskCreate(title="Plan the trip", list_id=place.id, priority=high, tags=["travel"]))
train = create(TaskCreate("Book the train", parent_id=trip.id, due_date=date(2020, 2, 1)))
seats = create(TaskCreate(title="Choose seats", parent_id=trip.id))

# The order is the user's.
found(TaskRead, move_task.sync(seats.id, client=duly, body=TaskMove(before=train.id)))
by_position = ListTasksSort.POSITION
parts = titles(list_tasks.sync(client=duly, parent_id=trip.id, sort=by_position))

# Each month, at nine in Lisbon; the name of an occurrence makes a second press harmless.
rent = create(
    TaskCreate(
        title="Pay the rent",
        due_date=date(2020, 1, 31),
        due_time="09:00",
        due_time_zone="Europe/Lisbon",
        recurrence="FREQ=MONTHLY;BYMONTHDAY=-1",
    )
)
press = TaskComplete(completed=True, occurrence="2020-01-31T09:00")
pressed = [found(TaskRead, complete_task.sync(rent.id, client=duly, body=press)) for _ in range(2)]
nexts = [[each.completed, str(each.due_date)] for each in pressed]

# Many at once: each has its own result.
operations = BatchOperations(
    operations=[
        CreateOperation(
            op="create", task=TaskCreate(title="Pack", list_id=place.id, tags=["travel"])
        ),
        UpdateOperation(op="update", id=seats.id, patch=TaskUpdate(add_tags=["travel"])),
        CompleteOperation(op="complete", id=UUID("01a2047c-ebaa-79f4-a0e0-dcd48e275a9e")),
    ]
)
batch = found(BatchResults, batch_tasks.sync(client=duly, body=operations))
change = BatchChange(
    filter_=ChosenTasks(tag=["travel"]),
    change=TasksChange(priority=TasksChangePriority.LOW),
    expected_count=3,
)
changed = found(BatchChanged, batch_tasks.sync(client=duly, body=change)).changed

searched = titles(list_tasks.sync(client=duly, q="choo"))
by_date = ListTasksSort.DUE_DATE
overdue = titles(list_tasks.sync(client=duly, overdue="true", sort=by_date))
tags = [[each.name, each.count] for each in found(list, list_tags.sync(client=duly))]
stats = found(Stats, count_tasks.sync(client=duly))

# The trash takes a task with its subtasks, and gives them back.
delete_task.sync(trip.id, client=duly)
trashed = sorted(titles(list_trash.sync(client=duly)))
found(TaskRead, restore_task.sync(trip.id, client=duly))
counts = [[each.name, each.open_count] for each in found(list, list_lists.sync(client=duly))]

print(
    json.dumps(
        {
            "inside": train.list_id == place.id,
            "color": place.color,
            "parts": parts,
            "nexts": nexts,
            "statuses": [each.status for each in batch.results],
            "changed": changed,
            "searched": searched,
            "overdue": overdue,
            "tags": tags,
            "stats": [stats.open_, stats.overdue, len(stats.completed_per_day)],
            "trashed": trashed,
            "counts": counts,
        }
    )
)
