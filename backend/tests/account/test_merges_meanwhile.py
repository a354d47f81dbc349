"""While a large account comes over, people go on changing it, there and here: nothing is lost.

A tree is wider than a step, so its top is in both accounts between two of them.
"""

from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import psycopg
import pytest

from backend.services import arrivals
from backend.services.merges import Merge
from backend.tests.account.test_erasures import PARTS
from backend.tests.account.test_merged_trees import step, tree
from backend.tests.account.test_merges import everything, merged
from backend.tests.lists.people import create, inbox, names
from backend.tests.support.people import Person

BATCH = 5
MANY = BATCH + 3

pytestmark = pytest.mark.anyio

Step = Callable[[], Awaitable[Merge]]


@pytest.fixture
def guest(person: Callable[[str], Person]) -> Person:
    return person("guest")


@pytest.fixture
def database(database_url: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(database_url, autocommit=True) as connection:
        yield connection


@pytest.fixture
def take_step(alice: Person, guest: Person, database_url: str) -> Step:
    """One transaction of a merge of the guest into alice."""
    return lambda: step(database_url, alice, guest, BATCH)


@pytest.fixture
def top(guest: Person, database: psycopg.Connection) -> str:
    """The id of a task of the guest's with more parts than a step takes; its list is Food."""
    made = create(guest, "Food")
    [top] = tree(guest, 1, list_id=made["id"])
    widen(database, guest, top, MANY)
    return top


def widen(database: psycopg.Connection, person: Person, parent: str, many: int) -> None:
    database.execute(PARTS, {"subject": person.subject, "parent": parent, "many": many})


def patch(person: Person, task_id: str, **fields: Any) -> None:
    answer = person.client.patch(f"/api/tasks/{task_id}", json=fields)
    assert answer.status_code == 200, answer.text


def at_top(person: Person) -> dict[str, dict[str, Any]]:
    """Their tasks that are a part of nothing, by title."""
    answer = person.client.get("/api/tasks", params={"parent_id": "none"})
    return {task["title"]: task for task in answer.json()}


def parts(person: Person, task_id: str) -> int:
    """How many parts a task has."""
    answer = person.client.get(f"/api/tasks?parent_id={task_id}&count=exact&limit=1")
    return int(answer.headers["total-count"])


async def test_what_is_changed_there_comes_along(
    alice: Person, guest: Person, top: str, take_step: Step
) -> None:
    assert await take_step() is Merge.LEFT
    patch(guest, top, title="Renamed there", tags=["a"], due_date="2026-03-01")
    patch(guest, top, description="Twice")
    assert await take_step() is Merge.DONE
    found = at_top(alice)
    assert [*found] == ["Renamed there"]
    task = found["Renamed there"]
    assert (task["id"], task["tags"], task["due_date"]) == (top, ["a"], "2026-03-01")
    assert task["description"] == "Twice"
    assert parts(alice, top) == MANY


async def test_each_change_there_comes_along(
    alice: Person, guest: Person, top: str, take_step: Step, database: psycopg.Connection
) -> None:
    widen(database, guest, top, 2 * MANY)
    for title in ("First", "Second", "Third"):
        assert await take_step() is Merge.LEFT
        patch(guest, top, title=title)
    merged(alice, guest)
    assert [*at_top(alice)] == ["Third"]
    assert parts(alice, top) == 3 * MANY


async def test_what_is_changed_here_stays(
    alice: Person, guest: Person, top: str, take_step: Step
) -> None:
    await take_step()
    patch(alice, top, title="Renamed here")
    merged(alice, guest)
    assert [*at_top(alice)] == ["Renamed here"]
    assert parts(alice, top) == MANY


async def test_of_what_is_changed_here_and_there_both_stay(
    alice: Person, guest: Person, top: str, take_step: Step, database: psycopg.Connection
) -> None:
    widen(database, guest, top, 2 * MANY)
    await take_step()
    for number, (one, other) in enumerate([(alice, guest), (guest, alice)]):
        for person in (one, other):
            patch(person, top, title=f"{person.subject.split('-', maxsplit=1)[0]} {number}")
        standing = await take_step()
    assert standing is Merge.LEFT
    merged(alice, guest)
    assert {*at_top(alice)} == {"alice 1", "guest 0", "guest 1"}
    assert at_top(alice)["alice 1"]["id"] == top
    assert parts(alice, top) == 3 * MANY


async def test_what_is_changed_alike_here_and_there_stays_one(
    alice: Person, guest: Person, top: str, take_step: Step
) -> None:
    await take_step()
    for person in (guest, alice):
        patch(person, top, title="Renamed")
    merged(alice, guest)
    assert [*at_top(alice)] == ["Renamed"]


async def test_what_is_moved_there_comes_once(
    alice: Person, guest: Person, top: str, take_step: Step
) -> None:
    other = guest.create("Other")
    await take_step()
    answer = guest.client.post(f"/api/tasks/{top}/move", json={"list_id": None})
    assert answer.status_code == 200
    patch(guest, top, parent_id=other["id"])
    merged(alice, guest)
    assert parts(alice, top) == MANY
    assert len(everything(alice)) == MANY + 2


async def test_what_is_moved_and_changed_there_is_beside_what_came_before(
    alice: Person, guest: Person, top: str, take_step: Step
) -> None:
    """The mark goes with the place, so nobody knows whether it was changed here as well."""
    await take_step()
    assert guest.client.post(f"/api/tasks/{top}/move", json={"list_id": None}).status_code == 200
    patch(guest, top, title="Renamed there")
    merged(alice, guest)
    assert {*at_top(alice)} == {"Level 0", "Renamed there"}
    assert parts(alice, top) == MANY


@pytest.mark.usefixtures("top")
async def test_positions_are_here_as_they_were_there(
    alice: Person, guest: Person, take_step: Step
) -> None:
    before = {task["id"]: task["position"] for task in everything(guest)}
    await take_step()
    merged(alice, guest)
    assert {task["id"]: task["position"] for task in everything(alice)} == before


@pytest.mark.parametrize("is_done", [True, False])
async def test_what_is_completed_or_opened_there_is_so_here(
    is_done: bool,  # noqa: FBT001 - a parameter of the test
    alice: Person,
    guest: Person,
    top: str,
    take_step: Step,
) -> None:
    def complete(completed: bool) -> None:  # noqa: FBT001 - as above
        body = {"completed": completed}
        assert guest.client.patch(f"/api/tasks/{top}/complete", json=body).status_code == 200

    if not is_done:
        complete(completed=True)
    await take_step()
    complete(completed=is_done)
    merged(alice, guest)
    assert {task["completed"] for task in everything(alice)} == {is_done}


async def test_what_is_deleted_there_is_in_the_trash_here_and_comes_back_whole(
    alice: Person, guest: Person, top: str, take_step: Step
) -> None:
    await take_step()
    guest.client.delete(f"/api/tasks/{top}")
    merged(alice, guest)
    assert alice.titles() == []
    assert alice.client.post(f"/api/tasks/{top}/restore").status_code == 200
    assert parts(alice, top) == MANY


async def test_what_is_restored_there_is_not_left_in_the_trash(
    alice: Person, guest: Person, top: str, take_step: Step
) -> None:
    guest.client.delete(f"/api/tasks/{top}")
    await take_step()
    assert guest.client.post(f"/api/tasks/{top}/restore").status_code == 200
    merged(alice, guest)
    assert "Level 0" in at_top(alice)
    assert len(everything(alice)) == MANY + 2  # and the top, which is in the trash as well


async def test_a_part_that_comes_to_be_there_comes_along(
    alice: Person, guest: Person, top: str, take_step: Step
) -> None:
    guest.client.patch(f"/api/tasks/{top}/complete", json={"completed": True})
    await take_step()
    guest.create("Late", parent_id=top)  # which opens what it is a part of
    merged(alice, guest)
    [found] = at_top(alice).values()
    assert (found["id"], found["completed"]) == (top, False)
    assert parts(alice, top) == MANY + 1


async def test_a_list_and_an_inbox_that_are_changed_there_are_so_here(
    alice: Person, guest: Person, top: str, take_step: Step
) -> None:
    await take_step()
    food = guest.client.get(f"/api/tasks/{top}").json()["list_id"]
    for list_id, name in ((food, "Essen"), (inbox(guest)["id"], "Eingang")):
        guest.client.patch(f"/api/lists/{list_id}", json={"name": name, "color": "#123456"})
    merged(alice, guest)
    assert {*names(alice)} == {"Eingang", "Essen"}
    found = alice.client.get(f"/api/lists/{food}").json()
    assert (found["color"], found["open_count"]) == ("#123456", MANY + 1)


async def test_a_top_that_has_another_id_here_is_changed_as_well(
    alice: Person, guest: Person, top: str, take_step: Step
) -> None:
    hers = alice.create("Hers", id=top)
    await take_step()
    patch(guest, top, title="Renamed there")
    merged(alice, guest)
    found = at_top(alice)
    assert {*found} == {"Hers", "Renamed there"}
    assert found["Hers"] == hers
    assert parts(alice, found["Renamed there"]["id"]) == MANY


@pytest.mark.parametrize("above", range(1, arrivals.LEVELS))
async def test_what_would_be_too_deep_comes_beside_what_it_was_a_part_of(
    above: int, alice: Person, guest: Person
) -> None:
    """Its top has come before, and was put below other things here."""
    own = tree(alice, above)
    ids = tree(guest, arrivals.LEVELS)
    alice.create("Level 0", id=ids[0], parent_id=own[-1])
    merged(alice, guest)
    found = {task["id"]: task for task in everything(alice)}
    depth: dict[str | None, int] = {None: 0}
    for task_id in own + ids:
        depth[task_id] = depth[found[task_id]["parent_id"]] + 1
    assert [depth[task_id] for task_id in ids] == [
        min(level, arrivals.LEVELS) for level in range(above + 1, above + 1 + arrivals.LEVELS)
    ]
    assert everything(guest) == []


async def test_whoever_has_chosen_nothing_gets_the_time_zone_and_inbox_of_the_other(
    alice: Person, guest: Person
) -> None:
    guest.client.patch("/api/me", json={"time_zone": "Asia/Tokyo"})
    guest.client.patch(f"/api/lists/{inbox(guest)['id']}", json={"name": "Eingang"})
    merged(alice, guest)
    assert alice.client.get("/api/auth/me").json()["time_zone"] == "Asia/Tokyo"
    assert names(alice) == ["Eingang"]


async def test_whoever_has_chosen_keeps_that(alice: Person, guest: Person) -> None:
    for person, name in ((alice, "Hers"), (guest, "Theirs")):
        person.client.patch("/api/me", json={"time_zone": f"Etc/GMT+{len(name)}"})
        person.client.patch(f"/api/lists/{inbox(person)['id']}", json={"name": name})
    merged(alice, guest)
    assert alice.client.get("/api/auth/me").json()["time_zone"] == "Etc/GMT+4"
    assert names(alice) == ["Hers"]
