"""What the doctor and the log say of Redis: a wrong password is not a dead host."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest
from pydantic import SecretStr

from backend.config import Settings
from backend.doctor.finding import Finding
from backend.doctor.redis import examine_redis
from backend.security.signing import Issuer
from backend.tests.support.people import NO_TLS, Person
from backend.tests.support.processes import Program, started
from backend.tests.support.program import free_port, serve

REDIS = shutil.which("redis-server")

pytestmark = pytest.mark.skipif(REDIS is None, reason="there is no redis-server")


@contextmanager
def redis(directory: Path) -> Iterator[str]:
    """The host and port of a Redis whose password is `hush`; `limited` may not count."""
    port = free_port()
    lines = [f"port {port}", "bind 127.0.0.1", 'save ""', f'dir "{directory}"', "requirepass hush"]
    limits = "user limited on >hush ~* +ping +client +hello"
    (directory / "redis.conf").write_text("\n".join([*lines, limits]))
    program = Program("redis", [str(REDIS), str(directory / "redis.conf")], {}, directory)
    with started(program):
        program.wait_for(lambda: "Ready to accept connections" in program.output() or None)
        yield f"127.0.0.1:{port}"


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with redis(tmp_path_factory.mktemp("redis")) as running:
        yield running


def find(url: str, **values: Any) -> Finding:
    return examine_redis(Settings(_env_file=None, redis_url=SecretStr(url), **values))


def test_one_that_counts_is_good(place: str) -> None:
    found = find(f"redis://:hush@{place}/0")
    assert (found.verdict, found.check) == ("ok", "redis")


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("redis://:wrong@{place}", "AuthenticationError: invalid username-password pair"),
        ("redis://{place}", "AuthenticationError: HELLO must"),
        ("redis://limited:hush@{place}", "NoPermissionError"),
        ("redis://:hush@127.0.0.1:1", "ConnectionError: Error 111 connecting to 127.0.0.1:1"),
        ("redis://:hush@nowhere.invalid", "ConnectionError: Error -"),
        ("redis://:hush@{place}/99", "DB index is out of range"),
    ],
)
def test_one_that_cannot_be_used_is_told_with_the_reason(url: str, words: str, place: str) -> None:
    found = find(url.format(place=place))
    assert found.verdict == "warn"
    assert words in found.detail
    assert "REDIS_URL" in found.remedy
    assert "hush" not in str(found)
    assert "wrong" not in str(found)


def test_one_that_nobody_asks_is_told() -> None:
    assert "RATE_LIMIT is off" in find("redis://127.0.0.1:1", rate_limit="off").detail


def test_the_log_says_the_same(
    place: str, settings: Settings, issuer: Issuer, tmp_path: Path
) -> None:
    changes = {"RATE_LIMIT": "20/day", "REDIS_URL": f"redis://:wrong@{place}"}
    with serve(settings, tmp_path, **changes) as program:
        alice = Person("alice", program, issuer)
        with httpx2.Client(verify=NO_TLS, trust_env=False, timeout=60) as client:
            url = f"{program.url}/api/auth/me"
            assert client.get(url, headers=dict(alice.client.headers)).status_code == 200
        alice.client.close()
        said = program.find_log(event="rate_limits_in_memory")["reason"]
    assert said.startswith("AuthenticationError: invalid username-password pair")
