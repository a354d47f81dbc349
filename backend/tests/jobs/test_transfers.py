"""What a user has leaves one installation and comes to another, whole and more than once."""

import io
import json
import random
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest
from pydantic_core import to_json

from backend.config import Settings
from backend.core.ids import new_id
from backend.database import snapshot
from backend.jobs.failures import JobFailed
from backend.jobs.life import Life
from backend.jobs.seed import seed
from backend.models.ownership import owned_tables
from backend.services.transfers import export_tasks, has_account
from backend.tests.jobs.conftest import exported, imported, progress, url
from backend.tests.support.people import Person

# What the database of an account sets by itself: whose it is, and its own numbers.
OWN = {"space_id", "version"}
# Nothing of an account but these is in an export; the others are about it.
KEPT = {"lists", "settings", "tasks"}
HEAD = b'{"format":"duly","version":1}'
OTHER_ID = "018f0000-0000-7000-8000-000000000001"


def rows(settings: Settings, user: str) -> dict[str, list[dict[str, Any]]]:
    """All that there is of an account, without what is the database's own."""
    found = {}
    with psycopg.connect(url(settings)) as connection:
        for table in sorted(KEPT):
            command = f"select to_jsonb(t) from duly.{table} t where space_id = %s"
            all_rows = [row for (row,) in connection.execute(command.encode(), [user])]
            own = OWN | (set() if table == "tasks" else {"updated_at"})
            for row in all_rows:
                if row.get("is_inbox"):  # each account has had one from its beginning
                    del row["created_at"]
                if table == "settings":
                    del row["created_at"]
            found[table] = sorted(
                ({k: v for k, v in row.items() if k not in own} for row in all_rows), key=str
            )
    return found


def last_version(settings: Settings, user: str) -> int:
    with psycopg.connect(url(settings)) as connection:
        query = "select last_version from duly.spaces where id = %s"
        [(number,)] = connection.execute(query, [user]).fetchall()
    return int(number)


def file_of(*lines: dict[str, Any]) -> bytes:
    """A whole file."""
    end = {"type": "end", "lines": len(lines)}
    return b"\n".join([HEAD, *(json.dumps(each).encode() for each in (*lines, end)), b""])


def task(**members: Any) -> dict[str, Any]:
    return {"type": "task", "id": str(new_id()), "title": "Buy milk", **members}


# What happens in her account, beside what is made up.
EVENTS = (
    f"""insert into duly.tasks (space_id, id, title, parent_id)
        select space_id, '{OTHER_ID}', 'Older than what it is a part of', id from duly.tasks
        where parent_id is null and deleted_at is null and space_id = %s
        order by id desc limit 1""",
    "insert into duly.settings (space_id, time_zone) values (%s, 'Asia/Tokyo')",
    "update duly.lists set name = 'Eingang', color = '#aabbcc' where is_inbox and space_id = %s",
    "update duly.lists set archived = true where name = 'Home' and space_id = %s",
    "update duly.lists set deleted_at = now() where name = 'Courses' and space_id = %s",
    """update duly.tasks set deleted_at = now(), trashed_with = list_id where list_id =
        (select id from duly.lists where name = 'Courses' and space_id = tasks.space_id)
        and deleted_at is null and space_id = %s""",
    """update duly.tasks set description = E'\\u2028 "quoted" \\\\ \\n \\u00e9', position = 'a0V'
        where space_id = %s and parent_id is null and deleted_at is null""",
)


@pytest.fixture
def alice(here: Settings, user: str, database: psycopg.Connection) -> str:
    """Somebody who has lived with it: everything there can be in an account."""
    seed(here, user, 120, 1, progress)
    for statement in EVENTS:
        database.execute(statement.encode(), [user])
    return user


def test_an_account_comes_to_another_database_as_it_was(
    alice: str, here: Settings, elsewhere: Settings
) -> None:
    file = exported(here, alice)
    outcome = imported(elsewhere, alice, file)
    assert (outcome["task"], outcome["list"], outcome["kept"]) == (121, 7, 0)
    assert rows(elsewhere, alice) == rows(here, alice)
    assert exported(elsewhere, alice) == file


def live(person: Person) -> None:
    """Do what leaves the oddest rows: a step back, what is gone of a tree, what came back."""
    client = person.client
    client.patch("/api/me", json={"time_zone": "Asia/Tokyo"})
    old = client.post("/api/lists", json={"name": "Old", "color": "#AABBCC"}).json()["id"]
    client.patch(f"/api/lists/{old}", json={"archived": True})
    due = {"due_date": "2026-03-01", "due_time": "09:30", "due_time_zone": "Europe/Berlin"}
    for rule, origin in (("FREQ=DAILY;COUNT=2", "due"), ("FREQ=WEEKLY", "completion")):
        top = person.create("Water", recurrence=rule, recurrence_from=origin, **due)["id"]
        parts = [person.create("Plant", parent_id=top)["id"] for _ in range(2)]
        client.patch(f"/api/tasks/{parts[0]}/complete", json={"completed": True})
        for completed in (True, True, True, False, True):
            client.patch(f"/api/tasks/{top}/complete", json={"completed": completed})
        client.patch(f"/api/tasks/{top}", json={"due_date": "2026-01-01"})
        client.patch(f"/api/tasks/{top}/complete", json={"completed": True})
    top = person.create("Trip", list_id=old, description=" blanks ", tags=["b", "a"])["id"]
    parts = [person.create("Part", parent_id=top)["id"] for _ in range(3)]
    client.patch(f"/api/tasks/{top}/complete", json={"completed": True})
    client.patch(f"/api/tasks/{parts[0]}", json={"parent_id": None})  # completed with what goes
    client.delete(f"/api/tasks/{parts[1]}")
    client.delete(f"/api/tasks/{top}")
    client.post(f"/api/tasks/{parts[2]}/restore")
    client.delete(f"/api/trash/{top}")
    client.delete(f"/api/lists/{old}")
    person.create("Pay", recurrence="FREQ=DAILY", **due)
    cleared = person.create("Rent", recurrence="FREQ=DAILY", **due)["id"]
    client.patch(f"/api/tasks/{cleared}", json={"due_date": None})


def test_all_that_clients_can_make_comes_to_another_database_as_it_was(
    settings: Settings, elsewhere: Settings, person: Callable[[str], Person]
) -> None:
    carol = person("carol")
    live(carol)
    file = exported(settings, carol.subject)
    assert b"stepped_from" in file
    assert b"completed_with" in file
    imported(elsewhere, carol.subject, file)
    assert exported(elsewhere, carol.subject) == file


def test_every_table_of_a_space_is_exported_or_known_not_to_be() -> None:
    about = {"directory", "erasures", "history", "idempotency", "spaces", "users"}
    assert owned_tables().keys() == KEPT | about


def test_a_parent_comes_before_what_is_below_it(alice: str, here: Settings) -> None:
    seen: set[str] = set()
    nested = 0
    for line in exported(here, alice).splitlines():
        row = json.loads(line)
        if row.get("type") == "task":
            parent = row.get("parent_id")
            assert parent is None or parent in seen
            nested += parent is not None
            seen.add(row["id"])
    assert nested > 10


def test_another_user_id_gets_the_same(alice: str, here: Settings) -> None:
    file = exported(here, alice)
    imported(here, f"bob-{alice}", file)
    assert exported(here, f"bob-{alice}") == file


def test_once_more_changes_nothing(alice: str, here: Settings, elsewhere: Settings) -> None:
    file = exported(here, alice)
    imported(elsewhere, alice, file)
    before = last_version(elsewhere, alice)
    again = imported(elsewhere, alice, file)
    assert (again["task"], again["list"], again["kept"]) == (0, 0, 130)
    assert "130 lines met what was there" in str(again)
    assert last_version(elsewhere, alice) == before


def test_an_import_that_was_cut_off_is_finished_by_the_next_one(
    alice: str, here: Settings, elsewhere: Settings
) -> None:
    file = exported(here, alice)
    cut = b"\n".join(file.splitlines()[:70])
    with pytest.raises(JobFailed, match=r"^The file is not whole"):
        imported(elsewhere, alice, cut)
    imported(elsewhere, alice, file)
    assert exported(elsewhere, alice) == file


def test_what_is_there_already_stays_and_the_rest_comes_beside_it(
    alice: str, here: Settings, elsewhere: Settings
) -> None:
    file = exported(here, alice)
    one = next(json.loads(line) for line in file.splitlines() if b'"task"' in line)
    imported(elsewhere, alice, file_of(task(id=one["id"], title="Changed here"), task(title="New")))
    outcome = imported(elsewhere, alice, file)
    assert (outcome["task"], outcome["kept"]) == (120, 1)
    titles = {row["title"] for row in rows(elsewhere, alice)["tasks"]}
    assert {"Changed here", "New"} <= titles


def test_a_tree_that_meets_its_parent_elsewhere_stays_in_one_list(
    here: Settings, user: str
) -> None:
    home, work = str(new_id()), str(new_id())
    lists = [{"type": "list", "id": each, "name": "A list"} for each in (home, work)]
    parent = task(list_id=home)
    imported(here, user, file_of(*lists, parent))
    child = task(list_id=work, parent_id=parent["id"])
    imported(here, user, file_of(*lists, parent | {"list_id": work}, child))
    assert {row["list_id"] for row in rows(here, user)["tasks"]} == {home}


def test_clients_see_what_was_imported(
    here: Settings, alice: str, settings: Settings, person: Callable[[str], Person]
) -> None:
    bob = person("bob")
    imported(settings, bob.subject, exported(here, alice))
    answer = bob.client.get("/api/tasks", params={"count": "exact"})
    assert int(answer.headers["total-count"]) == sum(
        row["deleted_at"] is None for row in rows(here, alice)["tasks"]
    )


def test_whole_batches_before_a_bad_line_stay(here: Settings, user: str) -> None:
    tasks = [task() for _ in range(600)]
    with pytest.raises(JobFailed, match=r"^Line 602: There is no such task"):
        imported(here, user, file_of(*tasks, task(parent_id=OTHER_ID)))
    assert len(rows(here, user)["tasks"]) == 500


@pytest.mark.parametrize(
    ("head", "words"),
    [
        (b"", "no export of Duly"),
        (b'{"id": 1}', "no export of Duly"),
        (b'{"format":"duly","version":2}', "version 2 of the format"),
    ],
)
def test_what_is_no_export_is_refused(head: bytes, words: str, here: Settings, user: str) -> None:
    with pytest.raises(JobFailed, match=words):
        imported(here, user, head + b"\n")


def test_an_account_that_is_not_there_is_not_exported(here: Settings, user: str) -> None:
    output = io.BytesIO()
    with pytest.raises(JobFailed, match="There is no account"):
        exported(here, user)
    assert output.getvalue() == b""


@pytest.mark.parametrize("name", ["", "~erasures", "x" * 256, "a\0b", "a\nb"])
def test_who_could_not_sign_in_has_no_account(name: str, here: Settings) -> None:
    with pytest.raises(JobFailed, match="A user id has"):
        exported(here, name)
    with pytest.raises(JobFailed, match="A user id has"):
        imported(here, name, file_of())


def test_nobody_gets_more_than_they_may_have(here: Settings, user: str) -> None:
    bounded = here.model_copy(update={"max_tasks_per_user": 2})
    with pytest.raises(JobFailed, match=r"^Line 4: .*as many tasks as they may"):
        imported(bounded, user, file_of(task(), task(), task()))


def test_an_export_is_of_one_moment(
    here: Settings, user: str, database: psycopg.Connection
) -> None:
    imported(here, user, file_of(*(task() for _ in range(5))))
    with snapshot.opened(url(here), user) as seen:
        assert seen.run(has_account())
        database.execute("delete from duly.tasks where space_id = %s", [user])
        pages = [len(page.lines) for page in seen.pages(export_tasks(), 2)]
    assert pages == [2, 2, 1]
    assert len(exported(here, user).splitlines()) == 3  # head, inbox, end


def test_what_takes_too_long_at_once_goes_in_steps(elsewhere: Settings, user: str) -> None:
    """Twenty tasks that take 0.1 s each, where a statement has 1.8 s."""
    slow = """
        create function public.take_time() returns trigger language plpgsql as $$
            begin perform pg_sleep(0.1); return new; end $$;
        create trigger take_time before insert on duly.tasks for each row
            when (new.title = 'Slow') execute function public.take_time();
    """
    with psycopg.connect(url(elsewhere), autocommit=True) as administrator:
        administrator.execute(slow)
        try:
            outcome = imported(elsewhere, user, file_of(*(task(title="Slow") for _ in range(20))))
        finally:
            administrator.execute("drop function public.take_time() cascade")
    assert (outcome["task"], outcome["kept"]) == (20, 0)
    assert len(rows(elsewhere, user)["tasks"]) == 20


def test_an_export_has_nothing_of_others(here: Settings, user: str) -> None:
    imported(here, user, file_of(task(title="secret")))
    imported(here, f"bob-{user}", file_of(task(title="open")))
    file = exported(here, f"bob-{user}")
    assert b"open" in file
    assert b"secret" not in file


def test_random_lives_come_back_as_they_were(here: Settings, user: str) -> None:
    life = Life(random.Random(user), datetime.now(UTC))  # noqa: S311 - made-up data
    lines = [{"type": "list"} | row for row in life.lists()]
    for _ in range(50):
        lines += [{"type": "task"} | row for row in life.tree(20)]
    file = file_of(*(json.loads(to_json(line)) for line in lines))
    imported(here, user, file)
    copy = exported(here, user)
    imported(here, f"copy-{user}", copy)
    assert exported(here, f"copy-{user}") == copy
