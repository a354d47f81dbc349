"""Writes of every kind, as they come."""

from random import Random

from backend.tests.support.people import Person


def write_something(person: Person, chance: Random, tasks: list[str], other_list: str) -> None:
    """One write, which may be about a task that is gone.

    Args:
        person: Whose.
        chance: Decides which.
        tasks: What it may be about; new ones are added.
        other_list: Where tasks may go.
    """
    path = f"/api/tasks/{chance.choice(tasks)}"
    title = {"title": str(chance.random())}
    where = chance.choice([{"list_id": other_list}, {"parent_id": chance.choice(tasks)}, {}])
    method, target, body = chance.choice(
        [
            ("POST", "/api/tasks", title),
            ("DELETE", path, None),
            ("DELETE", "/api/trash", None),
            ("POST", f"{path}/restore", None),
            ("POST", f"{path}/move", where),
            ("PATCH", f"{path}/complete", None),
            ("PATCH", path, title),
            ("PATCH", f"/api/lists/{other_list}", {"name": title["title"]}),
        ]
    )
    answer = person.client.request(method, target, json=body)
    assert answer.status_code < 500, answer.text
    if answer.status_code == 201:
        tasks.append(answer.json()["id"])
