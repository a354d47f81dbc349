"""Conditional requests: ETag, If-None-Match, If-Match (RFC 9110, section 13)."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from backend.tests.support.people import Person

# Method, path below the task, body of every write of one task.
WRITES: list[tuple[str, str, dict[str, Any] | None]] = [
    ("PATCH", "", {"title": "Changed"}),
    ("PATCH", "", {}),
    ("PUT", "", {"title": "Changed"}),
    ("PATCH", "/complete", {"completed": True}),
    ("POST", "/complete", None),
    ("PATCH", "/toggle", None),
    ("DELETE", "", None),
    ("POST", "/restore", None),
]


@pytest.fixture
def task(alice: Person) -> dict[str, Any]:
    """A task of alice's that has been changed once. In tags here, its version is written 2."""
    path = f"/api/tasks/{alice.create('Buy milk')['id']}"
    task: dict[str, Any] = alice.client.patch(path, json={"description": "2 l"}).json()
    return task


def tag(text: str, task: dict[str, Any]) -> str:
    """The text with the task's version for 2, and those beside it for 1 and 3."""
    version = task.get("version", 2)
    return text.translate({ord(str(n)): str(version + n - 2) for n in (1, 2, 3)})


def write(person: Person, task: dict[str, Any], row: Any, if_match: str) -> Any:
    method, suffix, body = row
    path = f"/api/tasks/{task['id']}{suffix}"
    headers = {"If-Match": tag(if_match, task)}
    return person.client.request(method, path, json=body, headers=headers)


# What proxies that compress make of "2"; and lists.
DRESSED = [
    *('W/"2"', '"2-gzip"', '"2-br"', '"2-zstd"', '"2--gzip"', 'W/"2-gzip"', '"2"-gzip'),
    *('"1", "2"', '"x","2"', '"x,y" ,\tW/"2"', 'W/"1",W/"2"', ',"2",'),
]


@pytest.mark.parametrize("known", ['"2"', *DRESSED, "*"])
def test_what_the_client_has_is_304(known: str, task: dict[str, Any], alice: Person) -> None:
    for method in ("GET", "HEAD"):
        path = f"/api/tasks/{task['id']}"
        answer = alice.client.request(method, path, headers={"If-None-Match": tag(known, task)})
        assert answer.status_code == 304
        assert answer.content == b""
        assert answer.headers["etag"] == tag('"2"', task)


@pytest.mark.parametrize(
    "known", ['"1"', "2", '"02"', '"2', '"2"x', "xyz", '"22"', 'W/"1"', '"2-x"', "W/2", '"W/2"']
)
def test_what_the_client_does_not_have_is_200(
    known: str, task: dict[str, Any], alice: Person
) -> None:
    headers = {"If-None-Match": tag(known, task)}
    answer = alice.client.get(f"/api/tasks/{task['id']}", headers=headers)
    assert answer.status_code == 200
    assert answer.json() == task


def test_after_a_change_the_old_tag_is_no_longer_enough(
    task: dict[str, Any], alice: Person
) -> None:
    alice.client.patch(f"/api/tasks/{task['id']}/toggle")
    headers = {"If-None-Match": tag('"2"', task)}
    answer = alice.client.get(f"/api/tasks/{task['id']}", headers=headers)
    assert answer.status_code == 200
    assert answer.headers["etag"] == tag('"3"', task)


def test_several_fields_are_one_list(task: dict[str, Any], alice: Person) -> None:
    known = [("If-None-Match", tag('"1"', task)), ("If-None-Match", tag('"2"', task))]
    path = f"/api/tasks/{task['id']}"
    assert alice.client.get(path, headers=known).status_code == 304
    allowed = [("If-Match", tag('"1"', task)), ("If-Match", tag('"2"', task))]
    assert alice.client.patch(path, json={"title": "a"}, headers=allowed).status_code == 200


@pytest.mark.parametrize("row", WRITES, ids=str)
@pytest.mark.parametrize("if_match", ['"2"', "*", *DRESSED])
def test_a_write_with_the_current_tag_is_done(
    row: Any, if_match: str, task: dict[str, Any], alice: Person
) -> None:
    assert write(alice, task, row, if_match).is_success


@pytest.mark.parametrize("row", WRITES, ids=str)
@pytest.mark.parametrize("if_match", ['"1"', 'W/"1"', '"3-gzip"', "2", '"2-x"', 'w/"2"', 'W/"x"'])
def test_a_write_with_another_tag_is_412_with_what_is_there_now(
    row: Any, if_match: str, task: dict[str, Any], alice: Person
) -> None:
    answer = write(alice, task, row, if_match)
    assert answer.status_code == 412
    assert answer.json()["code"] == "stale_version"
    assert answer.json()["current"] == task
    assert answer.headers["etag"] == tag('"2"', task)
    assert alice.client.get(f"/api/tasks/{task['id']}").json() == task


def test_restoring_is_conditional_too(task: dict[str, Any], alice: Person) -> None:
    path = f"/api/tasks/{task['id']}"
    alice.client.delete(path)
    refused = alice.client.post(f"{path}/restore", headers={"If-Match": tag('"2"', task)})
    assert refused.status_code == 412
    assert refused.json()["current"]["deleted_at"]
    retry = {"If-Match": refused.headers["etag"]}
    assert alice.client.post(f"{path}/restore", headers=retry).status_code == 200


@pytest.mark.parametrize("row", WRITES, ids=str)
def test_a_condition_on_nothing_is_404(row: Any, alice: Person) -> None:
    missing = {"id": "01890a5d-ac96-774b-bcce-b302099a8057"}
    for if_match in ('"1"', "*"):
        assert write(alice, missing, row, if_match).status_code == 404


def test_of_writers_with_the_same_tag_exactly_one_wins(task: dict[str, Any], alice: Person) -> None:
    def change(number: int) -> Any:
        return write(alice, task, ("PATCH", "", {"title": f"by {number}"}), '"2"')

    with ThreadPoolExecutor(16) as writers:
        answers = list(writers.map(change, range(16)))
    winners = [answer.json() for answer in answers if answer.status_code == 200]
    losers = [answer for answer in answers if answer.status_code == 412]
    assert len(winners) == 1
    assert len(losers) == 15
    assert alice.client.get(f"/api/tasks/{task['id']}").json() == winners[0]
    assert [answer.json()["current"] for answer in losers] == winners * 15


def test_those_who_merge_and_retry_lose_no_change(alice: Person) -> None:
    task = alice.create(description="")

    def append(letter: str) -> None:
        path = f"/api/tasks/{task['id']}"
        current = alice.client.get(path)
        while True:
            text = current.json()["description"] + letter
            headers = {"If-Match": current.headers["etag"]}
            answer = alice.client.patch(path, json={"description": text}, headers=headers)
            if answer.status_code == 200:
                return
            assert answer.status_code == 412
            current = alice.client.get(path)

    with ThreadPoolExecutor(8) as writers:
        list(writers.map(append, "abcdefgh"))
    final = alice.client.get(f"/api/tasks/{task['id']}").json()
    assert sorted(final["description"]) == list("abcdefgh")
    assert final["version"] == task["version"] + 8
