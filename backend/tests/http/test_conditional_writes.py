"""No write ignores a condition: each one judges it or refuses it (RFC 9110, section 13)."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from backend.core.ids import new_id
from backend.security.signing import Issuer
from backend.tests.support.paths import Operation, operations
from backend.tests.support.people import ORIGIN, Person
from backend.tests.support.service import Service

READABLE = ("tasks", "trash", "lists", "lists?trashed=true", "tags", "auth/me")
# What asks something of the token alone and writes nothing; and commands, each of which has a
# condition of its own.
UNCONDITIONAL = {"/api/auth/verify", "/api/sync"}
DRESSED = ["{}", "W/{}", "*"]


@pytest.fixture(scope="module")
def writes(service: Service) -> list[Operation]:
    """Every write; under a user's id they are the same routes."""
    found = [each for each in operations(service.app) if each.route.writes]
    return [each for each in found if not each.names_user]


@pytest.fixture(scope="module")
def judging(writes: list[Operation]) -> list[Operation]:
    found = [each for each in writes if each.path not in UNCONDITIONAL]
    assert len(found) > 20
    return found


@pytest.fixture
def guest(service: Service, issuer: Issuer) -> Any:
    person = Person("guest", service, issuer)
    yield person
    person.client.close()


def target_of(operation: Operation, person: Person) -> tuple[str, str]:
    """A path that leads to something, and the tag of what it leads to."""
    person.client.post("/api/lists", json={"name": "Errands"})
    person.create(tags=["home"])
    client = person.client
    path = "/api/auth/me" if operation.path.startswith("/api/me") else "/api/tasks"
    kind = "lists" if operation.names_list else "tasks"
    if not (operation.names_task or operation.names_list):
        return operation.target(), client.get(path).headers["etag"]
    shape = {"name": "x"} if operation.names_list else {"title": "x"}
    made = client.post(f"/api/{kind}", json=shape).json()["id"]
    tag = client.get(f"/api/{kind}/{made}").headers["etag"]
    if operation.wants_trash:
        client.delete(f"/api/{kind}/{made}")
        path = "/api/trash" if kind == "tasks" else "/api/lists?trashed=true"
        [gone] = [each for each in client.get(path).json() if each["id"] == made]
        tag = f'"{gone["version"]}"'
    return operation.target(task=made), tag


def body_of(operation: Operation, guest: Person) -> Any:
    if operation.path == "/api/me/merge":
        return {"token": guest.token}
    if operation.path == "/api/me":
        return {"time_zone": "Asia/Tokyo"} if operation.takes_body else None
    if operation.path.endswith("/batch"):
        return {"filter": {"status": "all"}, "change": {"title": "Changed"}}
    return operation.body


def everything(person: Person) -> list[Any]:
    return [person.client.get(f"/api/{each}").json() for each in READABLE]


@pytest.mark.parametrize("dressed", DRESSED)
def test_every_write_with_the_tag_of_what_is_there_is_done(
    dressed: str, judging: list[Operation], alice: Person, guest: Person
) -> None:
    for operation in judging:
        target, tag = target_of(operation, alice)
        headers = {"If-Match": dressed.format(tag)}
        body = body_of(operation, guest)
        answer = alice.client.request(operation.method, target, json=body, headers=headers)
        assert answer.is_success, (operation, answer.text)


def test_every_write_with_another_tag_is_412_and_changes_nothing(
    judging: list[Operation], alice: Person, guest: Person
) -> None:
    targets = [(operation, *target_of(operation, alice)) for operation in judging]
    for zone in ("UTC", "Europe/Berlin"):  # and every state that a tag names is over
        alice.client.patch("/api/me", json={"time_zone": zone})
    before = everything(alice)
    for operation, target, tag in targets:
        of_one = operation.names_task or operation.names_list
        for stale in ('"1"' if of_one else tag, ""):
            body = body_of(operation, guest)
            options: dict[str, Any] = {"json": body, "headers": {"If-Match": stale}}
            answer = alice.client.request(operation.method, target, **options)
            assert answer.status_code == 412, (operation, answer.text)
            assert answer.json()["code"] == "stale_version"
            assert "position" not in answer.json()
    assert everything(alice) == before


def test_what_a_stale_write_of_one_thing_says_is_what_is_there_now(alice: Person) -> None:
    made = alice.client.post("/api/lists", json={"name": "Errands"}).json()["id"]
    for read, written in (
        ("/api/auth/me", "/api/me"),
        (f"/api/lists/{made}", f"/api/lists/{made}"),
        (f"/api/tasks/{alice.create()['id']}",) * 2,
    ):
        answer = alice.client.patch(written, json={}, headers={"If-Match": '"999999"'})
        now = alice.client.get(read)
        assert answer.json()["current"] == now.json()
        assert answer.headers["etag"] == now.headers["etag"]


def test_every_write_that_cannot_judge_a_condition_refuses_it(
    writes: list[Operation], alice: Person, guest: Person
) -> None:
    targets = [(operation, target_of(operation, alice)[0]) for operation in writes]
    before = everything(alice)
    for operation, target in targets:
        creates = "if-none-match" in operation.route.takes_fields
        refused = [("If-None-Match", '"1"'), *([] if creates else [("If-None-Match", "*")])]
        if operation.path in UNCONDITIONAL:
            refused += [("If-Match", '"1"'), ("If-Match", "*")]
        for field in refused:
            options: dict[str, Any] = {"json": body_of(operation, guest), "headers": [field]}
            answer = alice.client.request(operation.method, target, **options)
            assert answer.status_code == 422, (operation, answer.text)
            pointers = [each["pointer"] for each in answer.json()["errors"]]
            assert f"/header/{field[0]}" in pointers, operation
    assert everything(alice) == before


def test_who_may_not_ask_is_not_told_what_was_wrong_with_the_question(
    writes: list[Operation], alice: Person
) -> None:
    for operation in writes:
        headers = {"Authorization": "Bearer x", "If-None-Match": "*", "If-Match": "x"}
        target = operation.target(task=str(new_id()))
        answer = alice.client.request(operation.method, target, headers=headers, json={"x": 1})
        assert answer.status_code == 401, operation


@pytest.mark.parametrize("asked", ["", "?limit=1", "?status=completed"])
def test_of_those_who_saw_the_same_list_exactly_one_adds_to_it(asked: str, alice: Person) -> None:
    alice.create()
    headers = {"If-Match": alice.client.get(f"/api/tasks{asked}").headers["etag"]}

    def add(number: int) -> int:
        body = {"title": f"by {number}"}
        return alice.client.post("/api/tasks", json=body, headers=headers).status_code

    with ThreadPoolExecutor(8) as writers:
        assert sorted(writers.map(add, range(12))) == [201] + [412] * 11
    assert len(alice.titles()) == 2


def test_who_is_not_known_yet_may_ask_that_there_be_nothing_still(
    alice: Person, bob: Person
) -> None:
    for person, kind, shape in ((alice, "tasks", {"title": "a"}), (bob, "lists", {"name": "a"})):
        headers = {"If-Match": person.client.get("/api/tasks").headers["etag"]}
        post = person.client.post
        assert post(f"/api/{kind}", json=shape, headers=headers).status_code == 201
        assert post(f"/api/{kind}", json=shape, headers=headers).status_code == 412


def test_who_was_erased_meanwhile_writes_nothing_into_the_new_account(alice: Person) -> None:
    alice.client.patch("/api/me", json={"time_zone": "Asia/Tokyo"})
    mine = {"If-Match": alice.client.get("/api/auth/me").headers["etag"]}
    tasks = {"If-Match": alice.client.get("/api/tasks").headers["etag"]}
    assert alice.client.delete("/api/me").status_code == 204
    alice.client.patch("/api/me", json={"time_zone": "Europe/Berlin"})
    answer = alice.client.patch("/api/me", json={"time_zone": "UTC"}, headers=mine)
    assert answer.status_code == 412
    answer = alice.client.post("/api/tasks", json={"title": "x"}, headers=tasks)
    assert answer.status_code == 412


def test_a_new_token_does_not_make_what_the_caller_chose_another(
    alice: Person, issuer: Issuer
) -> None:
    before = alice.client.get("/api/auth/me").headers["etag"]
    again = alice.client.get("/api/auth/me", headers={"If-None-Match": before})
    assert (again.status_code, again.content) == (304, b"")
    newer = issuer.token(alice.subject, issuer=ORIGIN, audience=ORIGIN, email="a@example.com")
    alice.client.headers["Authorization"] = f"Bearer {newer}"
    seen = alice.client.get("/api/auth/me", headers={"If-None-Match": before})
    assert seen.json()["email"] == "a@example.com"
    chosen = {"time_zone": "Asia/Tokyo"}
    answer = alice.client.patch("/api/me", json=chosen, headers={"If-Match": before})
    assert answer.json() == seen.json() | chosen
    assert answer.headers["etag"] == alice.client.get("/api/auth/me").headers["etag"]


def test_emptying_the_trash_in_several_steps_looks_at_the_tag_once(alice: Person) -> None:
    parent = alice.create()["id"]
    alice.create(parent_id=alice.create(parent_id=parent)["id"])
    alice.client.delete(f"/api/tasks/{parent}")
    headers = {"If-Match": alice.client.get("/api/trash").headers["etag"]}
    assert alice.client.delete("/api/trash", headers=headers).status_code == 204
    assert alice.client.get("/api/trash").json() == []


@pytest.mark.parametrize(("kind", "shape"), [("tasks", {"title": "a"}), ("lists", {"name": "a"})])
def test_what_must_be_new_is_made_once_and_shown_to_who_comes_later(
    kind: str, shape: dict[str, Any], alice: Person
) -> None:
    body = {**shape, "id": str(new_id())}
    path = f"/api/{kind}/{body['id']}"

    def create(**headers: str) -> Any:
        return alice.client.post(f"/api/{kind}", json=body, headers=headers)

    with ThreadPoolExecutor(6) as writers:
        answers = list(writers.map(lambda _: create(**{"If-None-Match": "*"}), range(6)))
    assert sorted(each.status_code for each in answers) == [201] + [412] * 5
    now = alice.client.get(path)
    for answer in answers:
        shown = answer.json()
        assert shown.get("current", shown) == now.json()
        assert answer.headers["etag"] == now.headers["etag"]
    assert create().status_code == 409
    alice.client.delete(path)
    trashed = create(**{"If-None-Match": "*"})
    assert trashed.status_code == 412
    assert trashed.json()["current"]["deleted_at"]


def test_what_must_be_new_is_so_without_an_id_of_the_clients(alice: Person) -> None:
    for kind, shape in (("tasks", {"title": "a"}), ("lists", {"name": "a"})):
        answer = alice.client.post(f"/api/{kind}", json=shape, headers={"If-None-Match": "*"})
        assert answer.status_code == 201


def test_a_batch_of_all_or_nothing_takes_a_condition_for_all(alice: Person) -> None:
    task = alice.create()
    before = alice.client.get("/api/tasks").headers["etag"]

    def batch(*operations: Any, **members: Any) -> Any:
        body = {"operations": operations, **members}
        headers = {"If-Match": before}
        return alice.client.post("/api/tasks/batch", json=body, headers=headers)

    create = {"op": "create", "task": {"title": "b"}}
    failing = {"op": "update", "id": str(new_id()), "patch": {"title": "x"}}
    refused = batch(create)
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["pointer"] == "/header/If-Match"
    missing = batch(create, failing, atomic=True)
    assert (missing.status_code, missing.json()["position"]) == (404, 1)
    first = batch(failing, create, atomic=True)
    assert (first.status_code, first.json()["position"]) == (404, 0)
    update = {"op": "update", "id": task["id"], "patch": {"title": "x"}}
    done = batch(create, update, atomic=True)
    assert [each["status"] for each in done.json()["results"]] == [201, 200]
    stale = batch(create, atomic=True)
    assert stale.status_code == 412
    assert "position" not in stale.json()
    assert sorted(alice.titles()) == ["b", "x"]


def test_of_those_who_are_new_together_exactly_one_finds_nothing(alice: Person) -> None:
    headers = {"If-Match": alice.client.get("/api/tasks").headers["etag"]}

    def add(number: int) -> int:
        body = {"title": f"by {number}"}
        return alice.client.post("/api/tasks", json=body, headers=headers).status_code

    with ThreadPoolExecutor(8) as writers:
        assert sorted(writers.map(add, range(12))) == [201] + [412] * 11
