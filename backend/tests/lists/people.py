"""What people do with lists."""

from typing import Any

from backend.tests.support.people import Person


def create(person: Person, name: str = "Groceries", **fields: Any) -> dict[str, Any]:
    """Create a list and give its representation."""
    answer = person.client.post("/api/lists", json={"name": name, **fields})
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


def names(person: Person, **query: Any) -> list[str]:
    """The names of their lists, in the order of the answer."""
    answer = person.client.get("/api/lists", params=query)
    assert answer.status_code == 200, answer.text
    return [each["name"] for each in answer.json()]


def inbox(person: Person) -> dict[str, Any]:
    """The representation of their inbox."""
    [found] = [each for each in person.client.get("/api/lists").json() if each["is_inbox"]]
    shown: dict[str, Any] = found
    return shown
