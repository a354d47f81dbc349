"""The state of the key sets, in `/readyz` and `/metrics`."""

import json
import math
import os
import re
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import httpx2
import pytest

from backend.config import Settings
from backend.security.signing import Issuer
from backend.tests.support import program as programs
from backend.tests.support.key_server import KeyServer
from backend.tests.support.people import NO_TLS
from backend.tests.support.program import ServedProgram
from backend.tests.support.service import Service

_SAMPLE = re.compile(r'^(duly_key\w+)\{issuer="([^"]+)"\} (\S+)$', re.MULTILINE)
_ISSUER = "https://preview.example.com"

Gauges = dict[tuple[str, str], float]
Found = TypeVar("Found")


@pytest.fixture
def source() -> Iterator[KeyServer]:
    with KeyServer(Issuer.generate(), Issuer.generate()) as server:
        yield server


@pytest.fixture
def preview() -> Iterator[KeyServer]:
    with KeyServer(Issuer.generate()) as server:
        yield server


def entry(preview: KeyServer) -> dict[str, str]:
    """The issuer `preview`, as `AUTH_ISSUERS` has it."""
    return {"name": "preview", "issuer": _ISSUER, "audience": "duly", "jwks_url": preview.url}


@pytest.fixture
def both(settings: Settings, source: KeyServer, preview: KeyServer) -> Settings:
    """The settings with a main issuer of two keys, and the issuer `preview` of one."""
    changes = {"auth_jwks_url": source.url, "auth_issuers": [entry(preview)]}
    return Settings(_env_file=None, **{**dict(settings), **changes})


def get(url: str, path: str) -> httpx2.Response:
    with httpx2.Client(base_url=url, verify=NO_TLS, trust_env=False, timeout=60) as client:
        return client.get(path)


def key_sets(service: Service) -> dict[str, Any]:
    found: dict[str, Any] = get(service.url, "/readyz").json()["key_sets"]
    return found


def samples(url: str, path: str = "/metrics") -> Gauges:
    text = get(url, path).text
    return {(name, issuer): float(value) for name, issuer, value in _SAMPLE.findall(text)}


def soon(find: Callable[[], Found | None]) -> Found:
    """What `find` finds, as soon as it does."""
    deadline = time.monotonic() + 60
    while (found := find()) is None:
        assert time.monotonic() < deadline, "it never came"
        time.sleep(0.02)
    return found


def test_readiness_tells_each_key_set(both: Settings) -> None:
    with Service(both) as service:
        found = key_sets(service)
    assert {name: (each["keys"], each["error"]) for name, each in found.items()} == {
        "main": (2, None),
        "preview": (1, None),
    }
    assert all(0 <= each["age"] < 60 for each in found.values())


def test_the_main_issuers_keys_are_needed_to_be_ready(both: Settings, source: KeyServer) -> None:
    source.mode = "down"
    with Service(both) as service:
        answer = get(service.url, "/readyz")
    assert answer.status_code == 503
    assert (answer.json()["ready"], answer.json()["keys"]) == (False, False)
    main, preview = answer.json()["key_sets"].values()
    assert main == {"keys": 0, "age": None, "error": "status_503"}
    assert preview["keys"] == 1


def test_another_issuer_without_keys_is_told_and_takes_nobody_out(
    both: Settings, preview: KeyServer
) -> None:
    preview.mode = "drop"
    with Service(both) as service:
        answer = get(service.url, "/readyz")
    assert answer.status_code == 200
    assert (answer.json()["ready"], answer.json()["keys"]) == (True, True)
    assert answer.json()["key_sets"]["preview"]["error"] == "unreachable"


def test_readiness_shows_neither_urls_nor_names_of_keys(both: Settings, source: KeyServer) -> None:
    with Service(both) as service:
        text = get(service.url, "/readyz").text
    assert source.url not in text
    assert str(source.issuers[0].kid) not in text


def test_metrics_tell_each_key_set(
    settings: Settings, source: KeyServer, preview: KeyServer, tmp_path: Path
) -> None:
    """Of a process of its own: services that share one share its metrics."""
    preview.mode = "down"
    issuers = {"AUTH_JWKS_URL": source.url, "AUTH_ISSUERS": json.dumps([entry(preview)])}
    with programs.serve(settings, tmp_path, WORKERS="1", **issuers) as service:
        found = soon(lambda: samples(service.url) or None)
        assert found["duly_keys", "main"] == 2
        assert 0 <= found["duly_key_set_age_seconds", "main"] < 60
        assert found["duly_keys", "preview"] == 0
        assert math.isinf(found["duly_key_set_age_seconds", "preview"])
        # The source of the preview is tried again and again, the other one's is content.
        before = found["duly_key_set_fetches_total", "preview"]
        soon(lambda: samples(service.url)["duly_key_set_fetches_total", "preview"] > before or None)
        after = samples(service.url)
    name = ("duly_key_set_fetches_total", "main")
    assert after[name] == found[name]


# With several workers


@pytest.fixture
def served(
    settings: Settings, source: KeyServer, tmp_path: Path
) -> Iterator[tuple[ServedProgram, int]]:
    """`duly serve` with two workers, and the port of its metrics."""
    port = programs.free_port()
    changes = {"AUTH_JWKS_URL": source.url, "METRICS_PORT": str(port)}
    with programs.serve(settings, tmp_path, **changes) as program:
        yield program, port


def test_one_number_stands_for_all_workers(
    served: tuple[ServedProgram, int], source: KeyServer
) -> None:
    url = f"http://127.0.0.1:{served[1]}"
    fetches = ("duly_key_set_fetches_total", "main")
    found = soon(lambda: all_there if (all_there := samples(url)).get(fetches) == 2 else None)
    assert set(found) == {
        ("duly_keys", "main"),
        ("duly_key_set_age_seconds", "main"),
        fetches,
    }
    assert found["duly_keys", "main"] == 2
    assert 0 <= found["duly_key_set_age_seconds", "main"] < 60
    assert source.requests == 2


def test_killed_workers_leave_their_fetches_and_nothing_else(
    served: tuple[ServedProgram, int], source: KeyServer
) -> None:
    program, port = served
    fetches = ("duly_key_set_fetches_total", "main")

    def fetched(times: int) -> Gauges:
        def find() -> Gauges | None:
            found = samples(f"http://127.0.0.1:{port}")
            return found if found.get(fetches) == times else None

        return soon(find)

    assert fetched(2)["duly_keys", "main"] == 2
    source.rotate(keep=True)  # three keys from now on; only new workers know
    for number, worker in enumerate(workers(program), 1):
        os.kill(worker, signal.SIGKILL)
        fetched(2 + number)
    # The fewest keys of any worker that lives: those of the dead would be two.
    assert fetched(4)["duly_keys", "main"] == 3


def workers(program: ServedProgram) -> list[int]:
    """The processes that serve the API."""
    children = Path(f"/proc/{program.pid}/task/{program.pid}/children").read_text().split()
    return [int(each) for each in children if comm(each) == "duly-worker"]


def comm(process: str) -> str:
    return Path(f"/proc/{process}/comm").read_text().strip()
