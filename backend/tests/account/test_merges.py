"""One person who has come to have another user id takes their tasks along."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx2
import psycopg
import pytest
from sqlalchemy import inspect

from backend.config import Settings
from backend.core.ids import new_id
from backend.core.principal import Principal
from backend.core.problems import TooManyTasks
from backend.database.connection.pool import Pool
from backend.database.session import Session
from backend.models import List
from backend.models.ownership import owned_tables
from backend.security.signing import Issuer
from backend.services import merges
from backend.services.arrivals import MOVED
from backend.services.merges import merge_from
from backend.services.users import KnownUsers
from backend.tests.account.test_erasures import FILL, MANY
from backend.tests.support.people import ORIGIN, Person
from backend.tests.support.service import Service

KEPT = (
    *("id", "title", "description", "completed"),
    *("completed_at", "created_at", "updated_at", "deleted_at"),
)


def merge(person: Person, token: str) -> httpx2.Response:
    """Ask for it once."""
    return person.client.post("/api/me/merge", json={"token": token})


def merged(person: Person, other: Person) -> None:
    """Ask for it until it is done."""
    while (answer := merge(person, other.token)).status_code == 202:
        assert int(answer.headers["retry-after"]) >= 1
    assert (answer.status_code, answer.content) == (204, b"")


def kept(tasks: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What tasks have that must not change, in the order of their ids."""
    shown = [{name: task[name] for name in KEPT} for task in tasks]
    return sorted(shown, key=lambda task: task["id"])


def everything(person: Person) -> list[dict[str, Any]]:
    """All tasks of a person, those in the trash included."""
    found: list[dict[str, Any]] = []
    for path in ("/api/tasks", "/api/trash"):
        answer = person.client.get(path, params={"limit": 200})
        found += answer.json()
        while "next" in answer.links:
            answer = person.client.get(answer.links["next"]["url"])
            found += answer.json()
    return found


@pytest.fixture
def guest(person: Callable[[str], Person]) -> Person:
    """Alice before she signed up, with a task of each kind."""
    guest = person("guest")
    guest.create("Buy milk", description="2 l")
    guest.create("Call the bank", completed=True)
    guest.client.delete(f"/api/tasks/{guest.create('Too much')['id']}")
    return guest


@pytest.fixture
def database(database_url: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(database_url, autocommit=True) as connection:
        yield connection


def rows(database: psycopg.Connection, person: Person) -> list[int]:
    """How many rows there are of a person in each table."""
    return [
        database.execute(
            f"select count(*) from duly.{name} where {owner.column} = %s".encode(),
            [person.subject],
        ).fetchone()[0]  # type: ignore[index]  # a count is always there
        for name, owner in owned_tables().items()
    ]


def test_all_tasks_come_along_with_their_ids_and_times(
    alice: Person, guest: Person, database: psycopg.Connection
) -> None:
    alice.create("Hers before")
    before = everything(alice) + everything(guest)

    merged(alice, guest)

    after = everything(alice)
    assert kept(after) == kept(before)
    assert {task["user_id"] for task in after} == {alice.subject}
    assert len({task["version"] for task in after}) == 4
    assert everything(guest) == []
    assert sum(rows(database, guest)) == 0


def test_once_more_does_no_harm(alice: Person, guest: Person) -> None:
    merged(alice, guest)
    before = everything(alice)
    merged(alice, guest)
    assert everything(alice) == before


def test_somebody_who_had_nothing_brings_nothing(
    alice: Person, person: Callable[[str], Person]
) -> None:
    task = alice.create("Mine")
    merged(alice, person("newcomer"))
    assert everything(alice) == [task]


def test_somebody_who_has_nothing_yet_can_take_over(
    person: Callable[[str], Person], guest: Person
) -> None:
    newcomer = person("newcomer")
    before = everything(guest)
    merged(newcomer, guest)
    assert kept(everything(newcomer)) == kept(before)


def test_with_their_own_token_nothing_happens(alice: Person) -> None:
    task = alice.create("Mine")
    merged(alice, alice)
    assert everything(alice) == [task]


def test_what_the_other_device_still_writes_comes_along_the_next_time(
    alice: Person, guest: Person
) -> None:
    merged(alice, guest)
    assert guest.create("Offline")["title"]
    merged(alice, guest)
    assert "Offline" in alice.titles()
    assert everything(guest) == []


def test_of_two_tasks_with_one_id_both_stay(alice: Person, guest: Person) -> None:
    task_id = str(new_id())
    hers = alice.create("Hers", id=task_id)
    theirs = guest.create("Theirs", id=task_id)
    merged(alice, guest)
    found = {task["title"]: task for task in everything(alice)}
    assert found["Hers"] == hers
    other = found["Theirs"]
    assert other["id"] != task_id
    assert other["id"][:18] == task_id[:18]  # the time in it, by which ids sort
    assert other["created_at"] == theirs["created_at"]


def test_the_same_task_made_in_both_accounts_stays_one(alice: Person, guest: Person) -> None:
    task_id = str(new_id())
    hers = alice.create("Buy bread", id=task_id)
    guest.create("Buy bread", id=task_id)
    merged(alice, guest)
    assert [task for task in everything(alice) if task["title"] == "Buy bread"] == [hers]


BAD: dict[str, Callable[[Person, Issuer], str]] = {
    "a session token": lambda _alice, _issuer: "kJ3vQ8sPz1XmW5bN7cR2tY6uH9gF4dLa",
    "nothing": lambda _alice, _issuer: "",
    "an expired one": lambda alice, issuer: issuer.token(
        alice.subject, issuer=ORIGIN, audience=ORIGIN, lifetime=-60
    ),
    "of another service": lambda alice, issuer: issuer.token(
        alice.subject, issuer=ORIGIN, audience="https://other.example.com"
    ),
    "of somebody who signs for themselves": lambda alice, _issuer: Issuer.generate().token(
        alice.subject, issuer=ORIGIN, audience=ORIGIN
    ),
    "one with another subject": lambda alice, _issuer: alice.token[:-8] + "A" * 8,
}


@pytest.mark.parametrize("kind", BAD)
def test_without_a_valid_token_of_the_other_account_nothing_moves(
    kind: str, alice: Person, bob: Person, issuer: Issuer
) -> None:
    task = alice.create("Mine")
    answer = merge(bob, BAD[kind](alice, issuer))
    assert answer.status_code == 422  # not 401: it is not the caller who has to sign in again
    assert answer.json()["errors"][0]["pointer"] == "/body/token"
    assert everything(alice) == [task]
    assert everything(bob) == []


def test_an_id_alone_or_more_than_the_token_is_refused(alice: Person, bob: Person) -> None:
    for body in ({"user_id": alice.subject}, {"token": alice.token, "user_id": alice.subject}, {}):
        assert bob.client.post("/api/me/merge", json=body).status_code == 422
    assert bob.client.post("/api/me/merge", json={"token": 7}).status_code == 422


def test_a_third_person_is_left_alone(
    alice: Person, guest: Person, bob: Person, database: psycopg.Connection
) -> None:
    bob.create("Not theirs")
    before, counted = everything(bob), rows(database, bob)
    merged(alice, guest)
    assert (everything(bob), rows(database, bob)) == (before, counted)


def test_a_large_account_comes_in_steps(
    alice: Person, guest: Person, database: psycopg.Connection
) -> None:
    database.execute(FILL, {"subject": guest.subject, "trashed": False, "many": MANY // 4})
    assert MANY // 4 > merges.BATCH
    merged(alice, guest)
    counted = alice.client.get("/api/tasks", params={"count": "exact", "limit": 1})
    assert counted.headers["total-count"] == str(MANY // 4 + 2)
    assert sum(rows(database, guest)) == 0


def test_large_descriptions_come_along(alice: Person, guest: Person) -> None:
    texts = [chr(0x1F95B + n) * 16_000 for n in range(70)]  # 4.5 MB
    for text in texts:
        guest.create("Long", description=text)
    merged(alice, guest)
    found = {task["description"] for task in everything(alice)}
    assert found >= set(texts)


def test_two_accounts_that_take_each_other_over_at_once_lose_nothing(
    alice: Person, bob: Person
) -> None:
    made = {alice.create("a")["id"], bob.create("b")["id"]}
    with ThreadPoolExecutor(8) as pool:
        pairs = [(alice, bob), (bob, alice)] * 4
        answers = list(pool.map(lambda pair: merge(pair[0], pair[1].token), pairs))
    assert {answer.status_code for answer in answers} <= {202, 204}
    assert {task["id"] for task in everything(alice) + everything(bob)} == made


def test_nothing_comes_from_an_account_that_is_being_erased(
    alice: Person, guest: Person, database: psycopg.Connection
) -> None:
    database.execute("update duly.spaces set erasing_at = now() where id = %s", [guest.subject])
    answer = merge(alice, guest.token)
    assert (answer.status_code, answer.json()["code"]) == (409, "being_erased")
    assert everything(alice) == []


@pytest.mark.anyio
async def test_who_would_have_too_many_tasks_gets_none(
    alice: Person, guest: Person, database_url: str
) -> None:
    before = everything(guest)
    pool = Pool(database_url)
    await pool.start()
    caller = Principal(alice.subject, expires_at=0)
    session = Session(pool, caller, KnownUsers(), most_tasks=2)
    with pytest.raises(TooManyTasks):
        await session.run(merge_from(Principal(guest.subject, expires_at=0)))
    await pool.close()
    assert everything(guest) == before
    assert everything(alice) == []


def test_it_counts_as_ten_requests(settings: Settings, issuer: Issuer) -> None:
    """Whoever tries tokens in the body has few tries."""
    limited = settings.model_copy(update={"rate_limit": "15/minute"})
    with Service(limited) as service:
        alice, guest = Person("alice", service, issuer), Person("guest", service, issuer)
        with alice.client, guest.client:
            assert merge(alice, "no token").status_code == 422
            refused = merge(alice, guest.token)
            assert (refused.status_code, refused.json()["code"]) == (429, "rate_limited")
            assert alice.client.get("/api/tasks").status_code == 200


def test_every_column_of_a_list_and_a_task_comes_along_or_is_made_anew() -> None:
    for model, kept in MOVED.items():
        columns = inspect(model).local_table.c
        made = {
            *("space_id", "title_key", "words", "due_key", "version"),
            *(["updated_at"] if model is List else []),
            *(one.name for one in columns if one.computed),
        }
        assert {*kept} == {one.name for one in columns} - made


def test_every_table_comes_along_or_is_decided_upon() -> None:
    """A new table of a space's rows has to be moved by `services/merges.py`, or be listed here."""
    assert owned_tables().keys() == {
        *("tasks", "lists", "settings", "spaces", "users", "erasures", "directory", "history"),
        "idempotency",  # keys of the account that is closed go with it
    }
