"""Whoever follows the changes of their tasks is told of each, whoever made it and wherever."""

import os
import signal
from contextlib import suppress
from pathlib import Path

import httpx2
import psycopg
import pytest

from backend.config import Settings
from backend.tests.events.conftest import Make, at
from backend.tests.support import program as programs
from backend.tests.support.program import ServedProgram
from backend.tests.support.streams import following


def test_a_change_is_told_as_what_it_changed_is_now(somebody: Make) -> None:
    alice = somebody("alice")
    alice.create("before")
    with following(alice.client) as stream:
        task = alice.create("Buy milk")
        kind, change, cursor = next(stream)
        alice.client.delete(f"/api/tasks/{task['id']}")
        trashed = next(stream).data
        alice.client.delete(f"/api/trash/{task['id']}")
        gone = next(stream).data
    assert (kind, cursor) == ("change", str(task["version"]))
    assert change == {
        "type": "task",
        "id": task["id"],
        "version": task["version"],
        "deleted": False,
        "data": task,
    }
    assert (trashed["deleted"], trashed["data"]["deleted_at"] is None) == (False, False)
    assert (gone["id"], gone["deleted"], gone["data"]) == (task["id"], True, None)


def test_lists_and_settings_are_told_as_well(somebody: Make) -> None:
    alice = somebody("alice")
    alice.create()
    with following(alice.client) as stream:
        made = alice.client.post("/api/lists", json={"name": "Groceries"}).json()
        assert next(stream).data["data"] == made
        me = alice.client.patch("/api/me", json={"time_zone": "Europe/Berlin"}).json()
        change = next(stream).data
    assert (change["type"], change["id"], change["data"]) == ("settings", alice.subject, me)


def test_every_worker_and_every_instance_tells_of_every_change(
    somebody: Make, program: ServedProgram, instance: ServedProgram
) -> None:
    alice = somebody("alice")
    alice.create()
    with (
        at(instance.url, alice) as there,
        following(there) as far,
        following(alice.client) as near,
    ):
        titles = [f"title {number}" for number in range(8)]
        for number, title in enumerate(titles):
            # A client of its own for each: another worker may take the connection.
            with at((program, instance)[number % 2].url, alice) as client:
                assert client.post("/api/tasks", json={"title": title}).status_code == 201
        assert near.titles(8) == far.titles(8) == titles


def test_what_is_written_past_the_service_is_told_too(somebody: Make, database_url: str) -> None:
    alice = somebody("alice")
    task = alice.create()
    with following(alice.client) as stream, psycopg.connect(database_url) as administrator:
        administrator.execute("update duly.tasks set title = 'x' where id = %s", [task["id"]])
        administrator.commit()
        assert stream.titles(1) == ["x"]


def test_nobody_is_told_of_what_is_anothers(somebody: Make) -> None:
    alice, bob = somebody("alice"), somebody("bob")
    bob.create("before")
    with following(bob.client) as stream:
        for number in range(20):
            alice.create(f"of alice {number}")
        bob.create("of bob")
        assert stream.titles(1) == ["of bob"]
    assert alice.client.get(f"/api/{bob.subject}/events").status_code == 403
    with following(bob.client, f"/api/{bob.subject}/events") as stream:
        bob.create("by his id")
        assert stream.titles(1) == ["by his id"]


@pytest.mark.parametrize("by", ["Last-Event-ID", "since"])
def test_who_comes_back_misses_nothing_and_is_told_nothing_twice(somebody: Make, by: str) -> None:
    alice = somebody("alice")
    alice.create("before")
    with following(alice.client) as stream:
        alice.create("seen")
        assert stream.titles(1) == ["seen"]
        cursor = stream.cursor
    missed = [f"missed {number}" for number in range(150)]  # more than a page
    for title in missed:
        alice.create(title)
    path = f"/api/events?since={cursor}" if by == "since" else "/api/events"
    with following(alice.client, path, {by: cursor} if by == "Last-Event-ID" else {}) as stream:
        alice.create("afterwards")
        assert stream.titles(151) == [*missed, "afterwards"]


def test_who_was_told_of_nothing_yet_can_come_back_too(somebody: Make) -> None:
    alice = somebody("alice")
    alice.create("before")
    with following(alice.client) as stream:
        cursor = stream.cursor
    alice.create("missed")
    with following(alice.client, headers={"Last-Event-ID": cursor}) as stream:
        assert stream.titles(1) == ["missed"]


def test_a_newcomer_is_told_of_all_from_the_first_task_on(somebody: Make) -> None:
    alice = somebody("alice")
    with following(alice.client) as stream:
        alice.create("the first")
        told = [next(stream).data for _ in range(2)]
        assert told[0]["data"]["is_inbox"]  # with which everybody begins
        assert told[1]["data"]["title"] == "the first"
        alice.create("the second")
        assert stream.titles(1) == ["the second"]


def test_a_reader_whose_instance_is_killed_goes_on_at_another(
    somebody: Make, settings: Settings, tmp_path: Path, program: ServedProgram
) -> None:
    alice = somebody("alice")
    alice.create("before")
    with programs.serve(settings, tmp_path) as killed, at(killed.url, alice) as there:
        with suppress(httpx2.TransportError), following(there) as stream:
            alice.create("seen")
            assert stream.titles(1) == ["seen"]
            os.killpg(killed.pid, signal.SIGKILL)
            alice.create("missed")
            assert list(stream) == []
        last = {"Last-Event-ID": stream.cursor}
        with at(program.url, alice) as here, following(here, headers=last) as resumed:
            assert resumed.titles(1) == ["missed"]


def test_a_cursor_that_means_nothing_any_more_is_said_and_the_stream_goes_on(
    somebody: Make,
) -> None:
    alice = somebody("alice")
    task = alice.create()
    ahead = str(task["version"] + 1_000_000)  # as after a backup was restored
    with following(alice.client, headers={"Last-Event-ID": ahead}) as stream:
        assert next(stream)[:2] == ("reset", {"reason": "cursor_too_old"})
        assert int(stream.cursor) < int(ahead)
        alice.create("afterwards")
        assert stream.titles(1) == ["afterwards"]


@pytest.mark.parametrize("there_are_many", [False, True])
def test_the_erasure_of_the_account_ends_its_streams(
    somebody: Make, instance: ServedProgram, *, there_are_many: bool
) -> None:
    alice = somebody("alice")
    for _ in range(12 if there_are_many else 1):
        operations = [{"op": "create", "task": {"title": "x"}}] * 100
        alice.client.post("/api/tasks/batch", json={"operations": operations})
    with (
        at(instance.url, alice) as there,
        following(there) as far,
        following(alice.client) as near,
        at(str(alice.client.base_url), alice) as client,
    ):
        assert client.delete("/api/me").status_code in {202, 204}
        for stream in (far, near):
            *others, last = [(message.kind, message.data) for message in stream]
            assert last == ("end", {"reason": "account_erased"})
            assert {kind for kind, _ in others} <= {"change", "reset"}
