"""What somebody writes who uses datamodel-code-generator: mypy reads it, and it has to work."""

import json
import os
from uuid import UUID

import httpx
from duly_models import ProblemCode, ProblemDocument, TaskCreate, TaskRead, TaskUpdate

token = os.environ["DULY_TOKEN"]
headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
duly = httpx.Client(base_url=os.environ["DULY_URL"], headers=headers, trust_env=False)


def sent(body: TaskCreate | TaskUpdate) -> str:
    """What is set, and nothing else."""
    return body.model_dump_json(exclude_unset=True)


# A title is all that a new task needs.
answer = duly.post("/api/tasks", content=sent(TaskCreate(title="Buy milk")))
created = TaskRead.model_validate_json(answer.content)
path, tag = f"/api/tasks/{created.id}", {"If-Match": f'"{created.version}"'}
answer = duly.patch(path, content=sent(TaskUpdate(description=None)), headers=tag)
patched = TaskRead.model_validate_json(answer.content)
toggled = TaskRead.model_validate_json(duly.post(f"{path}/complete").content)
listed = [TaskRead.model_validate(each) for each in duly.get("/api/tasks").json()]
filtered = [
    TaskRead.model_validate(each)
    for each in duly.get("/api/tasks", params={"status": "completed", "limit": 5}).json()
]
answer = duly.patch(path, content=sent(TaskUpdate(title="x")), headers=tag)
stale = ProblemDocument.model_validate_json(answer.content)
answer = duly.post("/api/tasks", content='{"title": ""}')
refused = ProblemDocument.model_validate_json(answer.content)
own_id = UUID("01a2047c-ebaa-79f4-a0e0-dcd48e275a9e")
answer = duly.post("/api/tasks", content=sent(TaskCreate(id=own_id, title="Water the plants")))
again = TaskRead.model_validate_json(answer.content)
words = {ProblemCode.stale_version: "changed elsewhere", ProblemCode.not_found: "gone"}

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
