"""Minutes between two requests: the connection that nginx kept is still there."""

import time
from pathlib import Path

import httpx2
import pytest

from backend.config import Settings
from backend.security.signing import Issuer
from backend.tests.support.nginx import PROGRAM, nginx
from backend.tests.support.people import Person
from backend.tests.support.program import serve

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(PROGRAM is None, reason="nginx is not installed"),
]

PAUSE = 68.0  # seconds; nginx keeps its connections to Duly for 70, and Duly for 75


def test_a_write_after_70_s_finds_its_connection(
    settings: Settings, issuer: Issuer, tmp_path: Path
) -> None:
    with (
        serve(settings, tmp_path, WORKERS="1") as duly,
        nginx(duly.port, tmp_path) as proxy,
        httpx2.Client(base_url=proxy.url, verify=proxy.trust) as client,
    ):
        alice = Person("alice", duly, issuer)
        headers = {"Authorization": f"Bearer {alice.token}"}
        for pause in (0.0, PAUSE):
            time.sleep(pause)
            answer = client.post("/api/tasks", json={"title": "a"}, headers=headers)
            assert answer.status_code == 201, answer.text
        assert "prematurely closed" not in proxy.log.read_text()
