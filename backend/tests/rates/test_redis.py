"""Counters in Redis: instances share them, and go on without it."""

import shutil
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx2
import pytest

from backend.config import Settings
from backend.security.signing import Issuer
from backend.tests.support.people import NO_TLS, Person
from backend.tests.support.processes import Program, started
from backend.tests.support.program import ServedProgram, free_port, serve

REDIS = shutil.which("redis-server")
LIMIT = 20

pytestmark = pytest.mark.skipif(REDIS is None, reason="there is no redis-server")


@contextmanager
def redis(directory: Path, port: int) -> Iterator[Program]:
    """A Redis that keeps nothing."""
    options = ["--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(directory)]
    program = Program("redis", [str(REDIS), *options], {}, directory)
    with started(program):
        program.wait_for(lambda: "Ready to accept connections" in program.output() or None)
        yield program


def ask(url: str, person: Person) -> httpx2.Response:
    with httpx2.Client(verify=NO_TLS, trust_env=False, timeout=60) as client:
        return client.get(f"{url}/api/auth/me", headers=dict(person.client.headers))


def test_instances_count_together_and_each_alone_while_redis_is_away(
    settings: Settings, issuer: Issuer, tmp_path: Path
) -> None:
    port = free_port()
    changes = {
        "RATE_LIMIT": f"{LIMIT}/day",
        "REDIS_URL": f"redis://127.0.0.1:{port}/0",
        "WORKERS": "1",
    }
    (tmp_path / "other").mkdir()
    with (
        serve(settings, tmp_path, **changes) as one,
        serve(settings, tmp_path / "other", **changes) as other,
    ):
        alice, bob, charlie = (Person(name, one, issuer) for name in ("alice", "bob", "charlie"))
        with redis(tmp_path, port):
            one.wait_for(lambda: ask(one.url, bob).headers.get("ratelimit") is None or None)
            other.wait_for(lambda: ask(other.url, bob).headers.get("ratelimit") is None or None)
            answers = [ask((one, other)[n % 2].url, alice) for n in range(LIMIT + 4)]
            assert [answer.status_code for answer in answers] == [200] * LIMIT + [429] * 4
            assert int(answers[-1].headers["retry-after"]) > 0
            assert answers[-1].headers["ratelimit"].startswith('"per-86400s";r=0;t=')
            before = [warnings(program) for program in (one, other)]
        alone = [ask(one.url, charlie) for _ in range(LIMIT + 4)]
        assert [answer.status_code for answer in alone] == [200] * LIMIT + [429] * 4
        assert ask(other.url, charlie).status_code == 200
        for program, earlier in zip((one, other), before, strict=True):
            program.find_log(event="rate_limits_in_memory")
            assert warnings(program) == earlier + 1
        with redis(tmp_path, port):
            one.wait_for(lambda: ask(one.url, bob).headers.get("ratelimit") is None or None)
            one.find_log(event="rate_limits_in_redis")
        for person in (alice, bob, charlie):
            person.client.close()


def test_a_redis_that_hears_and_says_nothing_keeps_nobody_waiting_for_long(
    settings: Settings, issuer: Issuer, tmp_path: Path
) -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=100) as silent:
        url = f"redis://127.0.0.1:{silent.getsockname()[1]}"
        with serve(settings, tmp_path, RATE_LIMIT=f"{LIMIT}/day", REDIS_URL=url) as program:
            alice = Person("alice", program, issuer)
            answers = [ask(program.url, alice) for _ in range(LIMIT + 1)]
            alice.client.close()
            assert connections(silent) < len(answers)  # most did not wait for it
        assert {answer.status_code for answer in answers[:-1]} == {200}
        assert answers[-1].status_code == 429


def connections(server: socket.socket) -> int:
    """How many have come that nobody has accepted."""
    server.setblocking(False)  # noqa: FBT003 - as the standard library has it
    found = 0
    with suppress(BlockingIOError):
        while True:
            server.accept()[0].close()
            found += 1
    return found


def warnings(program: ServedProgram) -> int:
    """How often it has said that Redis does not answer."""
    return sum(line["event"] == "rate_limits_in_memory" for line in program.log())
