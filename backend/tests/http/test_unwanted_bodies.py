"""A write says with its body exactly what it means: nothing in one is ignored."""

from typing import Any

import pytest

from backend.tests.support.paths import Operation, operations
from backend.tests.support.people import Person
from backend.tests.support.service import Service

JSON = {"Content-Type": "application/json"}


@pytest.fixture(scope="module")
def writes(service: Service) -> list[Operation]:
    found = [each for each in operations(service.app) if each.route.writes]
    return [each for each in found if not each.names_user]


def target_of(operation: Operation, person: Person) -> str:
    kind, shape = ("lists", {"name": "x"}) if operation.names_list else ("tasks", {"title": "x"})
    made = person.client.post(f"/api/{kind}", json=shape).json()["id"]
    if operation.wants_trash:
        person.client.delete(f"/api/{kind}/{made}")
    return operation.target(task=made)


def everything(person: Person) -> list[Any]:
    return [person.client.get(f"/api/{each}").json() for each in ("tasks", "trash", "lists")]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ('{"completed": true}', (422, "/body/completed")),
        ('{"if_match": 1, "x": {}}', (422, "/body/if_match")),
        *((content, (422, "/body")) for content in ("null", "[]", '"x"')),
        ("completed=true", (415, None)),
        ("{", (400, None)),
        ('{"a": 1, "a": 2}', (400, None)),
    ],
)
def test_a_write_that_takes_no_body_refuses_what_one_says(
    content: str, expected: tuple[int, str | None], writes: list[Operation], alice: Person
) -> None:
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    bare = [each for each in writes if not each.takes_body]
    assert len(bare) >= 8
    targets = [(operation, target_of(operation, alice)) for operation in bare]
    before = everything(alice)
    for operation, target in targets:
        options: dict[str, Any] = {"content": content, "headers": form if "=" in content else JSON}
        answer = alice.client.request(operation.method, target, **options)
        errors = answer.json().get("errors", [{"pointer": None}])
        assert (answer.status_code, errors[0]["pointer"]) == expected, operation
    assert everything(alice) == before


@pytest.mark.parametrize("headers", [JSON, {}])
@pytest.mark.parametrize("content", ["", "{}", " {} \n"])
def test_no_body_and_an_empty_object_say_nothing(
    content: str, headers: dict[str, str], writes: list[Operation], alice: Person
) -> None:
    for operation in writes:
        if not operation.takes_body and not operation.path.endswith("/tags/{name}"):
            options: dict[str, Any] = {"content": content, "headers": headers}
            target = target_of(operation, alice)
            answer = alice.client.request(operation.method, target, **options)
            assert answer.is_success, (operation, answer.text)


def test_null_is_not_the_same_as_no_body(writes: list[Operation], alice: Person) -> None:
    for operation in writes:
        target = target_of(operation, alice)
        answer = alice.client.request(operation.method, target, content="null", headers=JSON)
        assert answer.status_code == 422, operation
        assert answer.json()["errors"][0]["pointer"] == "/body", operation


def test_of_a_crowd_of_members_twenty_are_named(alice: Person) -> None:
    body = {f"m{number}": number for number in range(4_000)}
    path = f"/api/tasks/{alice.create()['id']}/toggle"
    answer = alice.client.patch(path, json=body)
    assert (answer.status_code, len(answer.json()["errors"])) == (422, 20)
