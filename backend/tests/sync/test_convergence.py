"""Replicas that were offline, lost answers and sent things twice end alike, and like the tables.

`SYNC_RUNS` and `SYNC_STEPS` say how much is tried.
"""

import os
from collections import Counter, defaultdict
from collections.abc import Callable
from random import Random
from typing import Any

import psycopg
from hypothesis import HealthCheck, Phase
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    rule,
    run_state_machine_as_test,
)

from backend.config import Settings
from backend.security.signing import Issuer
from backend.tests.conftest import PATIENCE
from backend.tests.support.people import Person
from backend.tests.support.service import Service
from backend.tests.sync.follower import COUNTS, everything
from backend.tests.sync.replica import Json, Replica, Rows, Unanswered

RUNS = int(os.environ.get("SYNC_RUNS", "8"))
STEPS = int(os.environ.get("SYNC_STEPS", "30"))
RUNS_OF_AN_INSTANCE = 50

KINDS = (
    *("task.create", "recurring", "part", "task.update", "tags", "task.complete", "open"),
    *("task.move", "task.delete", "task.restore"),
    *("list.create", "list.update", "list.delete", "list.restore", "put", "settings.update"),
)
# What becomes of a synchronisation: an answer, one that is lost, two, or it is not sent.
FAULTS = ("", "lost", "twice", "offline", "answered")


class Witness(Replica):
    """A replica whose user remembers what became of everything.

    Attributes:
        done: Each command that was answered, and how.
    """

    def __init__(self, transport: Callable[[Json], tuple[int, Json]]) -> None:
        super().__init__(transport)
        self.done: list[tuple[Json, Json]] = []

    def settled(self, command: Json, result: Json) -> None:
        self.done.append((command, result))


class Instances:
    """Two instances of the service; now and then another one takes the place of the second.

    Attributes:
        services: Those that are there.
    """

    def __init__(self, first: Service, of: Settings) -> None:
        self._settings = of
        self.services = [first, self._start()]

    def _start(self) -> Service:
        return Service(self._settings, patience=PATIENCE).__enter__()

    def restart(self) -> None:
        self.close()
        self.services[1] = self._start()

    def close(self) -> None:
        self.services[1].__exit__(None, None, None)


class Convergence(RuleBasedStateMachine):
    """Two to four replicas of one person, each with a client of its own to either instance."""

    instances: Instances
    issuer: Issuer
    database: psycopg.Connection[Any]
    runs = 0

    def __init__(self) -> None:
        super().__init__()
        type(self).runs += 1
        if self.runs % RUNS_OF_AN_INSTANCE == 0:
            self.instances.restart()
        self._number = self._steps = 0
        self._people = [Person("replica", each, self.issuer) for each in self.instances.services]
        self._person = self._people[0]
        token = self._person.client.headers["Authorization"]
        self._people[1].client.headers["Authorization"] = token
        self._fault = ""
        self._way = 0

    @initialize(number=st.integers(2, 4))
    def begin(self, number: int) -> None:
        self.replicas = [Witness(self._send) for _ in range(number)]
        self._person.create()

    def _send(self, body: Json) -> tuple[int, Json]:
        if self._fault == "offline":
            raise Unanswered
        client = self._people[self._way].client
        answer = client.post("/api/sync", json=body)
        if self._fault == "twice":
            answer = client.post("/api/sync", json=body)
        if self._fault == "lost" or answer.status_code in {429, 503}:
            raise Unanswered
        assert answer.status_code in {200, 410}, answer.text
        return answer.status_code, answer.json()

    # One rule, and chance in it: a run leaves rules out, and prefers few values over and over.
    @rule(seed=st.integers(0, 2**32))
    def act(self, seed: int) -> None:
        self._steps += 1
        chance = Random(f"{seed} {self._steps}")  # noqa: S311 - what, not a secret
        replica, rank = chance.choice(self.replicas), chance.randrange(10)
        act = chance.choice((*KINDS, *FAULTS, *FAULTS, "empty the trash", "forget"))
        if act in FAULTS:
            self._sync(replica, act, way=rank % 2)
        elif act == "empty the trash":
            assert self._person.client.delete("/api/trash").status_code in {202, 204}
        elif act == "forget":  # whoever has not asked since has to begin again
            self.database.execute(
                "update duly.spaces set history_floor = last_version where id = %s",
                [self._person.subject],
            )
        else:
            self._edit(replica, act, rank)

    def _sync(self, replica: Replica, fault: str, *, way: int) -> None:
        self._fault, self._way = fault, way
        try:
            replica.sync()
        except Unanswered:
            assert fault in {"lost", "offline"}
        finally:
            self._fault = ""

    def _edit(self, replica: Witness, kind: str, rank: int) -> None:
        """What a user may do to what they see."""
        self._number += 1
        name = f"{kind} {self._number}"
        tasks, lists = (sorted(key[1] for key in replica.view() if key[0] == of) for of in OF)
        task = {"id": tasks[rank % len(tasks)]} if tasks else None
        chosen = {"id": lists[rank % len(lists)]} if lists else None
        tags = {"add_tags": [f"t{rank}"], "remove_tags": [f"t{rank + 1}"]}
        commands: dict[str, tuple[str, Json | None, Json]] = {
            "task.create": ("task.create", {}, {"title": name}),
            "recurring": ("task.create", {}, {"title": name, **DAILY}),
            "part": ("task.create", task and {"parent_id": task["id"]}, {"title": name}),
            "task.update": ("task.update", task, {"title": name}),
            "tags": ("task.update", task, tags),
            "task.complete": ("task.complete", task, {}),
            "open": ("task.complete", task, {"completed": False}),
            "task.move": ("task.move", task, {"parent_id": tasks[0] if tasks else None}),
            "put": ("task.move", chosen and task, {"list_id": lists[0] if lists else None}),
            "list.create": ("list.create", {}, {"name": name}),
            "list.update": ("list.update", chosen, {"name": name}),
            "settings.update": ("settings.update", {}, {"time_zone": ZONES[rank % len(ZONES)]}),
        }
        kind, of, members = commands.get(kind) or (kind, task if "task" in kind else chosen, {})
        if of is not None:
            replica.do(kind, **of, **members)

    def teardown(self) -> None:
        try:
            if hasattr(self, "replicas"):
                while self._steps < STEPS:  # some runs end early
                    self.act(self._steps)
                self._check()
        finally:
            for each in self._people:
                each.client.close()

    def _check(self) -> None:
        for each in (*self.replicas, *self.replicas):  # once more, for what the others had left
            each.sync()
        expected = everything(self._person)
        for each in self.replicas:
            assert not each.outbox
            rows = _without_counts(each.rows)
            me = rows.pop(("settings", self._person.subject), None)
            shown = self._person.client.get("/api/auth/me").json()
            assert shown["time_zone"] == (me or {"time_zone": "UTC"})["time_zone"]
            assert rows == expected
        self._check_that_all_is_done_once()

    def _check_that_all_is_done_once(self) -> None:
        """By what the history says of what was acknowledged, unless it is gone for good."""
        found = self.database.execute(
            "select entity_id::text, change, coalesce(after->>'title', after->>'name'),"
            " after ? 'due_date'"
            " from duly.history where space_id = %s",
            [self._person.subject],
        ).fetchall()
        gone = {entity for entity, change, _, _ in found if change == "deleted"}
        created = Counter(entity for entity, change, _, _ in found if change == "created")
        named = Counter(name for *_, name, _ in found if name)
        steps = Counter(entity for entity, *_, steps in found if steps)
        dates = defaultdict[str, set[str]](set)
        unclear = set[str]()  # these go back, or with what they are a part of
        for command, result in (pair for each in self.replicas for pair in each.done):
            # Nobody else makes its ids.
            assert not (result["problem"] and result["problem"]["code"] == "conflict"), command
            if result["problem"] or command.get("id") in gone:
                continue
            match command["type"]:
                case "task.create" | "list.create":
                    assert created[command["id"]] == 1, command
                case "task.update" | "list.update" if "add_tags" not in command:
                    assert named[command.get("title", command.get("name"))] == 1, command
                case "task.complete" if result["body"]["recurrence"]:
                    dates[command["id"]].add(result["body"]["due_date"])
            if command["type"] == "task.move" or "completed" in command:
                unclear.add(command["id"])
        for task in dates.keys() - unclear:
            assert steps[task] == len(dates[task] - {DAILY["due_date"]}), task


OF = ("task", "list")
DAILY = {"due_date": "2026-03-01", "recurrence": "FREQ=DAILY"}
ZONES = ("Europe/Berlin", "Asia/Tokyo", "UTC")


def _without_counts(rows: Rows) -> Rows:
    return {
        key: {name: row[name] for name in row.keys() - COUNTS} if key[0] == "list" else row
        for key, row in rows.items()
    }


def test_replicas_end_like_the_tables_and_nothing_is_lost_or_done_twice(
    service: Service, settings: Settings, issuer: Issuer, database_url: str
) -> None:
    instances = Instances(service, settings)
    with psycopg.connect(database_url, autocommit=True) as database:
        machine = type(
            "Convergence",
            (Convergence,),
            {"instances": instances, "issuer": issuer, "database": database},
        )
        try:
            run_state_machine_as_test(
                machine,
                settings=hypothesis_settings(
                    max_examples=RUNS,
                    stateful_step_count=STEPS,
                    phases=[Phase.generate, Phase.shrink],
                    suppress_health_check=list(HealthCheck),
                    deadline=None,
                ),
            )
        finally:
            instances.close()
