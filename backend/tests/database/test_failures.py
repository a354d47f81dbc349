"""The log says why there is no connection: an operator's mistake does not look like an outage."""

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from pydantic import SecretStr
from sqlalchemy import make_url

from backend.config import Settings
from backend.database.connection.failures import FailureLog
from backend.database.embedded import EmbeddedServer
from backend.tests.support.processes import Program, started
from backend.tests.support.program import DULY, ServedProgram, environment, free_port

REFUSED = psycopg.OperationalError("connection refused\nIs the server running?")
UNKNOWN = psycopg.OperationalError('database "tasks" does not exist')


class Clock:
    """A clock that tests set, and a log of failures that goes by it."""

    def __init__(self) -> None:
        self.now = 100.0
        self.log = FailureLog(lambda: self.now)

    def fail(self, error: Exception = REFUSED, times: int = 1) -> None:
        for _ in range(times):
            self.log.note(error)


@pytest.fixture
def clock(caplog: pytest.LogCaptureFixture) -> Clock:
    caplog.set_level("WARNING")
    return Clock()


def told(caplog: pytest.LogCaptureFixture) -> list[tuple[Any, Any]]:
    lines = [vars(record) for record in caplog.records]
    caplog.clear()
    return [(line["reason"], line["failures"]) for line in lines]


def test_a_reason_is_told_at_once_then_once_a_minute_with_a_count(
    clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    clock.fail(times=50)
    assert told(caplog) == [("connection refused", 1)]
    clock.now += 59
    clock.fail(times=10)
    assert told(caplog) == []
    clock.now += 1
    clock.fail()
    assert told(caplog) == [("connection refused", 60)]


def test_another_reason_is_told_at_once_and_two_in_turn_fill_no_log(
    clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(20):
        clock.fail(REFUSED)
        clock.fail(UNKNOWN)
    assert told(caplog) == [("connection refused", 1), ('database "tasks" does not exist', 1)]


def test_after_a_success_the_same_reason_is_news_again(
    clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    clock.fail()
    clock.now += 10
    clock.log.note_success()
    clock.now += 1
    clock.fail()
    assert told(caplog) == [("connection refused", 1), ("connection refused", 1)]


def test_a_server_that_comes_and_goes_fills_no_log(
    clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(100):
        clock.fail()
        clock.now += 0.1
        clock.log.note_success()
    assert len(told(caplog)) == 2


def test_reasons_without_end_take_no_memory(clock: Clock, caplog: pytest.LogCaptureFixture) -> None:
    for number in range(1_000):
        clock.fail(psycopg.OperationalError(f"process {number} is gone"))
    assert len(told(caplog)) == 1_000
    assert len(clock.log._reasons) < 100  # noqa: SLF001 - what it remembers shows nowhere else


@pytest.fixture(params=["database", "port", "host"])
def mistaken(
    request: pytest.FixtureRequest, settings: Settings, cluster: EmbeddedServer, tmp_path: Path
) -> Iterator[tuple[str, ServedProgram]]:
    """`duly serve` in production with a mistake in its URL, and a word of the reason."""
    url, word = {
        "database": (make_url(cluster.url("no_such_database")), "does not exist"),
        "port": (make_url("postgresql://duly:hushhush@127.0.0.1:1/duly"), "refused"),
        "host": (make_url("postgresql://duly:hushhush@nowhere.invalid/duly"), "resolve"),
    }[request.param]
    secret = SecretStr(url.render_as_string(hide_password=False))
    port = free_port()
    variables = environment(settings.model_copy(update={"database_url": secret}))
    variables |= {"PORT": str(port), "WORKERS": "2"}
    with started(Program("duly", [DULY, "serve"], variables, tmp_path)) as program:
        yield word, ServedProgram(port, program)


def test_a_mistake_in_the_url_is_named_by_the_log_at_start_and_once_by_each_worker(
    mistaken: tuple[str, ServedProgram],
) -> None:
    word, program = mistaken
    assert word in program.find_log(event="database_unreachable")["reason"]
    program.find_log(event="serving")

    def tried() -> list[dict[str, Any]] | None:
        lines = [line for line in program.log() if line["event"] == "database_connection_failed"]
        return lines if len(lines) >= 2 else None

    lines = program.wait_for(tried)
    assert all(word in line["reason"] for line in lines)
    assert max(Counter(line["reason"] for line in lines).values()) <= 2
    assert "hushhush" not in json.dumps(program.output())
