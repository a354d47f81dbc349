"""What somebody writes who uses openapi-python-client: mypy reads it, and it has to work."""

import json
import os
from uuid import UUID

from duly_client import AuthenticatedClient
from duly_client.api.tasks import complete_task_by_post, create_task, list_tasks, update_task
from duly_client.models import (
    ListTasksStatus,
    ProblemCode,
    ProblemDocument,
    TaskCreate,
    TaskRead,
    TaskUpdate,
)

duly = AuthenticatedClient(base_url=os.environ["DULY_URL"], token=os.environ["DULY_TOKEN"])

# A title is all that a new task needs.
created = create_task.sync(client=duly, body=TaskCreate(title="Buy milk"))
assert isinstance(created, TaskRead)
tag = f'"{created.version}"'
patch = TaskUpdate(description=None)
patched = update_task.sync(created.id, client=duly, body=patch, if_match=tag)
assert isinstance(patched, TaskRead)
# No body is needed to toggle, and none of the parameters of a list.
toggled = complete_task_by_post.sync(created.id, client=duly)
assert isinstance(toggled, TaskRead)
listed = list_tasks.sync(client=duly)
assert isinstance(listed, list)
filtered = list_tasks.sync(client=duly, status=ListTasksStatus.COMPLETED, limit=5)
assert isinstance(filtered, list)
stale = update_task.sync(created.id, client=duly, body=TaskUpdate(title="x"), if_match=tag)
assert isinstance(stale, ProblemDocument)
refused = create_task.sync(client=duly, body=TaskCreate(title=""))
assert isinstance(refused, ProblemDocument)
own_id = UUID("01a2047c-ebaa-79f4-a0e0-dcd48e275a9e")
again = create_task.sync(client=duly, body=TaskCreate(id=own_id, title="Water the plants"))
assert isinstance(again, TaskRead)
words = {ProblemCode.STALE_VERSION: "changed elsewhere", ProblemCode.NOT_FOUND: "gone"}

print(
    json.dumps(
        {
            "created": created.completed,
            "patched": patched.version,
            "toggled": toggled.completed,
            "listed": len(listed),
            "titles": [each.title for each in filtered],
            "stale": words[stale.code],
            "current": stale.current.title if isinstance(stale.current, TaskRead) else None,
            "pointers": [each.pointer for each in refused.errors or []],
            "own": str(again.id),
        }
    )
)
