"""`POST /api/sync`: what was done offline is done once, and loses nothing of what others did."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import psycopg
import pytest

from backend.core.ids import new_id
from backend.security.signing import Issuer
from backend.services.lists.trash import BATCH
from backend.tests.lists.people import create as create_list
from backend.tests.support.people import Person
from backend.tests.support.proxy import Proxy
from backend.tests.support.service import Service
from backend.tests.sync.follower import Follower, everything

MISSING = "01890a5d-ac96-774b-bcce-b302099a8057"


def command(kind: str, **members: Any) -> dict[str, Any]:
    return {"uuid": str(uuid4()), "type": kind, **members}


def sync(person: Person, *commands: dict[str, Any], since: str | None = None) -> dict[str, Any]:
    answer = person.client.post("/api/sync", json={"since": since, "commands": commands})
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    assert [each["uuid"] for each in body["results"]] == [each["uuid"] for each in commands]
    return body


def statuses(body: dict[str, Any]) -> list[int]:
    return [each["status"] for each in body["results"]]


def test_commands_are_done_in_their_order_and_come_back_as_changes(alice: Person) -> None:
    alice.create()
    head = sync(alice)["cursor"]
    task, part, groceries = (str(new_id()) for _ in range(3))
    body = sync(
        alice,
        command("list.create", id=groceries, name="Groceries"),
        command("task.create", id=task, title="Buy milk", list_id=groceries),
        command("task.create", id=part, title="Find a shop", parent_id=task),
        command("task.update", id=task, title="Buy oat milk", priority="high"),
        command("task.complete", id=part),
        command("task.move", id=part, list_id=None, parent_id=None),
        command("list.update", id=groceries, color="#3366ff"),
        command("list.move", id=groceries),
        command("task.delete", id=part),
        command("task.restore", id=part),
        command("settings.update", time_zone="Europe/Berlin"),
        since=head,
    )
    assert statuses(body) == [201, 201, 201, 200, 200, 200, 200, 200, 204, 200, 200]
    assert not any(each["problem"] or each["replayed"] for each in body["results"])
    shown = alice.client.get(f"/api/tasks/{task}").json()
    assert (shown["title"], shown["priority"], shown["list_id"]) == (
        *("Buy oat milk", "high"),
        groceries,
    )
    assert body["results"][3]["body"] == shown
    assert {each["id"] for each in body["changes"]} == {task, part, groceries, alice.subject}
    follower = Follower(alice)
    follower.cursor = body["cursor"]
    assert (follower.follow(), body["more"]) == ([], False)


def test_what_was_done_before_is_answered_as_then_and_not_done_again(alice: Person) -> None:
    task = alice.create(due_date="2026-03-01", recurrence="FREQ=DAILY")["id"]
    made = str(new_id())
    commands = [
        command("task.create", id=made, title="Buy milk"),
        command("task.complete", id=task),
        command("task.update", id=MISSING, title="x"),
        command("task.update", id=made, title="y", add_tags=["home"]),
        command("task.create", id=made, title="Buy bread"),
        command("task.delete", id=made),
    ]
    first = sync(alice, *commands)
    assert statuses(first) == [201, 200, 404, 200, 409, 204]
    alice.client.post(f"/api/tasks/{made}/restore")
    before = everything(alice)
    again = sync(alice, *commands, command("task.update", id=made, title="z"))
    assert [each["replayed"] for each in again["results"]] == [True] * 6 + [False]
    answers = [
        [(each["status"], each["body"], (each["problem"] or {}).get("code")) for each in results]
        for results in (first["results"], again["results"][:6])
    ]
    assert answers[0] == answers[1]
    changed = {key for key, row in everything(alice).items() if before[key] != row}
    assert changed == {("task", made)}


def test_a_request_with_a_key_of_its_own_is_answered_to_the_byte(alice: Person) -> None:
    made = str(new_id())
    body = {
        "commands": [
            command("task.create", id=made, title="Buy milk"),
            command("task.update", id=MISSING, title="x"),
            command("task.create", id=made, title="Buy bread"),
            command("task.delete", id=made),
        ]
    }
    headers = {"Idempotency-Key": "one"}
    first = alice.client.post("/api/sync", json=body, headers=headers)
    assert statuses(first.json()) == [201, 404, 409, 204]
    alice.create()
    second = alice.client.post("/api/sync", json=body, headers=headers)
    assert second.content == first.content
    assert second.headers["Idempotency-Replayed"] == "true"
    body["commands"] = body["commands"][:1]
    assert alice.client.post("/api/sync", json=body, headers=headers).status_code == 422
    assert [each["replayed"] for each in sync(alice, *body["commands"])["results"]] == [True]


def test_whoever_has_nothing_yet_is_shown_their_inbox_and_can_fill_it(alice: Person) -> None:
    body = sync(alice)
    [inbox] = body["changes"]
    task = command("task.create", id=str(new_id()), title="Buy milk", list_id=inbox["id"])
    body = sync(alice, task, since=body["cursor"])
    assert statuses(body) == [201]
    assert [each["id"] for each in body["changes"]] == [inbox["id"], task["id"]]


def test_another_command_with_the_same_uuid_is_refused(alice: Person) -> None:
    first = command("task.create", id=str(new_id()), title="a")
    sync(alice, first)
    body = sync(alice, {**first, "title": "b"}, command("settings.update", time_zone="UTC"))
    assert statuses(body) == [422, 200]
    assert body["results"][0]["problem"]["code"] == "key_reused"
    assert alice.titles() == ["a"]


def test_members_merge_and_the_loser_stays_in_the_history(alice: Person, database_url: str) -> None:
    task = alice.create("Buy milk", tags=["a", "b"])
    base = task["version"]
    one = command("task.update", id=task["id"], title="one", add_tags=["c"], base_version=base)
    other = command(
        "task.update",
        id=task["id"],
        priority="high",
        remove_tags=["a"],
        base_version=base,
    )
    last = command("task.update", id=task["id"], title="last", base_version=base)
    for each in (one, other, last):
        assert statuses(sync(alice, each)) == [200]
    shown = alice.client.get(f"/api/tasks/{task['id']}").json()
    assert (shown["title"], shown["priority"]) == ("last", "high")
    assert sorted(shown["tags"]) == ["b", "c"]
    with psycopg.connect(database_url) as connection:
        before = connection.execute(
            "select before->>'title' from duly.history where entity_id = %s order by version",
            [task["id"]],
        ).fetchall()
    assert ("one",) in before


@pytest.mark.parametrize(
    "edit", [("task.update", {"title": "x"}), ("task.complete", {}), ("task.move", {})]
)
def test_a_deletion_beats_a_change_which_is_told_so(
    edit: tuple[str, dict[str, Any]], alice: Person
) -> None:
    task = alice.create()["id"]
    alice.client.delete(f"/api/tasks/{task}")
    body = sync(alice, command(edit[0], id=task, **edit[1]), command("task.delete", id=task))
    assert statuses(body) == [409, 204]
    assert body["results"][0]["problem"]["code"] == "in_trash"
    [trashed] = alice.client.get("/api/trash").json()
    assert (trashed["title"], trashed["completed"]) == ("Buy milk", False)
    kind, members = edit
    assert statuses(
        sync(alice, command("task.restore", id=task), command(kind, id=task, **members))
    ) == [200, 200]


def test_what_is_gone_for_good_is_a_404_and_stays_gone(alice: Person) -> None:
    task = alice.create()["id"]
    alice.client.delete(f"/api/tasks/{task}")
    alice.client.delete("/api/trash")
    kinds = ("task.update", "task.delete", "task.restore", "task.complete", "task.move")
    assert statuses(sync(alice, *(command(kind, id=task) for kind in kinds))) == [404] * 5
    assert alice.titles() == []


def test_a_list_in_the_trash_is_told_as_well_and_the_inbox_stays(alice: Person) -> None:
    made = create_list(alice)["id"]
    [inbox] = [each["id"] for each in alice.client.get("/api/lists").json() if each["is_inbox"]]
    body = sync(
        alice,
        command("list.delete", id=made),
        command("list.delete", id=made),
        command("list.update", id=made, name="x"),
        command("list.restore", id=made),
        command("list.update", id=made, name="x"),
        command("list.delete", id=inbox),
    )
    assert statuses(body) == [204, 204, 409, 200, 200, 409]
    assert body["results"][2]["problem"]["code"] == "in_trash"
    assert body["results"][5]["problem"]["code"] == "inbox_protected"


def test_an_occurrence_that_two_complete_is_completed_once(alice: Person) -> None:
    task = alice.create(due_date="2026-03-01", recurrence="FREQ=DAILY")["id"]
    for _ in range(2):
        body = sync(alice, command("task.complete", id=task, occurrence="2026-03-01"))
        assert statuses(body) == [200]
    assert alice.client.get(f"/api/tasks/{task}").json()["due_date"] == "2026-03-02"


def test_many_occurrences_come_back_as_changes_in_the_same_answer(alice: Person) -> None:
    made = [alice.create(due_date="2026-03-01", recurrence="FREQ=DAILY")["id"] for _ in range(20)]
    head = sync(alice)["cursor"]
    body = sync(alice, *(command("task.complete", id=each) for each in made), since=head)
    assert [(each["id"], each["data"]["due_date"]) for each in body["changes"]] == [
        (each, "2026-03-02") for each in made
    ]


def test_a_list_of_thousands_goes_to_the_trash_before_what_comes_behind_it(
    alice: Person, database_url: str
) -> None:
    made = create_list(alice)["id"]
    with psycopg.connect(database_url) as connection:
        connection.execute("select set_config('app.space_id', %s, true)", [alice.subject])
        connection.execute(
            "insert into duly.tasks (id, title, list_id)"
            " select uuidv7(), 'x', %s from generate_series(1, %s)",
            [made, BATCH + 10],
        )
    commands = [command("list.delete", id=made), command("list.restore", id=made)]
    assert statuses(sync(alice, *commands)) == [204, 200]
    assert alice.client.get(f"/api/lists/{made}").json()["open_count"] == BATCH + 10
    assert statuses(sync(alice, *commands)) == [204, 200]


def test_it_is_one_round_trip(watched: tuple[Service, Proxy], issuer: Issuer) -> None:
    service, proxy = watched
    friend = Person("friend", service, issuer)
    task = friend.create()["id"]

    def syncs() -> int:
        before = proxy.messages["S"]
        commands = (
            command("task.create", id=str(new_id()), title="Buy milk"),
            command("task.update", id=task, title="x"),
            command("task.complete", id=task),
            command("task.delete", id=task),
            command("task.restore", id=task),
        )
        assert statuses(sync(friend, *commands)) == [201, 200, 200, 204, 200]
        return proxy.messages["S"] - before

    assert min(syncs() for _ in range(2)) == 1
    friend.client.close()


def test_a_cursor_that_is_too_old_is_told_and_what_was_done_is_answered_then(
    alice: Person,
) -> None:
    made = command("task.create", id=str(new_id()), title="Buy milk")
    answer = alice.client.post("/api/sync", json={"since": "999999", "commands": [made]})
    assert (answer.status_code, answer.json()["code"]) == (410, "cursor_too_old")
    assert alice.titles() == ["Buy milk"]
    body = sync(alice, made)
    assert [(each["status"], each["replayed"]) for each in body["results"]] == [(201, True)]
    assert made["id"] in {each["id"] for each in body["changes"]}


def test_of_several_that_are_refused_each_has_its_own_problem(alice: Person) -> None:
    task = alice.create()["id"]
    body = sync(
        alice,
        command("task.move", id=task, parent_id=task),
        command("task.create", id=str(new_id()), title="x", list_id=MISSING),
        command("task.update", id=task, title="y"),
        command("task.move", id=task, after=MISSING),
    )
    assert statuses(body) == [409, 422, 200, 422]
    problems = [each["problem"] for each in body["results"]]
    assert [problem and problem["position"] for problem in problems] == [0, 1, None, 3]
    assert problems[1]["errors"][0]["pointer"].startswith("/body/commands/1/")


BAD: dict[str, Callable[[], Any]] = {
    "no object": list,
    "a member too many": lambda: {"commands": [], "x": 1},
    "a cursor that is none": lambda: {"since": "x"},
    "a cursor that is a number": lambda: {"since": 1},
    "101 commands": lambda: {"commands": [command("task.delete", id=MISSING)] * 101},
    "an unknown type": lambda: {"commands": [command("task.paint", id=MISSING)]},
    "no type": lambda: {"commands": [{"uuid": "a", "id": MISSING}]},
    "no id": lambda: {"commands": [command("task.create", title="x")]},
    "an id that is no UUIDv7": lambda: {
        "commands": [command("task.create", id=str(uuid4()), title="x")]
    },
    "a command too many members": lambda: {
        "commands": [command("task.delete", id=MISSING, title="x")]
    },
    "a uuid twice": lambda: {"commands": [{**command("task.delete", id=MISSING), "uuid": "a"}] * 2},
    "a uuid with a blank": lambda: {
        "commands": [{**command("task.delete", id=MISSING), "uuid": "a b"}]
    },
    "tags in two ways": lambda: {
        "commands": [command("task.update", id=MISSING, tags=["a"], add_tags=["b"])]
    },
    "two neighbours": lambda: {
        "commands": [command("task.move", id=MISSING, before=MISSING, after=MISSING)]
    },
    "a version that is none": lambda: {
        "commands": [command("task.delete", id=MISSING, base_version=-1)]
    },
    "a crowd": lambda: {"commands": [{f"m{number}": 1 for number in range(1_000)}]},
}


@pytest.mark.parametrize("name", BAD)
def test_a_body_that_is_not_acceptable_is_a_422_and_nothing_is_done(
    name: str, alice: Person
) -> None:
    answer = alice.client.post("/api/sync", json=BAD[name]())
    assert answer.status_code == 422, answer.text
    assert alice.titles() == []


def test_a_due_date_and_its_clearing_are_read_as_everywhere(alice: Person) -> None:
    made = str(new_id())
    body = sync(
        alice,
        command("task.create", id=made, title="x", due_date="2026-03-01T09:00:00Z"),
        command("task.update", id=made, due_date=None),
    )
    due = [each["body"]["due_time_zone"] for each in body["results"]]
    assert due == ["UTC", None]
