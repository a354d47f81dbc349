"""A burst of refusals is one event of the log, which names nobody and holds no content."""

from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from backend.config import Settings
from backend.core.ids import new_id
from backend.observability.security_events import BURST, WINDOW, SecurityEvents
from backend.security.signing import Issuer
from backend.tests.support.people import Person
from backend.tests.support.program import ServedProgram, serve


@pytest.fixture
def watched(settings: Settings, tmp_path: Path) -> Iterator[ServedProgram]:
    """One worker, since each counts for itself; a burst is over only after a minute."""
    changes = {"WORKERS": "1", "RATE_LIMIT": "300/day", "TRUSTED_PROXIES": "127.0.0.1"}
    with serve(settings, tmp_path, **changes) as running:
        yield running


def events(program: ServedProgram, kind: str) -> list[dict[str, Any]]:
    return [line for line in program.log() if line.get("kind") == kind]


Attack = Callable[[Person], int]
BY_USER: dict[str, tuple[int, Attack]] = {
    "wrong_user": (403, lambda alice: alice.client.get("/api/bob/tasks").status_code),
    "not_found": (404, lambda alice: alice.client.get(f"/api/tasks/{new_id()}").status_code),
}


def test_each_kind_of_burst_is_told_once(watched: ServedProgram, issuer: Issuer) -> None:
    alice = Person("alice", watched, issuer)
    for kind, (status, attack) in BY_USER.items():
        for _ in range(BURST[kind] - 1):
            assert attack(alice) == status
        assert events(watched, kind) == []
        for _ in range(10):
            assert attack(alice) == status
    while alice.client.get("/api/auth/me").status_code != 429:
        pass
    for _ in range(BURST["rate_limited"] + 10):
        assert alice.client.get("/api/auth/me").status_code == 429
    for _ in range(BURST["invalid_token"] + 10):
        headers = {"Authorization": "Bearer x.y.z", "X-Forwarded-For": "203.0.113.9"}
        assert alice.client.get("/api/tasks", headers=headers).status_code == 401
    last = alice.client.get("/livez").headers["x-request-id"]
    alice.client.close()
    watched.find_log(request_id=last)
    user = sha256(alice.subject.encode()).hexdigest()[:16]
    for kind in (*BY_USER, "rate_limited", "invalid_token"):
        [event] = events(watched, kind)
        assert (event["event"], event["count"]) == ("security_event", BURST[kind])
        who = {"address": "203.0.113.9"} if kind == "invalid_token" else {"user": user}
        assert who.items() <= event.items()
    assert alice.subject not in watched.output()


def test_a_burst_that_goes_on_is_one_and_another_one_after_a_quiet_minute_is_another(
    caplog: pytest.LogCaptureFixture,
) -> None:
    now = 0.0
    watching = SecurityEvents(lambda: now)
    for _ in range(2):
        for _ in range(3 * BURST["not_found"]):
            watching.note("not_found", user="alice")
            watching.note("not_found", user=f"bob {now}")
            now += WINDOW / 2
        now += 2 * WINDOW
    told = [record.__dict__["user"] for record in caplog.records]
    assert told == [sha256(b"alice").hexdigest()[:16]] * 2


def test_a_million_made_up_addresses_take_little_memory() -> None:
    watching = SecurityEvents()
    for number in range(100_000):
        watching.note("invalid_token", address=str(number))
    assert len(watching._bursts) == 10_000  # noqa: SLF001 - memory is what it is about
