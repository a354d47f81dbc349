"""More than a minute between two requests: nginx sends the second over the same connection."""

import time
from pathlib import Path

import httpx2
import psutil
import pytest

from backend.config import Settings
from backend.security.signing import Issuer
from backend.tests.support.fronts import nginx
from backend.tests.support.people import Person
from backend.tests.support.program import serve

pytestmark = pytest.mark.e2e

PAUSE = 68.0  # seconds; nginx keeps its connections to Duly for 70, and Duly for 75


def test_a_write_after_a_long_pause_finds_its_connection(
    settings: Settings, issuer: Issuer, tmp_path: Path
) -> None:
    with (
        serve(settings, tmp_path, WORKERS="1") as duly,
        nginx(duly.port, tmp_path, {}) as proxy,
        httpx2.Client(base_url=proxy.url, verify=proxy.trust) as client,
    ):

        def connections() -> list[int]:
            """The ports from which nginx is connected to Duly."""
            every = psutil.Process(proxy.pid).net_connections("tcp4")
            return [
                each.laddr.port for each in every if each.raddr and each.raddr.port == duly.port
            ]

        alice = Person("alice", duly, issuer)
        headers = {"Authorization": f"Bearer {alice.token}"}
        seen = []
        for pause in (0.0, PAUSE):
            time.sleep(pause)
            answer = client.post("/api/tasks", json={"title": "a"}, headers=headers)
            assert answer.status_code == 201, answer.text
            seen.append(connections())
        assert len(seen[0]) == 1
        assert seen[0] == seen[1]
