"""The order of lists."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from random import Random
from typing import Any

import psycopg
import pytest

from backend.core.ids import new_id
from backend.tests.lists.people import create, inbox, names
from backend.tests.support.people import Person


@pytest.fixture
def database(database_url: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(database_url, autocommit=True) as connection:
        yield connection


@pytest.fixture
def ids(alice: Person) -> dict[str, str]:
    """Lists of alice's behind her inbox, by their names."""
    made = {name: create(alice, name)["id"] for name in "abcd"}
    return {"Inbox": inbox(alice)["id"], **made}


def move(person: Person, list_id: str, **place: Any) -> dict[str, Any]:
    answer = person.client.post(f"/api/lists/{list_id}/move", json=place)
    assert answer.status_code == 200, answer.text
    moved: dict[str, Any] = answer.json()
    return moved


@pytest.mark.parametrize(
    ("said", "order"),
    [
        ("d before a", "Inbox d a b c"),
        ("d after Inbox", "Inbox d a b c"),
        ("a before Inbox", "a Inbox b c d"),
        ("a after d", "Inbox b c d a"),
        ("a before b", "Inbox a b c d"),
        ("a after Inbox", "Inbox a b c d"),
        ("Inbox after b", "a b Inbox c d"),
        ("b", "Inbox a c d b"),
        ("d", "Inbox a b c d"),
    ],
)
def test_a_list_goes_where_it_is_put(
    said: str, order: str, ids: dict[str, str], alice: Person
) -> None:
    name, *place = said.split()
    before = {each["id"]: each for each in alice.client.get("/api/lists").json()}
    moved = move(alice, ids[name], **({place[0]: ids[place[1]]} if place else {}))
    assert names(alice) == order.split()
    after = alice.client.get("/api/lists").json()
    assert moved in after
    changed = {"position", "version", "updated_at"}
    assert {k: v for k, v in moved.items() if k not in changed} == {
        k: v for k, v in before[ids[name]].items() if k not in changed
    }
    # One row was written, however many there are.
    assert [each for each in after if each != before[each["id"]]] == [moved]


def test_what_comes_later_comes_last(ids: dict[str, str], alice: Person) -> None:
    move(alice, ids["a"])
    create(alice, "e")
    assert names(alice) == ["Inbox", "b", "c", "d", "a", "e"]


@pytest.mark.parametrize("between", ["nothing", "little"])
def test_where_there_is_no_room_all_get_new_places_unseen(
    between: str, ids: dict[str, str], alice: Person, database: psycopg.Connection
) -> None:
    command = "update duly.lists set position = %s where space_id = %s and name = %s"
    low = f"m{5:013}"
    crowded = {"a": low, "b": low if between == "nothing" else f"{low}{'0' * 80}1"}
    others = {"Inbox": f"m{4:013}", "c": f"m{6:013}", "d": f"m{7:013}"}
    for name, position in (crowded | others).items():
        database.execute(command, [position, alice.subject, name])
    first, second = names(alice)[1:3]
    moved = move(alice, ids["d"], after=ids[first])
    assert names(alice) == ["Inbox", first, "d", second, "c"]
    found = alice.client.get("/api/lists").json()
    assert moved in found
    assert len({each["position"] for each in found}) == 5
    assert max(len(each["position"]) for each in found) <= 64
    assert len({each["version"] for each in found}) == 5


def test_any_moves_keep_the_order_of_the_others(ids: dict[str, str], alice: Person) -> None:
    random = Random(7)  # noqa: S311 - the same moves every time
    expected = names(alice)
    for _ in range(60):
        name, target = random.sample(expected, 2)
        side = random.choice(["before", "after"])
        move(alice, ids[name], **{side: ids[target]})
        expected.remove(name)
        expected.insert(expected.index(target) + (side == "after"), name)
        assert names(alice) == expected


def test_moves_at_once_leave_one_order(ids: dict[str, str], alice: Person) -> None:
    random = Random(7)  # noqa: S311 - the same moves every time
    moves = [random.sample([*ids.values()], 2) for _ in range(40)]
    with ThreadPoolExecutor(8) as crowd:
        list(crowd.map(lambda pair: move(alice, pair[0], before=pair[1]), moves))
    found = alice.client.get("/api/lists").json()
    assert {each["id"] for each in found} == {*ids.values()}
    assert len({each["position"] for each in found}) == 5


@pytest.mark.parametrize(
    ("place", "pointer"),
    [
        ({"before": "{id}"}, "/body/before"),
        ({"after": "{trashed}"}, "/body/after"),
        ({"after": "{his}"}, "/body/after"),
        ({"before": "{missing}"}, "/body/before"),
        ({"before": "x"}, "/body/before"),
        ({"before": "{a}", "after": "{a}"}, "/body"),
        ({"beside": "{a}"}, "/body/beside"),
        ({"position": "a0"}, "/body/position"),
    ],
)
def test_a_place_that_is_none_is_refused(
    place: dict[str, str], pointer: str, ids: dict[str, str], alice: Person, bob: Person
) -> None:
    alice.client.delete(f"/api/lists/{ids['d']}")
    known = {"id": ids["b"], "a": ids["a"], "trashed": ids["d"], "missing": str(new_id())}
    known["his"] = create(bob)["id"]
    body = {side: target.format(**known) for side, target in place.items()}
    before = alice.client.get("/api/lists").json()
    answer = alice.client.post(f"/api/lists/{ids['b']}/move", json=body)
    assert answer.status_code == 422, answer.text
    assert answer.json()["errors"][0]["pointer"] == pointer
    assert alice.client.get("/api/lists").json() == before


def test_a_list_is_put_beside_an_archived_one(ids: dict[str, str], alice: Person) -> None:
    alice.client.patch(f"/api/lists/{ids['c']}", json={"archived": True})
    move(alice, ids["a"], after=ids["c"])
    assert names(alice, archived="all") == ["Inbox", "b", "c", "a", "d"]
